"""Schedules in a running sandbox: they go by the clock, and call their targets with the rights of their role."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.connection import ACCOUNT, REGION, Connection
from tests.sandbox import servers
from tests.waiting import eventually

SOON = "at(2020-01-01T00:00:00)"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("scheduler")
    with servers.running(folder) as (_, record):
        yield record.connection


class Room:
    """Clients, and a queue to see what arrives."""

    def __init__(self, connection: Connection) -> None:
        session = servers.session(connection)
        self.url = connection.aws_url

        def client(service: str) -> Any:
            return session.client(service, endpoint_url=self.url, config=servers.ONE_ATTEMPT)  # type: ignore[call-overload]

        self.scheduler, self.sqs, self.iam = client("scheduler"), client("sqs"), client("iam")
        self.queue = self.sqs.create_queue(QueueName="work")["QueueUrl"]
        self.queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:work"

    def role(self, name: str, *allowed: tuple[str, str]) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
        statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in allowed]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
        return str(role["Arn"])

    def schedule(self, name: str, target: dict[str, Any], **more: Any) -> None:
        window = {"Mode": "OFF"}
        asked = {"ScheduleExpression": SOON, "FlexibleTimeWindow": window, "Target": target, **more}
        self.scheduler.create_schedule(Name=name, **asked)

    def received(self) -> list[str]:
        messages = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    def calls(self, name: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/_sandbox/scheduler") as reply:
            return [call for call in json.loads(reply.read()) if call["schedule"].endswith(f"/{name}")]

    def advance(self, seconds: float) -> None:
        body = json.dumps({"advance_seconds": seconds}).encode()
        urllib.request.urlopen(f"{self.url}/_sandbox/clock", data=body).close()


@pytest.fixture(scope="module")
def room(connection: Connection) -> Room:
    return Room(connection)


def test_a_universal_target_is_called_with_the_rights_of_the_role(room: Room) -> None:
    may = room.role("may-send", ("sqs:SendMessage", room.queue_arn))
    told = json.dumps({"QueueUrl": room.queue, "MessageBody": "due <aws.scheduler.scheduled-time>"})
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": may, "Input": told}

    room.schedule("universal", target, ActionAfterCompletion="DELETE")

    assert eventually(room.received) == ["due 2020-01-01T00:00:00Z"]
    names = [schedule["Name"] for schedule in room.scheduler.list_schedules()["Schedules"]]
    assert "universal" not in names


def test_without_the_right_nothing_is_called_and_it_is_tried_again(room: Room) -> None:
    may_not = room.role("may-not")
    target = {"Arn": room.queue_arn, "RoleArn": may_not, "Input": "x", "RetryPolicy": {"MaximumRetryAttempts": 1}}

    room.schedule("denied", target)

    calls = eventually(lambda: [call for call in room.calls("denied") if call["attempt"] == 2])
    assert "is not authorized to perform: sqs:SendMessage" in calls[0]["error"] or "AccessDenied" in calls[0]["error"]
    assert room.received() == []


def test_a_schedule_goes_by_the_clock_that_is_moved_and_an_update_counts_anew(room: Room) -> None:
    may = room.role("may-send-later", ("sqs:SendMessage", room.queue_arn), ("sqs:GetQueueUrl", room.queue_arn))
    target = {"Arn": room.queue_arn, "RoleArn": may, "Input": "end"}
    room.schedule("later", target, ScheduleExpression="at(2100-01-01T00:00:00)")
    room.schedule("hourly", {**target, "Input": "hour"}, ScheduleExpression="rate(1 hour)")

    room.advance(3600)
    assert eventually(room.received) == ["hour"]

    room.scheduler.update_schedule(
        Name="later", ScheduleExpression=SOON, FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    assert eventually(room.received) == ["end"]
    room.scheduler.update_schedule(
        Name="later", ScheduleExpression=SOON, FlexibleTimeWindow={"Mode": "OFF"}, Target={**target, "Input": "again"}
    )
    assert eventually(room.received) == ["again"]
