"""Work that has to be over by a certain time, though a call inside it may hang."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final, Self, TypeVar

T = TypeVar("T")

THREAD: Final = "deadline"


class OutOfTimeError(Exception):
    """The work was not over in time."""


class Deadline:
    """When something has to be over. It is handed down by who knows it: a request's, from the function's own time.

    Args:
        at: on the clock; infinity for never.
        clock: seconds from any start.
    """

    __slots__ = ("_at", "_clock")

    def __init__(self, at: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._at = at
        self._clock = clock

    @classmethod
    def after(cls, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> Self:
        """Return the deadline that is so many seconds from now."""
        return cls(clock() + seconds, clock=clock)

    @property
    def left(self) -> float:
        """Seconds until then; 0 or less once it is over."""
        return self._at - self._clock()

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return self.left <= 0

    def within(self, seconds: float) -> "Deadline":
        """Return the deadline that is so many seconds from now, this one if that is sooner."""
        return Deadline(min(self._at, self._clock() + seconds), clock=self._clock)


NEVER: Final = Deadline(math.inf)


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
