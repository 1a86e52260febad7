"""The calls of targets, tried again where they fail; ``GET /_sandbox/scheduler`` lists the last of them."""

from __future__ import annotations

import contextvars
import json
import logging
import time
import uuid
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import request_scope

from sandbox import clock, control
from sandbox.scheduler import targets

PREFIX = "/_sandbox/scheduler"
# Scheduler's own, where a schedule says nothing. Source: API reference, RetryPolicy.
_ATTEMPTS = 185
_AGE_SECONDS = 86_400
_LONGEST_WAIT = 60.0

_logger = logging.getLogger(__name__)
_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="schedule")
_listed: deque[dict[str, Any]] = deque(maxlen=200)


@dataclass(frozen=True)
class Invocation:
    """One firing of a schedule.

    Attributes:
        at: when it was due, by the clock that is moved (seconds since the epoch).
        begun: when it was fired, by that clock.
        attempt: the how manieth try it is.
        due: when it is tried, by the real time.
    """

    account: str
    region: str
    schedule: dict[str, Any]
    at: float
    begun: float = field(default_factory=clock.now)
    attempt: int = 1
    due: float = 0.0

    @property
    def text(self) -> str:
        """What the target is given."""
        arn, moment = self.schedule["Arn"], _iso(self.at)
        told = self.schedule["Target"].get("Input")
        if told is None:
            default = {"version": "0", "id": str(uuid.uuid4()), "detail-type": "Scheduled Event", "detail": "{}"}
            where = {"account": self.account, "time": moment, "region": self.region, "resources": [arn]}
            return json.dumps({**default, "source": "aws.scheduler", **where})
        for name, value in {
            "schedule-arn": arn,
            "scheduled-time": moment,
            "execution-id": str(uuid.uuid4()),
            "attempt-number": str(self.attempt),
        }.items():
            told = told.replace(f"<aws.scheduler.{name}>", value)
        return str(told)

    def again(self) -> Invocation | None:
        """Return the next try, or None if this was the last."""
        policy = self.schedule["Target"].get("RetryPolicy") or {}
        age = clock.now() - self.begun
        if self.attempt > policy.get("MaximumRetryAttempts", _ATTEMPTS):
            return None
        if age > policy.get("MaximumEventAgeInSeconds", _AGE_SECONDS):
            return None
        return replace(self, attempt=self.attempt + 1, due=time.time() + min(_LONGEST_WAIT, 2.0**self.attempt))


_waiting: list[Invocation] = []


def start(invocation: Invocation) -> None:
    """Call the target, in a thread of its own."""
    _pool.submit(contextvars.Context().run, _invoke, invocation)


def start_waiting() -> None:
    """Call those again whose wait is over."""
    now = time.time()
    for invocation in [one for one in _waiting if one.due <= now]:
        _waiting.remove(invocation)
        start(invocation)


def forget() -> None:
    """Forget what was called, and what would be called again."""
    _listed.clear()
    _waiting.clear()


def _invoke(invocation: Invocation) -> None:
    schedule, error = invocation.schedule, None
    with request_scope(invocation.account, invocation.region):
        try:
            targets.call(schedule["Target"], invocation.text, schedule_arn=schedule["Arn"])
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
            _logger.warning("schedule %s, attempt %d: %s", schedule["Arn"], invocation.attempt, error)
            again = invocation.again()
            if again is not None:
                _waiting.append(again)
            else:
                targets.send_to_dead_letters(schedule["Target"], invocation.text, error)
    _listed.append(
        {
            "schedule": schedule["Arn"],
            "target": schedule["Target"]["Arn"],
            "time": _iso(invocation.at),
            "attempt": invocation.attempt,
            "error": error,
        }
    )


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def handler(method: str, path: str, body: bytes, query: control.Query) -> control.Response:
    """Answer one control request: 200 with the calls, oldest first, or 405."""
    del path, body, query
    if method != "GET":
        return control.error_response(405, f"{method} is not supported; use GET", code="method")
    return control.json_response(200, list(_listed))
