"""An EventBridge Scheduler, a CloudFormation and owners in memory, which behave as AWS's where the end relies on it."""

import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.lambdas import service_model


def refused(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message or code}}, "Operation")


@dataclass
class FakeScheduler:
    """Schedules by name, and the tags of what has any."""

    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def create_schedule(self, **kwargs: Any) -> Any:
        service_model.check("scheduler", "CreateSchedule", kwargs)
        assert kwargs["Name"] not in self.schedules
        self.schedules[kwargs["Name"]] = kwargs

    def update_schedule(self, **kwargs: Any) -> Any:
        service_model.check("scheduler", "UpdateSchedule", kwargs)
        self._existing(kwargs["Name"])
        self.schedules[kwargs["Name"]] = kwargs

    def delete_schedule(self, **kwargs: Any) -> Any:
        service_model.check("scheduler", "DeleteSchedule", kwargs)
        self._existing(kwargs["Name"])
        del self.schedules[kwargs["Name"]]

    def tag_resource(self, **kwargs: Any) -> Any:
        service_model.check("scheduler", "TagResource", kwargs)
        pairs = {tag["Key"]: tag["Value"] for tag in kwargs["Tags"]}
        self.tags.setdefault(kwargs["ResourceArn"], {}).update(pairs)

    def _existing(self, name: str) -> None:
        if name not in self.schedules:
            raise refused("ResourceNotFoundException")

    @property
    def times(self) -> dict[str, str]:
        """Name -> expression."""
        return {name: one["ScheduleExpression"] for name, one in self.schedules.items()}

    def input(self, name: str) -> dict[str, Any]:
        """What a schedule's target is given."""
        given: dict[str, Any] = json.loads(self.schedules[name]["Target"]["Input"])
        return given


@dataclass
class FakeStacks:
    """Stacks by name and status. Those that are being deleted are gone after so many looks.

    Attributes:
        fails: names of stacks whose deletion fails so many times.
        denied: names of stacks that nobody may delete.
        asked: the deletions that were asked for.
    """

    there: dict[str, str]
    looks: int = 1
    fails: dict[str, int] = field(default_factory=dict)
    denied: dict[str, ClientError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    _left: dict[str, int] = field(default_factory=dict)

    def delete_stack(self, **kwargs: Any) -> Any:
        service_model.check("cloudformation", "DeleteStack", kwargs)
        assert set(kwargs) == {"StackName"}, "no role, no resources that stay"
        name = kwargs["StackName"]
        if name in self.denied:
            raise self.denied[name]
        self.asked.append(name)
        if name in self.there:
            self.there[name], self._left[name] = "DELETE_IN_PROGRESS", self.looks

    def describe_stacks(self, **kwargs: Any) -> Any:
        service_model.check("cloudformation", "DescribeStacks", kwargs)
        name = kwargs["StackName"]
        if self.there.get(name) == "DELETE_IN_PROGRESS":
            self._left[name] -= 1
            if self._left[name] < 0 and self.fails.get(name, 0) > 0:
                self.fails[name] -= 1
                self.there[name] = "DELETE_FAILED"
            elif self._left[name] < 0:
                del self.there[name]
        if name not in self.there:
            raise refused("ValidationError", f"Stack with id {name} does not exist")
        return {"Stacks": [{"StackName": name, "StackStatus": self.there[name]}]}

    def describe_stack_events(self, **kwargs: Any) -> Any:
        service_model.check("cloudformation", "DescribeStackEvents", kwargs)
        stack = {"ResourceType": "AWS::CloudFormation::Stack", "LogicalResourceId": kwargs["StackName"]}
        bucket = {"ResourceType": "AWS::S3::Bucket", "LogicalResourceId": "Data", "ResourceStatus": "DELETE_FAILED"}
        return {
            "StackEvents": [
                {**stack, "ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "The following failed: [Data]"},
                {**bucket, "ResourceStatusReason": "The bucket you tried to delete is not empty"},
                {**stack, "ResourceStatus": "DELETE_IN_PROGRESS"},
                {**bucket, "ResourceStatusReason": "of a former try"},
            ]
        }
