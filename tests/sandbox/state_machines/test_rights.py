"""State machines' tasks and the rights of their role, in a MiniStack of this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import iam, stepfunctions

from sandbox import service_role, state_machines
from sandbox.resources import register

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:watch"
ROLE = "arn:aws:iam::000000000000:role/watcher"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:record"
AGENT = "arn:aws:states:::aws-sdk:bedrockagent:getIngestionJob"
NAMES = {"KnowledgeBaseId": "ABCDEFGHIJ", "DataSourceId": "ABCDEFGHIJ", "IngestionJobId": "ABCDEFGHIJ"}


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    register()
    state_machines.install()
    monkeypatch.setattr(service_role, "is_enforced", lambda: True)
    stepfunctions._state_machines[MACHINE] = {"name": "watch", "roleArn": ROLE}
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam._roles["watcher"] = {"Arn": ROLE, "AssumeRolePolicyDocument": json.dumps({"Statement": [trust]})}
    yield
    stepfunctions.reset()
    iam.reset()


def _allow(action: str, resource: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    iam._roles["watcher"]["InlinePolicies"] = {"p": json.dumps({"Statement": [statement]})}


def _run(resource: str, **parameters: Any) -> Any:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    execution = {"stateMachineArn": MACHINE, "events": [], "name": "one"}
    context = {"State": {"Name": "Do", "RetryCount": 0}, "QueryLanguage": "JSONPath", "variables": {}}
    return stepfunctions._execute_task(state, {}, execution, context)[0]


def _error(resource: str, **parameters: Any) -> str:
    with pytest.raises(stepfunctions._ExecutionError) as failed:
        _run(resource, **parameters)
    return f"{failed.value.error}: {failed.value.cause}"


@pytest.mark.parametrize(
    ("resource", "parameters", "error", "action", "arn"),
    [
        (
            "arn:aws:states:::lambda:invoke",
            {"FunctionName": FUNCTION},
            "Lambda.AWSLambdaException",
            "lambda:InvokeFunction",
            FUNCTION,
        ),
        (FUNCTION, {}, "Lambda.AWSLambdaException", "lambda:InvokeFunction", FUNCTION),
        (
            "arn:aws:states:::sns:publish",
            {"TopicArn": "arn:aws:sns:us-east-1:000000000000:alerts"},
            "SNS.AuthorizationErrorException",
            "sns:Publish",
            "arn:aws:sns:us-east-1:000000000000:alerts",
        ),
        (
            "arn:aws:states:::sqs:sendMessage",
            {"QueueUrl": "http://localhost/000000000000/work"},
            "SQS.AccessDeniedException",
            "sqs:SendMessage",
            "arn:aws:sqs:us-east-1:000000000000:work",
        ),
    ],
)
def test_a_task_needs_a_right_of_the_role(
    resource: str, parameters: dict[str, str], error: str, action: str, arn: str
) -> None:
    user = "User: arn:aws:sts::000000000000:assumed-role/watcher/watch"
    words = f"{error}: {user} is not authorized to perform: {action} on resource: {arn}"
    assert words in _error(resource, **parameters)

    _allow(action, f"{arn}x")
    assert words in _error(resource, **parameters)

    _allow(action, arn)
    assert "not authorized" not in _error(resource, **parameters)  # there is no such function, topic, queue or base


def test_the_role_must_trust_step_functions() -> None:
    iam._roles["watcher"]["AssumeRolePolicyDocument"] = json.dumps({"Statement": []})
    _allow("*", "*")

    assert f"states.amazonaws.com was unable to assume the given role {ROLE}" in _error(AGENT, **NAMES)


def test_an_operation_or_a_parameter_that_there_is_not_ends_the_execution() -> None:
    assert "is not supported by Step Functions" in _error("arn:aws:states:::aws-sdk:bedrock:GetCustomModel")
    assert "is not supported by Step Functions" in _error("arn:aws:states:::aws-sdk:bedrock:getNothing")
    assert "is not supported by Step Functions" in _error("arn:aws:states:::aws-sdk:nothing:getThing")
    assert "The field 'Wrong' is not supported" in _error(AGENT, **NAMES, Wrong="x")
    assert "The field 'knowledgeBaseId' is not supported" in _error(AGENT, knowledgeBaseId="ABCDEFGHIJ")


def test_other_tasks_are_left_alone() -> None:
    assert "not yet implemented" in _error("arn:aws:states:::glue:startJobRun")
