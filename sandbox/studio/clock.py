"""The clock of Studio's states: the real time and what a test has moved it by."""

from __future__ import annotations

import threading
import time

_lock = threading.Lock()
_ahead = 0.0


def now() -> float:
    """The time as Studio sees it, in seconds since the epoch."""
    with _lock:
        return time.time() + _ahead


def advance(seconds: float) -> None:
    """Move the clock forward.

    Raises:
        ValueError: the seconds are fewer than none.
    """
    global _ahead
    if not seconds >= 0:
        raise ValueError(f"a clock goes forward only, got {seconds}")
    with _lock:
        _ahead += seconds


def reset() -> None:
    """Go back to the real time."""
    global _ahead
    with _lock:
        _ahead = 0.0
