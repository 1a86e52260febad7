"""``AWS::ApiGateway::RequestValidator`` made real: MiniStack's API validates requests, its CloudFormation only nods.

Without this a template's validators would be accepted and never asked.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]

_METHOD: Final = "AWS::ApiGateway::Method"
_METHOD_HANDLERS: Final = dict(provisioners._RESOURCE_HANDLERS[_METHOD])
_CREATE_ONLY: Final = ("RestApiId", "Name")


def install() -> None:
    """Register the handlers. Doing it again changes nothing."""
    provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RequestValidator"] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
    provisioners._RESOURCE_HANDLERS[_METHOD] = {
        **_METHOD_HANDLERS,
        "create": _with_validator(_METHOD_HANDLERS["create"]),
        "update": _with_validator(_METHOD_HANDLERS["update"]),
    }


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> Created:
    status, _headers, body = apigateway_v1._create_request_validator(properties["RestApiId"], _data(properties))
    reply = json.loads(body)
    if status != 201:
        raise ValueError(reply.get("message", "the request validator could not be created"))
    return reply["id"], {"RequestValidatorId": reply["id"]}


def _update(physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
    if any(old.get(name) != new.get(name) for name in _CREATE_ONLY):
        created = _create("", new, stack_name)
        _delete(physical_id, old)
        return created
    apigateway_v1._request_validators[new["RestApiId"]][physical_id].update(_data(new))
    return physical_id, {"RequestValidatorId": physical_id}


def _delete(physical_id: str, properties: Properties) -> None:
    apigateway_v1._request_validators.get(properties["RestApiId"], {}).pop(physical_id, None)


def _data(properties: Properties) -> dict[str, Any]:
    return {
        "name": properties.get("Name", ""),
        "validateRequestBody": _true(properties.get("ValidateRequestBody")),
        "validateRequestParameters": _true(properties.get("ValidateRequestParameters")),
    }


def _true(value: Any) -> bool:
    """A template's boolean, which YAML may carry as a string."""
    return str(value).lower() == "true"


def _with_validator(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A method's handler that also names its validator; the properties are its last mapping."""

    def handle(*arguments: Any) -> Any:
        outcome = handler(*arguments)
        properties = [argument for argument in arguments if isinstance(argument, dict)][-1]
        resource = apigateway_v1._resources[properties["RestApiId"]][properties["ResourceId"]]
        method = resource["resourceMethods"][properties["HttpMethod"]]
        method["requestValidatorId"] = properties.get("RequestValidatorId")
        return outcome

    return handle
