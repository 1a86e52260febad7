"""What API Gateway itself answers when a function's response cannot be had, and what it changes in one that can."""

import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ministack.services import apigateway_v1

from sandbox.control import Response
from sandbox.front_door import Header, end_to_end

# API Gateway developer guide, "Amazon API Gateway important notes": sent on under another name.
_REMAPPED: Final = frozenset((b"date", b"server", b"www-authenticate"))


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to a REST API that MiniStack has matched, authorized and validated; its own names and values.

    Attributes:
        came: when, in seconds since the epoch.
    """

    integration: Mapping[str, Any]
    api_id: str
    stage_name: str
    stage: Mapping[str, Any]
    resource: Mapping[str, Any]
    path: str
    method: str
    headers: dict[str, str]
    body: bytes
    query: dict[str, list[str]]
    path_parameters: dict[str, str]
    options: Mapping[str, Any]
    came: float = field(default_factory=time.time)

    def event(self) -> dict[str, Any]:
        """The event for the function (payload format 1.0), without the body."""
        built: dict[str, Any] = apigateway_v1._build_lambda_event_v1(
            self.api_id,
            self.stage_name,
            self.stage,
            self.resource,
            self.path,
            self.method,
            self.headers,
            b"",
            self.query,
            self.path_parameters,
            authorizer_context=self.options.get("authorizer_context"),
            caller_identity=self.options.get("caller_identity"),
        )
        # MiniStack takes now, which is later where an instance had to start first.
        built["requestContext"]["requestTimeEpoch"] = int(self.came * 1000)
        return built


def function_missing() -> Any:
    """The integration names no function; MiniStack renders this through the API's gateway responses."""
    return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")


def timed_out() -> Any:
    """No response in time; MiniStack renders this through the API's gateway responses."""
    return apigateway_v1._gw_error("INTEGRATION_TIMEOUT", "Endpoint request timed out")


def failed(call: Call, *, status: int = 502) -> Response:
    """The function failed: ``DEFAULT_5XX``, whose status is ``status`` unless the API's own response has one."""
    request = {
        "api_id": call.api_id,
        "stage_name": call.stage_name,
        "stage": call.stage,
        "headers": call.headers,
        "query_params": call.query,
        "path_params": call.path_parameters,
        "resource_path": call.resource["path"],
        "request_id": str(uuid.uuid4()),
    }
    error = apigateway_v1._gw_error("DEFAULT_5XX", "Internal server error")
    rendered, headers, body = apigateway_v1._gateway_error_response(error, request)
    own = _deployed(call).get("DEFAULT_5XX", {}).get("statusCode")
    return int(rendered) if own else status, dict(headers), bytes(body)


def throttled(call: Call) -> Any:
    """Lambda refused to run the function: see :mod:`sandbox.concurrency`."""
    if "INTEGRATION_FAILURE" in _deployed(call):
        return apigateway_v1._gw_error("INTEGRATION_FAILURE", "Internal server error")
    return failed(call, status=500)


def _deployed(call: Call) -> dict[str, dict[str, Any]]:
    """The API's own gateway responses, by type."""
    by_deployment = apigateway_v1._deployed_gateway_responses.get(call.api_id, {})
    found: dict[str, dict[str, Any]] = by_deployment.get(call.stage.get("deploymentId"), {})
    return found


def response_headers(lines: Iterable[Header], *, request_id: str) -> dict[str, list[str] | str]:
    """The function's response headers as API Gateway sends them on, one list of values per name."""
    headers: dict[str, list[str]] = {}
    for name, value in end_to_end(lines):
        sent = b"x-amzn-remapped-" + name if name in _REMAPPED else name
        headers.setdefault(sent.decode("latin-1"), []).append(value.decode("latin-1"))
    return {**headers, "x-amzn-requestid": request_id}
