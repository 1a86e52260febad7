"""API Gateway's own refusals in one error shape, of which OpenAI's and Anthropic's SDKs both raise the right exception.

A gateway response is the same for all routes. Its body has the members of both: OpenAI's ``error`` with ``message``,
``type``, ``param`` and ``code``, and around it Anthropic's ``type`` and ``request_id``.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from aws_cdk import aws_apigateway as apigateway

from configuration.inference import Cors


@dataclass(frozen=True, kw_only=True)
class GatewayError:
    """What a caller reads when API Gateway answers in our stead. ``message`` may hold $context variables."""

    status: str | None
    code: str
    message: str
    type: str = "invalid_request_error"
    headers: dict[str, str] = field(default_factory=dict)

    def template(self) -> str:
        """The body's template."""
        return json.dumps(body(message=self.message, type_=self.type, code=self.code))


def body(*, message: str, type_: str, code: str) -> dict[str, Any]:
    """Return a refusal's body. The texts may hold $context variables."""
    error = {"message": message, "type": type_, "param": None, "code": code}
    return {"type": "error", "error": error, "request_id": "$context.requestId"}


Kind = apigateway.ResponseType

_REQUEST_IDS: Final = ("x-request-id", "request-id")

ERRORS: Final[tuple[tuple[str, Kind, GatewayError], ...]] = (
    (
        "Unauthorized",
        Kind.UNAUTHORIZED,
        GatewayError(
            status="401", code="invalid_api_key", message="No API key. Send the header Authorization: Bearer <API key>."
        ),
    ),
    (
        "AccessDenied",
        Kind.ACCESS_DENIED,
        GatewayError(
            status="401",
            code="invalid_api_key",
            type="$context.authorizer.error_type",
            message="$context.authorizer.reason",
        ),
    ),
    (
        "MissingAuthenticationToken",
        # What API Gateway calls a path or method that does not exist.
        Kind.MISSING_AUTHENTICATION_TOKEN,
        GatewayError(
            status="404",
            code="unknown_url",
            # What a client with a wrong base URL comes upon. Templates do not know the right one: a custom domain's.
            message="There is no such path here: GET /openapi.json has every route. If GET /v1/models is not found "
            "either, look at the base URL. A base URL ends in /v1, once and without a slash: `quarry outputs` shows it "
            "as BaseUrl. Anthropic's clients add /v1 themselves and want it without.",
        ),
    ),
    (
        "BadRequestBody",
        Kind.BAD_REQUEST_BODY,
        GatewayError(
            status="400",
            code="invalid_json",
            message="The request body is not a JSON object. Send one: GET /openapi.json has the fields of every route.",
        ),
    ),
    (
        "RequestTooLarge",
        Kind.REQUEST_TOO_LARGE,
        GatewayError(status="413", code="request_too_large", message="The request body is too large. Shorten it."),
    ),
    (
        "Throttled",
        Kind.THROTTLED,
        GatewayError(
            status="429",
            code="rate_limit_exceeded",
            type="rate_limit_error",
            message="Too many requests to this endpoint at once. Wait a second and try again.",
            headers={"Retry-After": "'1'"},
        ),
    ),
    (
        # What API Gateway makes of an integration whose function Lambda does not run: all that may run at once do.
        "IntegrationFailure",
        Kind.INTEGRATION_FAILURE,
        GatewayError(
            status="429",
            code="rate_limit_exceeded",
            type="rate_limit_error",
            message="As many requests run here as may run at once. Wait a moment and try again.",
            headers={"Retry-After": "'2'"},
        ),
    ),
    (
        # Likewise the authorizer; but one that crashed is told so too, and its caller has not asked too much.
        "AuthorizerFailure",
        Kind.AUTHORIZER_FAILURE,
        GatewayError(
            status="503",
            code="service_unavailable",
            type="api_error",
            message="The API key could not be looked at now. Wait a moment and try again. If it stays so, give the "
            "platform's owner this request id: $context.requestId.",
            headers={"Retry-After": "'1'"},
        ),
    ),
    (
        "IntegrationTimeout",
        Kind.INTEGRATION_TIMEOUT,
        GatewayError(
            status="504",
            code="upstream_timeout",
            type="api_error",
            message="The answer took too long. Ask for a shorter one with max_tokens, or try again.",
        ),
    ),
    (
        "Default5xx",
        Kind.DEFAULT_5_XX,
        GatewayError(
            status=None,
            code="internal_error",
            type="api_error",
            message="Something went wrong here. Give the platform's owner this request id: $context.requestId.",
        ),
    ),
    (
        "Default4xx",
        Kind.DEFAULT_4_XX,
        GatewayError(
            status=None,
            code="bad_request",
            message="The request was refused ($context.error.responseType). Request id: $context.requestId.",
        ),
    ),
)


def add_gateway_errors(api: apigateway.RestApi, *, cors: Cors | None) -> None:
    """Give ``api`` a gateway response per kind of refusal, which pages of the origins in ``cors`` can read."""
    readable = _readable(cors) if cors else {}
    for id_, kind, error in ERRORS:
        api.add_gateway_response(
            id_,
            type=kind,
            status_code=error.status,
            # The second is what Anthropic's clients read.
            response_headers={**error.headers, **dict.fromkeys(_REQUEST_IDS, "context.requestId"), **readable},
            templates={"application/json": error.template()},
        )


def _readable(cors: Cors) -> dict[str, str]:
    """Return the headers with which a page may read a refusal.

    Here API Gateway can say the one origin, or whichever asked; it compares none. A refusal of its own has nothing in
    it that the page which asked does not know.
    """
    (first, *others) = cors.origins
    return {
        "Access-Control-Allow-Origin": "method.request.header.Origin" if others else f"'{first}'",
        "Access-Control-Expose-Headers": f"'{', '.join((*_REQUEST_IDS, 'Retry-After'))}'",
        "Vary": "'Origin'",
    }
