"""HTTP shapes: JSON answers and OpenAI's error shape, from Powertools' resolver."""

import json
import traceback
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoSuchRouteError

from lambdas.common.errors import ApiError, InternalError, NotFoundError
from lambdas.common.observability import logger


def json_response(body: dict[str, Any], *, request_id: str, status: int = 200) -> Response[str]:
    """Return a JSON answer with its ``x-request-id``."""
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        headers={"x-request-id": request_id},
    )


def error_response(error: ApiError, *, request_id: str) -> Response[str]:
    """Return an error in OpenAI's shape, with the headers that go with it."""
    response = json_response(error.to_body(), request_id=request_id, status=error.status)
    response.headers.update(error.headers())
    return response


def request_id(app: APIGatewayRestResolver) -> str:
    """The id under which API Gateway, the log and the caller know the request."""
    return str(app.current_event.request_context.request_id)


def answer_errors(app: APIGatewayRestResolver) -> None:
    """Make ``app`` answer every exception in OpenAI's error shape; the unforeseen ones without internals."""

    def api_error(error: ApiError) -> Response[str]:
        logger.info("refused", extra={"status": error.status, "code": error.code, "param": error.param})
        return error_response(error, request_id=request_id(app))

    def no_such_route(_: NoSuchRouteError) -> Response[str]:
        event = app.current_event
        error = NotFoundError(f"There is no {event.http_method} {event.path} here.", code="unknown_url")
        return error_response(error, request_id=request_id(app))

    def unforeseen(error: Exception) -> Response[str]:
        # Not logger.exception: an exception's text may quote the prompt. The places in the code tell enough.
        where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        logger.error("unforeseen error", extra={"error_type": type(error).__name__, "where": where})
        told = InternalError(
            f"Something went wrong here. Give the platform's owner this request id: {request_id(app)}."
        )
        return error_response(told, request_id=request_id(app))

    app.exception_handler(ApiError)(api_error)
    app.exception_handler(NoSuchRouteError)(no_such_route)
    app.exception_handler(Exception)(unforeseen)
