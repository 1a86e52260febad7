"""The clock of what takes its time here, and of what waits for a time: the real one, and what it was moved by.

Studio's and tuning's states go by it, EventBridge Scheduler, and Wait states. Functions and logs keep the real time.

``GET /_sandbox/clock`` tells it, ``POST`` with ``{"advance_seconds": N}`` moves it forward, ``DELETE`` sets it right.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

from sandbox import control

PREFIX = "/_sandbox/clock"

_changed = threading.Condition()
_ahead = 0.0
_LOOK_SECONDS = 0.25


def now() -> float:
    """The time here, in seconds since the epoch."""
    with _changed:
        return time.time() + _ahead


def advance(seconds: float) -> None:
    """Move the clock forward.

    Raises:
        ValueError: the seconds are fewer than none.
    """
    global _ahead
    if not seconds >= 0:
        raise ValueError(f"a clock goes forward only, got {seconds}")
    with _changed:
        _ahead += seconds
        _changed.notify_all()


def reset() -> None:
    """Go back to the real time."""
    global _ahead
    with _changed:
        _ahead = 0.0
        _changed.notify_all()


def wait_for_change(seconds: float) -> None:
    """Wait until the clock is moved, or so many seconds of the real time are over."""
    with _changed:
        _changed.wait(seconds)


def wait_until(moment: float, *, given_up: Callable[[], bool] = lambda: False) -> bool:
    """Wait until the clock shows ``moment``; return whether it does, or ``given_up`` said to wait no longer.

    ``given_up`` is asked several times a second.
    """
    with _changed:
        while not given_up():
            left = moment - (time.time() + _ahead)
            if left <= 0:
                return True
            _changed.wait(min(left, _LOOK_SECONDS))
    return False


async def handler(method: str, path: str, body: bytes, query: control.Query) -> control.Response:
    """Answer one control request: 200 with ``{"now": seconds}``, 204, or 400, 405 with ``{"error": ...}``."""
    del path, query
    if method == "DELETE":
        reset()
        return 204, {}, b""
    if method == "POST":
        try:
            advance(_seconds(json.loads(body)))
        except ValueError as error:
            return control.error_response(400, str(error), code="invalid")
    elif method != "GET":
        return control.error_response(405, f"{method} is not supported; use GET, POST or DELETE", code="method")
    return control.json_response(200, {"now": now()})


def _seconds(document: object) -> float:
    seconds = document.get("advance_seconds") if isinstance(document, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("the clock takes an object with 'advance_seconds', a number")
    return seconds


def install() -> None:
    """Answer below ``/_sandbox/clock``, and go back to the real time when the state is reset."""
    control.route(PREFIX)(handler)
    control.on_reset(reset)
