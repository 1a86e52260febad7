"""The record of what was asked of a service of the sandbox's own, CloudFormation's requests among it, in order."""

from __future__ import annotations

import threading
from collections import deque

from sandbox.model.errors import Json

# What a class of a hundred needs to come and go, many times.
_KEPT = 20_000


class CallRecord:
    """The newest 20,000 requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Json] = deque(maxlen=_KEPT)

    def add(self, operation: str, request: Json, *, error: str | None = None) -> None:
        """Record a request that was answered; ``error`` is the code, if it was refused."""
        with self._lock:
            self._calls.append({"operation": operation, "request": request, "error": error})

    def state(self) -> list[Json]:
        """The requests, the oldest of them first: ``{"operation", "request", "error": code or null}``."""
        with self._lock:
            return list(self._calls)

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._calls.clear()
