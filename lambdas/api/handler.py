"""What does not stream, behind API Gateway's proxy integration: the operations of the function ``inference``.

Importing this needs no environment, credentials or network: settings and clients are made on first use.
"""

from base64 import b64decode
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoSuchRouteError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from lambdas.api import composition, cors, http, outcome, time_left
from lambdas.api.call import Call
from lambdas.api.failures import no_such_route
from lambdas.api.operation import Operation, resolve
from lambdas.api.operations import OPERATIONS, of
from lambdas.common.errors import RequestTooLargeError
from lambdas.common.observability import logger, metrics
from lambdas.model_access import probe


def resolver(operations: tuple[Operation, ...] = OPERATIONS) -> APIGatewayRestResolver:
    """Return what answers the function's of ``operations``."""
    app = APIGatewayRestResolver()
    for operation in of("inference", operations):
        path = operation.path.replace("{", "<").replace("}", ">")
        app.route(path, method=operation.method)(_endpoint(app, operation))

    def unknown_url(_: NoSuchRouteError) -> Response[str]:
        event = app.current_event
        return _response(app, http.failed(no_such_route(event.http_method, event.path), request_id=_request_id(app)))

    app.exception_handler(NoSuchRouteError)(unknown_url)
    return app


def _endpoint(app: APIGatewayRestResolver, operation: Operation) -> Callable[..., Response[str]]:
    def endpoint(**path: str) -> Response[str]:
        request_id = _request_id(app)
        headers = _headers(app)
        dialect = operation.spoken(headers)
        try:
            given = resolve(operation.handler)(_call(app, operation, path, headers))
            reply = http.answered(given, status=operation.status, request_id=request_id, dialect=dialect)
        except Exception as error:
            reply = http.failed(error, request_id=request_id, dialect=dialect)
        return _response(app, reply)

    return endpoint


def _headers(app: APIGatewayRestResolver) -> dict[str, str]:
    # API Gateway hands names on as they were written; HTTP/2 has them in small letters.
    return {name.lower(): value for name, value in app.current_event.headers.items()}


def _call(app: APIGatewayRestResolver, operation: Operation, path: dict[str, str], headers: dict[str, str]) -> Call:
    event = app.current_event
    return Call(
        authorizer=event.request_context.authorizer.raw_event,
        deadline=time_left.of(
            event.request_context.raw_event,
            function_milliseconds=app.lambda_context.get_remaining_time_in_millis(),
        ),
        body=_body(event) if operation.body else b"",
        path=path,
        query=event.query_string_parameters,
        headers=headers,
        request_id=_request_id(app),
    )


def _body(event: APIGatewayProxyEvent) -> bytes:
    """The body as it was sent. Whether it is UTF-8 is seen where it is decoded, which says so to the caller."""
    text = event.body or ""
    content = b64decode(text) if event.is_base64_encoded else text.encode("utf-8", "surrogatepass")
    limit = composition.settings().max_body_bytes
    if len(content) > limit:
        raise RequestTooLargeError(
            f"The request body has {len(content):,} bytes; at most {limit:,} are accepted. Shorten it."
        )
    return content


def _request_id(app: APIGatewayRestResolver) -> str:
    """The id under which API Gateway, the log and the caller know the request."""
    return str(app.current_event.request_context.request_id)


def _response(app: APIGatewayRestResolver, reply: http.Reply) -> Response[str]:
    origin = _headers(app).get("origin")
    return Response(
        status_code=reply.status,
        content_type=http.MEDIA_TYPE,
        body=reply.content.decode(),
        headers={**reply.headers, **cors.headers(origin, listed=composition.cors_origins())},
    )


app = resolver()


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Answer one API Gateway event (REST API, proxy integration), or the access check's question: probe.py."""
    if probe.asked(event):
        outcome.count("Probes")
        return probe.answer(event, composition.settings())
    outcome.count("Requests")
    return app.resolve(event, context)
