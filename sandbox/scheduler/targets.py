"""What a schedule calls, as its role: a templated target, or any operation of AWS by a universal one."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.model import OperationNotFoundError
from ministack.core.responses import get_region

from sandbox import service_role, session_credentials
from sandbox.resources import service_api, translation

_UNIVERSAL = re.compile(r"arn:aws:scheduler:::aws-sdk:([a-z0-9]+):([A-Za-z0-9]+)")
# Source: EventBridge Scheduler user guide, "Using universal targets": operations that only read are not supported.
_READS = re.compile(
    "get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe"
    "|batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized"
    "|invokeModel"
)
# The SDK's names of services that are not botocore's without hyphens.
_NAMES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs", "costexplorer": "ce"}

_WAITS = Config(retries={"total_max_attempts": 1}, read_timeout=60, s3={"addressing_style": "path"})

Client = Callable[[str], Any]


class UnsupportedTargetError(ValueError):
    """Scheduler does not call such a target."""


@dataclass(frozen=True)
class UniversalTarget:
    """An operation by botocore's names of it and of its service."""

    service: str
    operation: str

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
        service = _NAMES.get(name) or _services().get(name)
        operation = f"{action[:1].upper()}{action[1:]}"
        if service is None or action[:1].isupper() or _READS.match(action):
            raise UnsupportedTargetError(f"{arn} is not a supported target.")
        try:
            service_api.operation_model(service, operation)
        except OperationNotFoundError:
            raise UnsupportedTargetError(f"{arn} is not a supported target.") from None
        return cls(service, operation)

    def call(self, client: Client, text: str) -> None:
        """Call the operation with the parameters that the text is JSON of, their first letters capital.

        Raises:
            UntranslatableError, botocore's errors: it refuses them.
        """
        shape = service_api.operation_model(self.service, self.operation).input_shape
        given = json.loads(text or "{}")
        parameters = translation.to_parameters(given, shape, {}) if shape else {}
        made = client(self.service)
        methods = {operation: method for method, operation in made.meta.method_to_api_mapping.items()}
        getattr(made, methods[self.operation])(**parameters)


@functools.cache
def _services() -> dict[str, str]:
    return {name.replace("-", ""): name for name in botocore.session.get_session().get_available_services()}


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
    issued = session_credentials.issue(role_arn, session="scheduler")
    session = boto3.Session(
        aws_access_key_id=issued.access_key_id,
        aws_secret_access_key=issued.secret_access_key,
        aws_session_token=issued.token,
        region_name=get_region(),
    )
    url = f"http://localhost:{os.environ.get('GATEWAY_PORT', '4566')}"
    return lambda service: session.client(service, endpoint_url=url, config=_WAITS)  # type: ignore[call-overload]


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
