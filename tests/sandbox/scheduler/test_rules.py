"""What Scheduler refuses, when a schedule is due, and on which ARN its requests are authorized."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import iam, scheduler

from sandbox import service_role
from sandbox.scheduler import expressions, permissions, rules
from sandbox.scheduler.targets import UniversalTarget, UnsupportedTargetError
from sandbox.sdk_operations import Operation

ROLE = "arn:aws:iam::000000000000:role/alarm-clock"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:work"
SCHEDULE: dict[str, Any] = {
    "ScheduleExpression": "at(2026-12-03T18:00:00)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": QUEUE, "RoleArn": ROLE},
}
GROUP = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/default"


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(service_role, "is_enforced", lambda: True)
    trust_in("scheduler.amazonaws.com", {"StringEquals": {"aws:SourceArn": GROUP}})
    yield
    iam.reset()
    scheduler.reset()


def trust_in(service: str, condition: dict[str, Any]) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", "Condition": condition}
    iam._roles["alarm-clock"] = {"Arn": ROLE, "AssumeRolePolicyDocument": json.dumps({"Statement": [trust]})}


def test_what_aws_takes_is_taken() -> None:
    rules.check("end", SCHEDULE)
    rules.check("end", {**SCHEDULE, "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}})
    rules.check("end", {**SCHEDULE, "ScheduleExpression": "at(2020-01-01T00:00:00)"})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ScheduleExpression": "at(2026-12-03 18:00:00)"}, "Invalid Schedule Expression at(2026-12-03 18:00:00)."),
        ({"ScheduleExpression": "at(2026-13-03T18:00:00)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpression": "at(2026-12-03T18:00:00Z)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpression": "rate(0 minutes)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpression": "soon"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Provided timezone Mars/Olympus is invalid."),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes goes with the mode FLEXIBLE alone"),
        ({"FlexibleTimeWindow": {"Mode": "ON"}}, "Invalid FlexibleTimeWindow"),
        ({"Target": {"Arn": "arn:aws:s3:::bucket", "RoleArn": ROLE}}, "arn:aws:s3:::bucket is not a supported target."),
        ({"Target": {"Arn": QUEUE, "RoleArn": f"{ROLE}x"}}, "must allow AWS EventBridge Scheduler to assume the role"),
        ({"GroupName": "other"}, "must allow AWS EventBridge Scheduler to assume the role"),
    ],
)
def test_what_aws_refuses_is_refused(changes: dict[str, Any], told: str) -> None:
    status, _, body = scheduler_with_rules("end", {**SCHEDULE, **changes})

    assert status == 400
    assert told in json.loads(body)["Message"]


def scheduler_with_rules(name: str, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return rules._checked(scheduler._create_schedule)(name, body)


def test_a_name_is_of_64_characters_at_most() -> None:
    with pytest.raises(ValueError, match="at 'name' failed to satisfy constraint"):
        rules.check("x" * 65, SCHEDULE)


def test_the_role_has_to_trust_scheduler() -> None:
    trust_in("states.amazonaws.com", {})

    with pytest.raises(ValueError, match="must allow AWS EventBridge Scheduler to assume the role"):
        rules.check("end", SCHEDULE)


@pytest.mark.parametrize(
    ("arn", "service", "operation"),
    [
        ("sns:publish", "sns", "Publish"),
        ("sfn:startExecution", "stepfunctions", "StartExecution"),
        ("cloudformation:deleteStack", "cloudformation", "DeleteStack"),
        ("bedrock:deleteProvisionedModelThroughput", "bedrock", "DeleteProvisionedModelThroughput"),
        ("sagemaker:deleteApp", "sagemaker", "DeleteApp"),
        ("bedrockagent:startIngestionJob", "bedrock-agent", "StartIngestionJob"),
    ],
)
def test_a_universal_target_is_an_operation(arn: str, service: str, operation: str) -> None:
    assert UniversalTarget.parse(f"arn:aws:scheduler:::aws-sdk:{arn}") == UniversalTarget(Operation(service, operation))


@pytest.mark.parametrize("arn", ["s3:listBuckets", "sns:getTopic", "sns:Publish", "sns:shout", "nowhere:go", "sns"])
def test_a_universal_target_that_is_none_or_only_reads_is_refused(arn: str) -> None:
    with pytest.raises(UnsupportedTargetError, match="is not a supported target"):
        UniversalTarget.parse(f"arn:aws:scheduler:::aws-sdk:{arn}")


@pytest.mark.parametrize(
    ("expression", "zone", "due"),
    [
        ("at(1970-01-01T01:00:00)", "UTC", 3600.0),
        ("at(1970-01-01T01:00:00)", "Europe/Berlin", 0.0),
        ("rate(1 minute)", "UTC", 160.0),
        ("cron(0 12 * * ? *)", "UTC", 43200.0),
        ("cron(0 12 * * ? *)", "Europe/Berlin", 39600.0),
    ],
)
def test_a_schedule_is_due_in_its_time_zone(expression: str, zone: str, due: float) -> None:
    assert expressions.next_time(expression, zone, after=100.0) == due


@pytest.mark.parametrize(
    ("path", "body", "query", "arn"),
    [
        ("/schedules/end", b'{"GroupName": "g"}', {}, "schedule/g/end"),
        ("/schedules/end", b"", {"groupName": ["g"]}, "schedule/g/end"),
        ("/schedules/end", b"{}", {}, "schedule/default/end"),
        ("/schedule-groups/g", b"", {}, "schedule-group/g"),
    ],
)
def test_requests_are_authorized_on_the_schedule_in_its_group(
    path: str, body: bytes, query: dict[str, Any], arn: str
) -> None:
    assert permissions.resource_arn(path, body, query, "p") == f"p:{arn}"


def test_lists_are_authorized_on_all() -> None:
    assert permissions.resource_arn("/schedules", b"", {}, "p") == "*"
