"""Waiting: tests wait for the event itself, not for a time in which it should have come."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

Result = TypeVar("Result")

PATIENCE: Final = 600.0
"""Seconds after which something is given up that would else be waited for for ever.

No machine that works is so slow: whoever runs into it has found a defect. Whatever a test waits for has this limit or
none; pytest's own (``timeout`` in pyproject.toml) is longer.
"""


def eventually(look: Callable[[], Result | None], *, every: float = 0.05) -> Result:
    """The first true result of ``look``.

    Args:
        every: seconds between two looks.

    Raises:
        AssertionError: there was none; the message has the last one.
    """
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"still {found!r} after {PATIENCE:.0f} s"
        time.sleep(every)
    return found
