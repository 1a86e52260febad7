"""The schedules of an environment's end: one that begins it, and two that warn the owners, 24 hours and 1 hour before.

They are one-time schedules of EventBridge Scheduler that delete themselves, in a group that has the environment's tags
and one more, ``quarry:expires-at``, since schedules take no tags.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common import aws
from lambdas.common.aws_errors import code_of
from lambdas.expiry import duration
from lambdas.expiry.end import End
from lambdas.expiry.settings import FoundationSettings

END: Final = "end"
# Name of a warning -> how long before the end.
WARNINGS: Final = {"warn-24h": 24 * 3_600, "warn-1h": 3_600}
TAG: Final = "quarry:expires-at"
# A schedule in the past is not known to fire: what is over, or almost, begins after this.
SOONEST_SECONDS: Final = 5
READ_SECONDS: Final = 10.0


class Scheduler(Protocol):
    """The calls of EventBridge Scheduler that are made, with its own shapes."""

    def create_schedule(self, **kwargs: Any) -> Any: ...
    def update_schedule(self, **kwargs: Any) -> Any: ...
    def delete_schedule(self, **kwargs: Any) -> Any: ...
    def tag_resource(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Targets:
    """What schedules call.

    Attributes:
        group: name of the group that they are in.
        group_arn: its ARN.
        machine_arn: the state machine that ends the environment.
        keeper_arn: the function that warns; "" for who only has the end begun once more.
        role_arn: what Scheduler may do both with.
    """

    group: str
    group_arn: str
    machine_arn: str
    keeper_arn: str
    role_arn: str


class Schedules:
    """The schedules of one environment.

    Args:
        scheduler: EventBridge Scheduler's client.
        clock: seconds since the epoch.
    """

    def __init__(self, *, scheduler: Scheduler, targets: Targets, clock: Callable[[], float] = time.time) -> None:
        self._scheduler = scheduler
        self._targets = targets
        self._clock = clock

    def set(self, end: End) -> None:
        """Make the schedules those of this end, whatever they were. Doing it again changes nothing."""
        now = self._clock()
        self._put(END, max(end.ends_at, now + SOONEST_SECONDS), begin(end.ends_at), self._targets.machine_arn)
        for name, before in WARNINGS.items():
            at = end.ends_at - before
            if at > now + SOONEST_SECONDS:
                asked = {"action": "warn", "ends_at": end.ends_at, "before": before}
                self._put(name, at, asked, self._targets.keeper_arn)
            else:
                self._delete(name)
        tags = [{"Key": TAG, "Value": duration.iso(end.ends_at)}]
        self._scheduler.tag_resource(ResourceArn=self._targets.group_arn, Tags=tags)

    def again(self, *, ends_at: int, attempt: int, at: float) -> None:
        """Have the end begun once more."""
        self._put(END, at, begin(ends_at, attempt=attempt), self._targets.machine_arn)

    def remove(self) -> None:
        """Delete them all."""
        for name in (END, *WARNINGS):
            self._delete(name)

    def _put(self, name: str, at: float, asked: dict[str, Any], target: str) -> None:
        schedule = {
            "Name": name,
            "GroupName": self._targets.group,
            # UTC, where no time zone is given.
            "ScheduleExpression": f"at({duration.iso(at).removesuffix('Z')})",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {"Arn": target, "RoleArn": self._targets.role_arn, "Input": json.dumps(asked)},
        }
        try:
            self._scheduler.update_schedule(**schedule)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            self._scheduler.create_schedule(**schedule)

    def _delete(self, name: str) -> None:
        try:
            self._scheduler.delete_schedule(Name=name, GroupName=self._targets.group)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise


def begin(ends_at: int, *, attempt: int = 1) -> dict[str, Any]:
    """Return what the state machine is started with to end the environment."""
    return {"why": "expiry", "ends_at": ends_at, "attempt": attempt, "phase": "begin"}


def of_settings(settings: FoundationSettings, *, machine_arn: str, keeper_arn: str = "") -> Schedules | None:
    """Return the schedules of a function's settings; None where the environment never ends."""
    if not settings.group:
        return None
    targets = Targets(
        group=settings.group,
        group_arn=settings.group_arn,
        machine_arn=machine_arn,
        keeper_arn=keeper_arn,
        role_arn=settings.scheduler_role_arn,
    )
    return Schedules(scheduler=aws.client("scheduler", read_timeout=READ_SECONDS), targets=targets)
