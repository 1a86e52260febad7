"""An account in which nothing is but stacks and what a test puts there."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from lambdas.teardown.aws import Aws

Change = Callable[[dict[str, Any]], None]


def refusal(code: str, message: str = "", operation: str = "Delete") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Nothing:
    """A service in which nothing is; ``refuses`` has operations that AWS refuses, ``answers`` what others answer."""

    def __init__(self) -> None:
        self.refuses: dict[str, ClientError] = {}
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def can_paginate(self, _operation: str) -> bool:
        return False

    def __getattr__(self, operation: str) -> Any:
        def call(**kwargs: Any) -> Any:
            self.asked.append((operation, kwargs))
            if operation in self.refuses:
                raise self.refuses[operation]
            answer = self.answers.get(operation, {})
            return answer(**kwargs) if callable(answer) else answer

        return call


class FakeStack:
    """A stack. ``on_delete`` says what becomes of it when it is asked to go; by default it is gone."""

    def __init__(
        self,
        name: str,
        *resources: tuple[str, str, str],
        status: str = "CREATE_COMPLETE",
        reads: tuple[str, ...] = (),
        on_delete: Change | None = None,
    ) -> None:
        self.on_delete = on_delete or _gone
        self.told: dict[str, Any] = {
            "StackName": name,
            "StackId": f"arn:aws:cloudformation:us-east-1:1:stack/{name}/1",
            "StackStatus": status,
        }
        self.resources: list[dict[str, Any]] = [
            {"LogicalResourceId": one, "ResourceType": type_, "PhysicalResourceId": id_, "ResourceStatus": status}
            for one, type_, id_ in resources
        ]
        parameters = {
            f"P{number}": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": name}
            for number, name in enumerate(reads)
        }
        self.template: dict[str, Any] = {"Parameters": parameters, "Resources": {}}


def _gone(told: dict[str, Any]) -> None:
    told["StackStatus"] = "DELETE_COMPLETE"


class FakeCloudFormation(Nothing):
    """Stacks, and in which order they were asked to go."""

    def __init__(self, *stacks: FakeStack) -> None:
        super().__init__()
        self.stacks = list(stacks)
        self.deleted: list[tuple[str, list[str]]] = []
        self.answers = {
            "list_stacks": lambda **_: {"StackSummaries": [one.told for one in self.stacks]},
            "list_stack_resources": lambda **asked: {"StackResourceSummaries": self._one(asked["StackName"]).resources},
            "get_template": lambda **asked: {"TemplateBody": self._one(asked["StackName"]).template},
            "delete_stack": self._delete,
        }

    def _one(self, id_: str) -> FakeStack:
        return next(one for one in self.stacks if one.told["StackId"] == id_)

    def _delete(self, *, StackName: str, RetainResources: list[str] | None = None) -> dict[str, Any]:  # noqa: N803
        stack = self._one(StackName)
        self.deleted.append((stack.told["StackName"], RetainResources or []))
        stack.resources = [one for one in stack.resources if one["LogicalResourceId"] not in (RetainResources or [])]
        stack.on_delete(stack.told)
        if stack.told["StackStatus"] == "DELETE_COMPLETE":
            stack.resources = []
        return {}


def account(cloudformation: FakeCloudFormation | None = None, **services: Any) -> Aws:
    """Return the account of dev."""
    nothing = Nothing()
    clients: Mapping[str, Any] = {"cloudformation": cloudformation or FakeCloudFormation(), **services}
    return Aws(
        environment="dev", region="us-east-1", clients=lambda service: clients.get(service, nothing), account="1"
    )


class Hourglass:
    """Time that passes by sleeping, and by a second with every look at it."""

    def __init__(self, seconds: float = 3600.0) -> None:
        self.seconds = seconds

    def left(self) -> float:
        self.seconds -= 1
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds -= seconds
