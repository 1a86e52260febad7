"""The record of what was asked of tuning, in order."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from sandbox.model.errors import Json

# What many runs ask for, with their polls.
_KEPT = 20_000

_lock = threading.Lock()
_calls: deque[Json] = deque(maxlen=_KEPT)


def add(operation: str, request: Json, *, error: str | None = None) -> None:
    """Record a request that was answered; ``error`` is the code, if it was refused."""
    with _lock:
        _calls.append({"operation": operation, "request": request, "error": error})


def state() -> list[Json]:
    """The newest 20,000, the oldest of them first: ``{"operation", "request", "error": code or null}``."""
    with _lock:
        return list(_calls)


def forget(_document: Any = None) -> None:
    """Begin anew."""
    with _lock:
        _calls.clear()
