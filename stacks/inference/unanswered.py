"""What no operation is for, answered by API Gateway itself: other methods of a known path, and browsers' preflights.

No function runs for either, and no key is asked for: browsers send none with a preflight.
"""

import json
from collections.abc import Collection
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway

from configuration.inference import Cors
from stacks.components.checks import acknowledge
from stacks.inference.gateway_errors import body

# What a body may be said to be; of another type API Gateway answers 415.
_CONTENT_TYPES: Final = (
    "application/json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
)
# `*` leaves out Authorization (Fetch standard, "CORS-non-wildcard request-header name"); old browsers know no `*`.
_HEADERS: Final = ("Authorization", "Content-Type", "OpenAI-Organization", "OpenAI-Project", "*")


def answer_preflights(resource: apigateway.IResource, *, cors: Cors, methods: Collection[str]) -> None:
    """Let pages of the listed origins ask whether they may use ``methods`` on ``resource``."""
    added = resource.add_cors_preflight(
        allow_origins=cors.origins,
        allow_methods=sorted({*methods, "OPTIONS"}),
        allow_headers=[*_HEADERS],
        max_age=Duration.seconds(cors.max_age_seconds),
        status_code=204,
    )
    _acknowledge(
        added, because="A browser's preflight carries no key, by the Fetch standard; it is told only what may."
    )


def refuse_other_methods(resource: apigateway.IResource, *, methods: Collection[str]) -> None:
    """Answer every method of ``resource`` that is none of ``methods`` with 405, in the shape of all refusals."""
    allowed = sorted(methods)
    message = f"This path takes {' and '.join(allowed)}, no other method."
    error = body(message=message, type_="invalid_request_error", code="method_not_allowed")
    added = resource.add_method(
        "ANY",
        apigateway.MockIntegration(
            passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
            request_templates=dict.fromkeys(_CONTENT_TYPES, json.dumps({"statusCode": 405})),
            integration_responses=[
                apigateway.IntegrationResponse(
                    status_code="405",
                    response_parameters={
                        "method.response.header.Allow": f"'{', '.join(allowed)}'",
                        "method.response.header.x-request-id": "context.requestId",
                    },
                    response_templates={"application/json": json.dumps(error)},
                )
            ],
        ),
        authorization_type=apigateway.AuthorizationType.NONE,
        method_responses=[
            apigateway.MethodResponse(
                status_code="405",
                response_parameters={
                    "method.response.header.Allow": True,
                    "method.response.header.x-request-id": True,
                },
            )
        ],
    )
    _acknowledge(added, because="It does nothing but say that the method is not one of the path's.")


def _acknowledge(method: apigateway.Method, *, because: str) -> None:
    for rule in ("AwsSolutions-APIG4", "AwsSolutions-COG4"):
        acknowledge(method, rule, because=because)
