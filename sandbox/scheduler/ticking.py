"""Fires the schedules that are due, by the clock that tests move."""

from __future__ import annotations

import copy
from typing import Any

from ministack.services import scheduler

from sandbox import clock
from sandbox.scheduler import expressions, invocations
from sandbox.scheduler.invocations import Invocation

# Between two looks.
SECONDS = 0.5

# Of a schedule as it was last changed: (when that was, when it is due; None for never again).
_due: dict[tuple[str, str, str], tuple[float, float | None]] = {}


def tick() -> None:
    """Fire what is due now, and try again what failed."""
    now = clock.now()
    schedules = scheduler._schedules._data
    for gone in _due.keys() - schedules.keys():
        del _due[gone]
    for key, schedule in list(schedules.items()):
        _look_at(key, schedule, now)
    invocations.start_waiting()


def forget() -> None:
    """Forget which were due when."""
    _due.clear()


def _look_at(key: tuple[str, str, str], schedule: dict[str, Any], now: float) -> None:
    start, end = (scheduler._to_epoch(schedule.get(name)) for name in ("StartDate", "EndDate"))
    expression, zone = schedule["ScheduleExpression"], schedule.get("ScheduleExpressionTimezone") or "UTC"
    modified = schedule["LastModificationDate"]
    if key not in _due or _due[key][0] != modified:
        _due[key] = (modified, expressions.next_time(expression, zone, after=max(modified, start or 0.0)))
    due = _due[key][1]
    completes = schedule.get("ActionAfterCompletion") == "DELETE"
    once = expressions.is_one_time(expression)
    if end is not None and now > end and not once:
        if completes:
            scheduler._schedules._data.pop(key, None)
        return
    if due is None or due > now or schedule.get("State") != "ENABLED":
        return
    account, region, _ = key
    invocations.start(Invocation(account=account, region=region, schedule=copy.deepcopy(schedule), at=due))
    _due[key] = (modified, None if once else _after(expression, zone, due, now))
    if once and completes:
        scheduler._schedules._data.pop(key, None)


def _after(expression: str, zone: str, due: float, now: float) -> float | None:
    """Return the next time; those that the clock has jumped over are left out."""
    following = expressions.next_time(expression, zone, after=due)
    return following if following is None or following > now else expressions.next_time(expression, zone, after=now)
