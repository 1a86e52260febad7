"""A running sandbox with a role and state machines for tests."""

from __future__ import annotations

import itertools
import json
from typing import Any

from sandbox.connection import ACCOUNT, REGION, Connection
from tests.sandbox import servers
from tests.waiting import eventually


class Room:
    """Clients of a running sandbox, and state machines with a role."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._numbers = itertools.count()
        self.states, self.iam, self.s3 = self.client("stepfunctions"), self.client("iam"), self.client("s3")

    def client(self, service: str) -> Any:
        """A client of the administrator."""
        session = servers.session(self.connection)
        return session.client(service, endpoint_url=self.connection.aws_url, config=servers.ONE_ATTEMPT)  # type: ignore[call-overload]

    def role(self, name: str, *allowed: tuple[str, str], service: str = "states") -> str:
        """A role that a service may assume, with these actions on these resources."""
        trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
        statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in allowed]
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
            self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return str(role["Arn"])

    def machine(self, name: str, definition: dict[str, Any], *allowed: tuple[str, str]) -> str:
        """A state machine with a name of its own, whose role may do these things."""
        own = f"{name}-{next(self._numbers)}"
        role = self.role(f"{own}-role", *allowed)
        made = self.states.create_state_machine(name=own, definition=json.dumps(definition), roleArn=role)
        return str(made["stateMachineArn"])

    def start(self, machine: str, given: object = None) -> str:
        """Start an execution and return its ARN."""
        started = self.states.start_execution(stateMachineArn=machine, input=json.dumps(given or {}))
        return str(started["executionArn"])

    def outcome(self, execution: str) -> dict[str, Any]:
        """An execution when it is over."""

        def over() -> dict[str, Any] | None:
            shown: dict[str, Any] = self.states.describe_execution(executionArn=execution)
            return None if shown["status"] == "RUNNING" else shown

        return eventually(over)

    def run(self, name: str, definition: dict[str, Any], *allowed: tuple[str, str], given: object = None) -> Any:
        """Run a state machine of this name once: its output, or ``Error: Cause``."""
        shown = self.outcome(self.start(self.machine(name, definition, *allowed), given))
        if shown["status"] == "SUCCEEDED":
            return json.loads(shown["output"])
        return f"{shown.get('error')}: {shown.get('cause')}"


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    """A state machine of one task."""
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return {"StartAt": "Do", "States": {"Do": state}}


def sdk(name: str) -> str:
    """The resource of an operation."""
    return f"arn:aws:states:::aws-sdk:{name}"


def machine_arn(name: str) -> str:
    """The ARN of a state machine of that name."""
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"
