"""Waiting for what happens soon, and looking at processes."""

import time
from collections.abc import Callable
from typing import TypeVar

from sandbox.process import start_time

Result = TypeVar("Result")


def eventually(look: Callable[[], Result], *, seconds: float = 15.0) -> Result:
    """The first true result of ``look``.

    Raises:
        AssertionError: there was none in time; the message has the last one.
    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"still {found!r} after {seconds} s"
        time.sleep(0.05)
    return found


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not collected does not."""
    return start_time(pid) is not None
