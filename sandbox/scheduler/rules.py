"""What Scheduler refuses when a schedule is made or changed, which MiniStack takes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from ministack.services import scheduler

from sandbox import service_role
from sandbox.scheduler import expressions, targets

_NAME = re.compile(r"[0-9a-zA-Z-_.]{1,64}")
Response = tuple[int, dict[str, str], bytes]


@functools.cache
def install() -> None:
    """Put them before MiniStack's own. Doing it again changes nothing."""
    scheduler._create_schedule = _checked(scheduler._create_schedule)
    scheduler._update_schedule = _checked(scheduler._update_schedule)


def _checked(write: Callable[[str, dict[str, Any]], Response]) -> Callable[[str, dict[str, Any]], Response]:
    @functools.wraps(write)
    def writing(name: str, body: dict[str, Any]) -> Response:
        try:
            check(name, body)
        except ValueError as error:
            refused: Response = scheduler._error(400, "ValidationException", str(error))
            return refused
        return write(name, body)

    return writing


def check(name: str, body: dict[str, Any]) -> None:
    """Refuse what Scheduler refuses; what is missing is MiniStack's to refuse.

    Raises:
        ValueError: with the message.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"Value '{name}' at 'name' failed to satisfy constraint: [0-9a-zA-Z-_.]+, up to 64 of them")
    window = body.get("FlexibleTimeWindow") or {"Mode": "OFF"}
    flexible = window.get("Mode") == "FLEXIBLE"
    if not (flexible or window.get("Mode") == "OFF") or ("MaximumWindowInMinutes" in window) != flexible:
        raise ValueError("Invalid FlexibleTimeWindow: MaximumWindowInMinutes goes with the mode FLEXIBLE alone.")
    if body.get("ScheduleExpression"):
        expressions.check(body["ScheduleExpression"], body.get("ScheduleExpressionTimezone") or "UTC")
    target = body.get("Target") or {}
    if not target.get("Arn") or not target.get("RoleArn"):
        return
    targets.check(target["Arn"])
    group = scheduler._group_arn(body.get("GroupName") or "default")
    try:
        service_role.assume(target["RoleArn"], service="scheduler.amazonaws.com", session="scheduler", source_arn=group)
    except service_role.NotAuthorizedError:
        raise ValueError(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        ) from None
