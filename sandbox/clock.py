"""The clock of what takes its time here, and of what waits for a time: the real one, and what it was moved by.

Studio's and tuning's states go by it, and EventBridge Scheduler. Functions, state machines and logs keep the real time.

``GET /_sandbox/clock`` tells it, ``POST`` with ``{"advance_seconds": N}`` moves it forward, ``DELETE`` sets it right.
"""

from __future__ import annotations

import json
import threading
import time

from sandbox import control

PREFIX = "/_sandbox/clock"

_lock = threading.Lock()
_ahead = 0.0


def now() -> float:
    """The time here, in seconds since the epoch."""
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
