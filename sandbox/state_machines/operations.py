"""``arn:aws:states:::aws-sdk:service:action``: an operation of AWS, called with the credentials of the role.

Errors are named as Step Functions names them, after the classes of the SDK for Java: ``Bedrock.ValidationException``,
``Ssm.ParameterNotFoundException``, and ``S3.S3Exception`` for what the service's model does not know. Parameters and
results have capital first letters. Source: Step Functions developer guide, "AWS SDK service integrations".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from ministack.services import stepfunctions

from sandbox import sdk_operations
from sandbox.resources import service_api
from sandbox.resources.translation import to_property
from sandbox.sdk_operations import UnknownOperationError
from sandbox.service_role import ServiceRole

_RESOURCE = re.compile(r"arn:aws:states:::aws-sdk:([a-z0-9]+):([a-zA-Z0-9]+)")
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


@dataclass(frozen=True)
class Operation:
    """An operation that a task calls."""

    called: sdk_operations.Operation

    def run(self, parameters: Any, role: ServiceRole, machine: str) -> Any:
        """Call the operation as ``role``, for the state machine ``machine``, and return its result.

        Raises:
            _ExecutionError: it was refused, named as Step Functions names it.
        """
        model = self.called.model()
        given = _parameters(parameters or {}, model.input_shape, "") if model.input_shape is not None else {}
        client = sdk_operations.client(self.called.service, role.arn, session=machine.rpartition(":")[2])
        try:
            reply = self.called.call(client, given)
        except ClientError as error:
            details = error.response["Error"]
            raise stepfunctions._ExecutionError(self.error_name(details["Code"]), details["Message"]) from error
        except BotoCoreError as error:
            raise stepfunctions._ExecutionError("States.Runtime", str(error)) from error
        reply.pop("ResponseMetadata", None)
        return _result(reply, model.output_shape)

    def error_name(self, code: str) -> str:
        """Return what Step Functions calls an error of this service."""
        service = self.called.service
        prefix = _PREFIXES.get(service, service.replace("-", " ").title().replace(" ", ""))
        shapes = service_api.service_model(service).error_shapes
        known = {name: shape for shape in shapes for name in (shape.name, _code(shape))}
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
    try:
        return Operation(sdk_operations.Operation.parse(*match.groups()))
    except UnknownOperationError:
        words = f"The resource {resource} is not supported by Step Functions."
        raise stepfunctions._ExecutionError("States.Runtime", words) from None


def _code(shape: Shape) -> str:
    return str((shape.metadata.get("error") or {}).get("code") or shape.name)


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
