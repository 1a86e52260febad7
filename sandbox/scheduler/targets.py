"""What a schedule calls, as its role: a templated target, or any operation of AWS by a universal one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import sdk_operations, service_role
from sandbox.resources import translation
from sandbox.sdk_operations import Operation, UnknownOperationError

_UNIVERSAL = re.compile(r"arn:aws:scheduler:::aws-sdk:([a-z0-9]+):([A-Za-z0-9]+)")
# Source: EventBridge Scheduler user guide, "Using universal targets": operations that only read are not supported.
_READS = re.compile(
    "get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe"
    "|batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized"
    "|invokeModel"
)

Client = Callable[[str], Any]


class UnsupportedTargetError(ValueError):
    """Scheduler does not call such a target."""


@dataclass(frozen=True)
class UniversalTarget:
    """An operation that a schedule calls."""

    operation: Operation

    @classmethod
    def parse(cls, arn: str) -> UniversalTarget | None:
        """Read the ARN of a universal target; None for other targets.

        Raises:
            UnsupportedTargetError: there is no such service or operation, or it only reads.
        """
        match = _UNIVERSAL.fullmatch(arn)
        if match is None:
            if arn.startswith("arn:aws:scheduler:::"):
                raise UnsupportedTargetError(f"{arn} is not a supported target.")
            return None
        name, action = match.groups()
        if _READS.match(action):
            raise UnsupportedTargetError(f"{arn} is not a supported target.")
        try:
            return cls(Operation.parse(name, action))
        except UnknownOperationError:
            raise UnsupportedTargetError(f"{arn} is not a supported target.") from None

    def call(self, client: Client, text: str) -> None:
        """Call the operation with the parameters that the text is JSON of, their first letters capital.

        Raises:
            UntranslatableError, botocore's errors: it refuses them.
        """
        shape = self.operation.model().input_shape
        parameters = translation.to_parameters(json.loads(text or "{}"), shape, {}) if shape else {}
        self.operation.call(client(self.operation.service), parameters)


def check(arn: str) -> None:
    """Refuse a target that Scheduler does not call.

    Raises:
        UnsupportedTargetError: it is one.
    """
    if UniversalTarget.parse(arn) is None and arn.split(":")[2:3] and _templated(arn) is None:
        raise UnsupportedTargetError(f"{arn} is not a supported target.")


def call(target: dict[str, Any], text: str, *, schedule_arn: str) -> None:
    """Call a schedule's target with a text, as its role.

    Raises:
        NotAuthorizedError: the role does not let Scheduler in.
        Exception: whatever the call was refused with.
    """
    group = schedule_arn.rpartition("/")[0].replace(":schedule/", ":schedule-group/")
    service_role.assume(target["RoleArn"], service="scheduler.amazonaws.com", session="scheduler", source_arn=group)
    client = _client(target["RoleArn"])
    universal = UniversalTarget.parse(target["Arn"])
    if universal is not None:
        universal.call(client, text)
        return
    templated = _templated(target["Arn"])
    if templated is None:
        raise UnsupportedTargetError(f"{target['Arn']} is not a supported target.")
    templated(client, target, text)


def send_to_dead_letters(target: dict[str, Any], text: str, error: str) -> None:
    """Send what could not be delivered to the target's dead-letter queue, if it has one."""
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue:
        client = _client(target["RoleArn"])("sqs")
        url = client.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
        reason = {"ERROR_MESSAGE": {"DataType": "String", "StringValue": error}}
        client.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=reason)


def _client(role_arn: str) -> Client:
    return lambda service: sdk_operations.client(service, role_arn, session="scheduler")


def _templated(arn: str) -> Callable[[Client, dict[str, Any], str], None] | None:
    return {"lambda": _invoke, "states": _start, "sns": _publish, "sqs": _send, "events": _put}.get(
        (arn.split(":") + [""] * 3)[2]
    )


def _invoke(client: Client, target: dict[str, Any], text: str) -> None:
    client("lambda").invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=text)


def _start(client: Client, target: dict[str, Any], text: str) -> None:
    client("stepfunctions").start_execution(stateMachineArn=target["Arn"], input=text)


def _publish(client: Client, target: dict[str, Any], text: str) -> None:
    client("sns").publish(TopicArn=target["Arn"], Message=text)


def _send(client: Client, target: dict[str, Any], text: str) -> None:
    queues = client("sqs")
    url = queues.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    queues.send_message(QueueUrl=url, MessageBody=text, **({"MessageGroupId": group} if group else {}))


def _put(client: Client, target: dict[str, Any], text: str) -> None:
    event = target.get("EventBridgeParameters") or {}
    entry = {"EventBusName": target["Arn"], "Detail": text, **event}
    client("events").put_events(Entries=[entry])
