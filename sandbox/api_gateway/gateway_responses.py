"""What MiniStack's API Gateway leaves out of its own refusals: the context that a Lambda authorizer gave with a deny.

On AWS a gateway response may say ``$context.authorizer.<key>`` and the caller of a denied request reads the value that
the authorizer gave. Source: API Gateway developer guide, "Variables for data models, authorizers, mapping templates,
and CloudWatch access logging". MiniStack drops the context together with the request.
"""

import re
from contextvars import ContextVar
from typing import Any, Final

from ministack.services import apigateway_v1

_VARIABLE: Final = re.compile(rb"\$(?:\{context\.authorizer\.(\w+)\}|context\.authorizer\.([A-Za-z]\w*))")

# Of the request at hand: what its authorizer returned as context, whether it was asked now or remembered.
_given: ContextVar[dict[str, str] | None] = ContextVar("authorizer_context", default=None)

_authorize_request = apigateway_v1._authorize_request_v1
_evaluate_policy = apigateway_v1._evaluate_policy
_stringify_context = apigateway_v1._stringify_context
_gateway_error_response = apigateway_v1._gateway_error_response


def install() -> None:
    """Extend MiniStack's gateway responses. Doing it again changes nothing."""
    apigateway_v1._authorize_request_v1 = _authorize
    apigateway_v1._evaluate_policy = _evaluate
    apigateway_v1._stringify_context = _stringify
    apigateway_v1._gateway_error_response = _render


def given() -> dict[str, str]:
    """Return what the authorizer of the request at hand gave as context; empty where none was asked."""
    return _given.get() or {}


async def _authorize(*args: Any, **kwargs: Any) -> Any:
    _given.set(None)
    return await _authorize_request(*args, **kwargs)


def _stringify(context: Any) -> Any:
    """Called for a fresh answer of the authorizer."""
    text = _stringify_context(context)
    _given.set(text)
    return text


def _evaluate(policy: Any, method_arn: str) -> Any:
    """Called for fresh and remembered answers; a remembered one is known by its policy."""
    for _expires, cached_policy, context in list(apigateway_v1._authorizer_cache.values()):
        if cached_policy is policy:
            _given.set(context)
    return _evaluate_policy(policy, method_arn)


def _render(error: Any, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    status, headers, body = _gateway_error_response(error, request)
    context = given()

    def value(match: re.Match[bytes]) -> bytes:
        # A variable without a value renders empty, as elsewhere in gateway responses.
        return str(context.get((match[1] or match[2]).decode(), "")).encode()

    return status, headers, _VARIABLE.sub(value, body)
