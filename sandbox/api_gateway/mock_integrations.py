"""MOCK integrations as API Gateway does them: its templates are Velocity's, and they know the request.

MiniStack gives the text of a response template back as it stands, and knows no ``context.*`` in the mapping of a
header, and no override of a header. Source: API Gateway developer guide, "Mock
integrations in API Gateway", "Variables for data transformations", "Use a mapping template to override an API's
request and response parameters and status codes".
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, Final

import airspeed
from ministack.services import apigateway_v1

# In Velocity a name may have a hyphen, in airspeed it may not.
_OVERRIDE: Final = re.compile(r"(\$context\.responseOverride\.header\.)([\w-]+)")
_HYPHEN: Final = "__hyphen__"
_STATUS: Final = re.compile(r"""["']?statusCode["']?\s*:\s*["']?(\d{3})""")
_DEFAULT_TYPE: Final = "application/json"

Answer = tuple[int, dict[str, str], bytes]

# What MiniStack keeps of the request at hand.
_request: ContextVar[dict[str, Any] | None] = ContextVar("request", default=None)

_execute_in_scope = apigateway_v1._execute_in_scope


def install() -> None:
    """Replace MiniStack's mock integrations. Doing it again changes nothing."""
    apigateway_v1._execute_in_scope = _execute
    apigateway_v1._invoke_mock_v1 = _invoke


async def _execute(request: dict[str, Any], *args: Any) -> Any:
    _request.set(request)
    return await _execute_in_scope(request, *args)


def _invoke(integration: Mapping[str, Any]) -> Any:
    return invoke(integration, request=_request.get() or {})


def invoke(integration: Mapping[str, Any], *, request: Mapping[str, Any]) -> Any:
    """Return what a MOCK integration answers, or MiniStack's object of a refusal.

    Args:
        request: ``headers``, ``query_params``, ``path_params``, ``request_id``, ``stage_name``, ``resource_path``.
    """
    headers = {name.lower(): value for name, value in request.get("headers", {}).items()}
    templates = integration.get("requestTemplates") or {}
    content_type = headers.get("content-type", _DEFAULT_TYPE).partition(";")[0].strip().lower()
    template = templates.get(content_type)
    if template is None:
        # The body itself would have to say the status. Where nothing may be passed through MiniStack refuses it before.
        return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
    context: dict[str, Any] = {
        "requestId": request.get("request_id", ""),
        "stage": request.get("stage_name", ""),
        "resourcePath": request.get("resource_path", ""),
        "responseOverride": {"header": {}},
    }
    variables = {"input": _Input(request), "context": context}
    asked = _STATUS.search(_rendered(template, variables))
    chosen = _chosen(integration.get("integrationResponses") or {}, asked[1] if asked else "")
    if chosen is None:
        return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
    answered: dict[str, str] = {"Content-Type": _DEFAULT_TYPE}
    for target, value in (chosen.get("responseParameters") or {}).items():
        answered[target.removeprefix("method.response.header.")] = _mapped(value, context)
    body = _rendered((chosen.get("responseTemplates") or {}).get(_DEFAULT_TYPE, ""), variables)
    for name, value in context["responseOverride"]["header"].items():
        answered[name.replace(_HYPHEN, "-")] = str(value)
    status = int(chosen["statusCode"])
    # RFC 9110, 15.3.5: such an answer has none.
    return status, answered, b"" if status == HTTPStatus.NO_CONTENT else body.encode()


class _Input:
    """Velocity's ``$input`` of a request without a body."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._parameters: dict[str, dict[str, str]] = {
            "path": dict(request.get("path_params") or {}),
            "querystring": {name: _last(value) for name, value in (request.get("query_params") or {}).items()},
            "header": dict(request.get("headers") or {}),
        }

    def params(self, name: str | None = None) -> Any:
        """Return all parameters, or the first of the name in path, query and headers; "" where there is none."""
        if name is None:
            return {place: _Found(values) for place, values in self._parameters.items()}
        return next((values[name] for values in self._parameters.values() if name in values), "")


class _Found(dict[str, str]):
    """A map whose ``get`` of what is not there is "", as Velocity compares it."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(name, default)


def _last(value: Any) -> str:
    return str(value[-1] if isinstance(value, list) else value)


def _rendered(template: str, variables: Mapping[str, Any]) -> str:
    named = _OVERRIDE.sub(lambda match: match[1] + match[2].replace("-", _HYPHEN), template)
    return str(airspeed.Template(named).merge(dict(variables)))


def _chosen(responses: Mapping[str, Any], status: str) -> Mapping[str, Any] | None:
    """Return the response whose pattern the status fits, else the one without a pattern."""
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if pattern and re.fullmatch(pattern, status):
            return dict(response)
    return next((response for response in responses.values() if not response.get("selectionPattern")), None)


def _mapped(value: str, context: Mapping[str, Any]) -> str:
    if value.startswith("context."):
        return str(context.get(value.removeprefix("context."), ""))
    return value.removeprefix("'").removesuffix("'")
