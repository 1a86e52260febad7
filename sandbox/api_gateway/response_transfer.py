"""``responseTransferMode``: MiniStack's API Gateway forgets whether an integration buffers or streams its response.

Source: API Gateway developer guide, "Stream the integration response for your proxy integrations": STREAM is for
AWS_PROXY and HTTP_PROXY only, and a Lambda function is then named by a URI of another version and ending. In a
template it is ``Integration.ResponseTransferMode`` of ``AWS::ApiGateway::Method``.
"""

import functools
import json
from collections.abc import Callable
from typing import Any, Final

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

BUFFERED: Final = "BUFFERED"
STREAM: Final = "STREAM"
STREAMING_SUFFIX: Final = "/response-streaming-invocations"
"""How the URI of a Lambda function ends whose response is streamed."""

_METHOD: Final = "AWS::ApiGateway::Method"
_PROXIES: Final = ("AWS_PROXY", "HTTP_PROXY")
_MARK: Final = "keeps_response_transfer_mode"

_put_integration = apigateway_v1._put_integration
_lambda_reference = apigateway_v1._extract_lambda_ref_from_integration_uri


def install() -> None:
    """Keep the mode in the API and in CloudFormation. Doing it again changes nothing."""
    apigateway_v1._put_integration = _put
    apigateway_v1._extract_lambda_ref_from_integration_uri = _reference
    registered = provisioners._RESOURCE_HANDLERS[_METHOD]
    for name in ("create", "update"):
        if not hasattr(registered[name], _MARK):
            registered[name] = _with_mode(registered[name])


def _reference(uri: str) -> str:
    """The function's ARN, for both versions of the URI."""
    return str(_lambda_reference((uri or "").removesuffix(STREAMING_SUFFIX)))


def _put(api_id: str, resource_id: str, http_method: str, data: dict[str, Any]) -> Any:
    mode = data.get("responseTransferMode") or BUFFERED
    problem = _problem(mode, kind=data.get("type", ""), uri=data.get("uri", ""))
    if problem is not None:
        return apigateway_v1._v1_error("BadRequestException", problem, 400)
    status, headers, body = _put_integration(api_id, resource_id, http_method, data)
    if status != 201:
        return status, headers, body
    _integration(api_id, resource_id, http_method)["responseTransferMode"] = mode
    return status, headers, json.dumps({**json.loads(body), "responseTransferMode": mode}).encode()


def _problem(mode: str, *, kind: str, uri: str) -> str | None:
    if mode not in (BUFFERED, STREAM):
        return f"Invalid response transfer mode: {mode}. Valid values are: [{BUFFERED}, {STREAM}]"
    if mode == STREAM and kind not in _PROXIES:
        return f"Response transfer mode {STREAM} needs an integration of type AWS_PROXY or HTTP_PROXY, not {kind}"
    if mode == STREAM and kind == "AWS_PROXY" and not uri.endswith(STREAMING_SUFFIX):
        return f"Response transfer mode {STREAM} needs a Lambda URI that ends in {STREAMING_SUFFIX}, not {uri}"
    return None


def _integration(api_id: str, resource_id: str, http_method: str) -> dict[str, Any]:
    resource = apigateway_v1._resources[api_id][resource_id]
    integration: dict[str, Any] = resource["resourceMethods"][http_method]["methodIntegration"]
    return integration


def _with_mode(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A method's handler that also keeps the mode; the properties are its last mapping."""

    @functools.wraps(handler)
    def handle(*arguments: Any) -> Any:
        properties = [argument for argument in arguments if isinstance(argument, dict)][-1]
        wanted = properties.get("Integration") or {}
        mode = wanted.get("ResponseTransferMode") or BUFFERED
        problem = _problem(mode, kind=wanted.get("Type", ""), uri=wanted.get("Uri", ""))
        if problem is not None:
            raise ValueError(problem)
        outcome = handler(*arguments)
        if wanted:
            place = (properties["RestApiId"], properties["ResourceId"], properties["HttpMethod"])
            _integration(*place)["responseTransferMode"] = mode
        return outcome

    setattr(handle, _MARK, True)
    return handle
