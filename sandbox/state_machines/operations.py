"""``arn:aws:states:::aws-sdk:service:action``: an operation of AWS, called with the credentials of the role.

Errors are named as Step Functions names them, after the classes of the SDK for Java: ``Bedrock.ValidationException``,
``Ssm.ParameterNotFoundException``, and ``S3.S3Exception`` for what the service's model does not know. Parameters and
results have capital first letters. Source: Step Functions developer guide, "AWS SDK service integrations".
"""

from __future__ import annotations

import functools
import json
import os
import re
import threading
import time
from dataclasses import dataclass
from typing import Any, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, MapShape, OperationNotFoundError, Shape, StructureShape
from ministack.core.responses import get_region
from ministack.services import stepfunctions

from sandbox import session_credentials
from sandbox.resources import service_api
from sandbox.resources.translation import to_property
from sandbox.service_role import ServiceRole

_RESOURCE = re.compile(r"arn:aws:states:::aws-sdk:([a-z0-9]+):([a-zA-Z0-9]+)")
# The SDK's names of services that are not botocore's without hyphens.
_NAMES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs", "costexplorer": "ce"}
# The prefixes of errors that are not the service's id in title case.
_PREFIXES = {
    "bedrock-agent": "BedrockAgent",
    "bedrock-runtime": "BedrockRuntime",
    "service-quotas": "ServiceQuotas",
    "dynamodb": "DynamoDb",
    "events": "EventBridge",
    "stepfunctions": "Sfn",
    "logs": "CloudWatchLogs",
    "cloudformation": "CloudFormation",
    "secretsmanager": "SecretsManager",
    "sagemaker": "SageMaker",
}
_WAITS = Config(retries={"total_max_attempts": 1}, read_timeout=60, s3={"addressing_style": "path"})
_RENEW_SECONDS = 600

_issued: dict[tuple[str, str, str], tuple[float, boto3.Session]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Operation:
    """An operation by botocore's names of it and of its service."""

    service: str
    name: str

    def run(self, parameters: Any, role: ServiceRole, machine: str) -> Any:
        """Call the operation as ``role``, for the state machine ``machine``, and return its result.

        Raises:
            _ExecutionError: it was refused, named as Step Functions names it.
        """
        shape = service_api.operation_model(self.service, self.name).input_shape
        given = _parameters(parameters or {}, shape, "") if shape is not None else {}
        client = _client(self.service, role.arn, machine)
        methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
        try:
            reply = getattr(client, methods[self.name])(**given)
        except ClientError as error:
            details = error.response["Error"]
            raise stepfunctions._ExecutionError(self.error_name(details["Code"]), details["Message"]) from error
        except BotoCoreError as error:
            raise stepfunctions._ExecutionError("States.Runtime", str(error)) from error
        reply.pop("ResponseMetadata", None)
        return _result(reply, service_api.operation_model(self.service, self.name).output_shape)

    def error_name(self, code: str) -> str:
        """Return what Step Functions calls an error of this service."""
        model = service_api.service_model(self.service)
        prefix = _PREFIXES.get(self.service, self.service.replace("-", " ").title().replace(" ", ""))
        known = {name: shape for shape in model.error_shapes for name in (shape.name, _code(shape))}
        if code not in known:
            return f"{prefix}.{prefix}Exception"
        name = known[code].name
        return f"{prefix}.{name if name.endswith('Exception') else f'{name}Exception'}"


def find(resource: str) -> Operation | None:
    """Return the operation that a task's resource names; None where it names none of an SDK.

    Raises:
        _ExecutionError: there is no such service or operation.
    """
    match = _RESOURCE.fullmatch(resource)
    if match is None:
        return None
    name, action = match.groups()
    service = _NAMES.get(name) or _services().get(name)
    operation = f"{action[:1].upper()}{action[1:]}"
    try:
        if service is None or action[:1].isupper():
            raise OperationNotFoundError(action)
        service_api.operation_model(service, operation)
    except OperationNotFoundError:
        words = f"The resource {resource} is not supported by Step Functions."
        raise stepfunctions._ExecutionError("States.Runtime", words) from None
    return Operation(service, operation)


def _code(shape: Shape) -> str:
    return str((shape.metadata.get("error") or {}).get("code") or shape.name)


@functools.cache
def _services() -> dict[str, str]:
    return {name.replace("-", ""): name for name in botocore.session.get_session().get_available_services()}


def _client(service: str, role_arn: str, machine: str) -> Any:
    """Return a client that signs as the role; its session's name is the state machine's."""
    key = (role_arn, machine, get_region())
    with _lock:
        issued, session = _issued.get(key, (0.0, None))
        if session is None or issued < time.time() - _RENEW_SECONDS:
            found = session_credentials.issue(role_arn, session=machine.rpartition(":")[2])
            session = boto3.Session(
                aws_access_key_id=found.access_key_id,
                aws_secret_access_key=found.secret_access_key,
                aws_session_token=found.token,
                region_name=get_region(),
            )
            _issued[key] = (time.time(), session)
        url = f"http://localhost:{os.environ.get('GATEWAY_PORT', '4566')}"
        return session.client(cast(Any, service), endpoint_url=url, config=_WAITS)


def forget() -> None:
    """Forget the credentials that were issued: those who gave them no longer know them."""
    with _lock:
        _issued.clear()


def _parameters(value: Any, shape: Shape, path: str) -> Any:
    """Return parameters with botocore's names. A member that the operation lacks ends the execution, as on AWS."""
    match shape:
        case StructureShape() if isinstance(value, dict) and not shape.is_document_type:
            members = {f"{name[:1].upper()}{name[1:]}": name for name in shape.members}
            for key in value:
                if key not in members:
                    words = f"The field '{key}' is not supported by Step Functions at '{path or '$'}'."
                    raise stepfunctions._ExecutionError("States.Runtime", words)
            return {
                members[key]: _parameters(item, shape.members[members[key]], f"{path}.{key}")
                for key, item in value.items()
                if item is not None
            }
        case ListShape() if isinstance(value, list):
            return [_parameters(item, shape.member, path) for item in value]
        case MapShape() if isinstance(value, dict):
            return {key: _parameters(item, shape.value, f"{path}.{key}") for key, item in value.items()}
    if shape.type_name == "blob" and not isinstance(value, str):
        return json.dumps(value).encode()  # the body of S3's PutObject may be JSON
    if shape.type_name == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)
    return value


def _result(value: Any, shape: Shape | None) -> Any:
    """Return a reply with capital first letters, except for the keys of maps; what is read is text."""
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    match shape:
        case StructureShape() if isinstance(value, dict) and not shape.is_document_type:
            return {f"{key[:1].upper()}{key[1:]}": _result(item, shape.members.get(key)) for key, item in value.items()}
        case ListShape() if isinstance(value, list):
            return [_result(item, shape.member) for item in value]
        case MapShape() if isinstance(value, dict):
            return {key: _result(item, shape.value) for key, item in value.items()}
    return value if isinstance(value, dict | list) else to_property(value)
