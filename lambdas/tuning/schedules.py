"""The end of provisioned throughput: a schedule per throughput, in the environment's tagged group.

It starts the state machine that has the alias fall back, waits until nobody calls the model any more, and deletes it.
The schedule is made before the throughput is, so that none is ever without an end, and goes when it has fired.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.tuning import names

# A start that fails is tried again for a day.
RETRIES: Final[Mapping[str, int]] = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}


class Scheduler(Protocol):
    """The calls of EventBridge Scheduler that are made, with its own shapes."""

    def create_schedule(self, **kwargs: Any) -> Any: ...
    def get_schedule(self, **kwargs: Any) -> Any: ...
    def update_schedule(self, **kwargs: Any) -> Any: ...
    def delete_schedule(self, **kwargs: Any) -> Any: ...
    def list_schedules(self, **kwargs: Any) -> Any: ...


class NoScheduleError(Exception):
    """The throughput has no schedule: it is ending, or has ended."""


@dataclass(frozen=True, kw_only=True)
class Schedules:
    """The schedules of one environment."""

    environment: str
    scheduler: Scheduler

    def create(
        self, *, throughput: str, alias: str, run: str, until: datetime, removal_arn: str, role_arn: str
    ) -> None:
        """Have a throughput end; that it is to end already is success, and its time stays.

        Args:
            throughput: its name.
            until: when the alias falls back; the throughput goes soon after.
            removal_arn: the state machine that ends it, started with {"end": {"throughput", "alias", "run"}}.
            role_arn: may start it.
        """
        said = names.ending(throughput=throughput, alias=alias, run=run)
        target = {"Arn": removal_arn, "RoleArn": role_arn, "Input": said, "RetryPolicy": dict(RETRIES)}
        try:
            self.scheduler.create_schedule(
                Name=names.schedule_name(throughput),
                GroupName=names.schedule_group(self.environment),
                Description=f"Ends the provisioned throughput {throughput}",
                ScheduleExpression=_at(until),
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target=target,
            )
        except ClientError as error:
            if code_of(error) != "ConflictException":
                raise

    def move(self, *, throughput: str, until: datetime) -> None:
        """Have it end at another time.

        Raises:
            NoScheduleError: it is ending, or has ended.
        """
        named = {"Name": names.schedule_name(throughput), "GroupName": names.schedule_group(self.environment)}
        kept = ("Description", "FlexibleTimeWindow", "ActionAfterCompletion", "Target", "ScheduleExpressionTimezone")
        try:
            there = self.scheduler.get_schedule(**named)
            self.scheduler.update_schedule(
                **named, ScheduleExpression=_at(until), **{name: there[name] for name in kept if name in there}
            )
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                raise NoScheduleError(f"{throughput} has no schedule any more: it is ending, or has ended.") from error
            raise

    def delete(self, throughput: str) -> None:
        """Delete a throughput's schedule; that there is none is success."""
        self.delete_named(names.schedule_name(throughput))

    def delete_named(self, name: str) -> None:
        """Delete a schedule; that there is none is success."""
        try:
            self.scheduler.delete_schedule(Name=name, GroupName=names.schedule_group(self.environment))
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise

    def all(self) -> Iterator[str]:
        """Yield the schedules' names; none if the group is gone."""
        page: dict[str, Any] = {"GroupName": names.schedule_group(self.environment)}
        try:
            while True:
                reply = self.scheduler.list_schedules(**page)
                yield from (one["Name"] for one in reply.get("Schedules", []))
                if not reply.get("NextToken"):
                    return
                page["NextToken"] = reply["NextToken"]
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise


def _at(moment: datetime) -> str:
    return f"at({moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S})"
