"""Work that has to be over by a certain time, though a call inside it may hang."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

THREAD: Final = "deadline"


class OutOfTimeError(Exception):
    """The work was not over in time."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what the work returns.

    It runs in a thread of its own. Work that is not over in time goes on there, unheard, until it ends or the process
    does: Python can end no thread, so it must do no harm that way.

    Args:
        seconds: after which it is given up. Without any the work is not even begun.

    Raises:
        OutOfTimeError: it was not over in time.
        BaseException: what the work raises.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # whoever waits is to have it, whatever it is
            errors.append(error)

    thread = threading.Thread(target=run, name=THREAD, daemon=True)
    if seconds > 0:
        thread.start()
        thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise OutOfTimeError(f"not over within {max(seconds, 0):.0f} s")
    return results[0]
