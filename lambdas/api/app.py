"""What streams, behind the Lambda Web Adapter: the operations of the function ``chat``.

Whole answers take the same routes and the same code. Calls to AWS are made in the event loop itself: Lambda gives an
instance one request at a time, so nobody else waits for it, and a thread for each call would take a quarter of the
request's time. Only a stream is read in a thread, so that a caller who hangs up is noticed between two tokens.

Importing this needs no environment, credentials or network.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lambdas.api import composition, event_stream, http, outcome, time_left
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.event_stream import ExchangeResponse, Opened
from lambdas.api.failures import no_such_route
from lambdas.api.operation import Operation, resolve
from lambdas.api.operations import OPERATIONS, of
from lambdas.common.deadline import Deadline
from lambdas.common.errors import RequestTooLargeError
from lambdas.common.observability import logger, metrics

Handler = Callable[[Call], Answer[Any] | Streamed]


def application(operations: tuple[Operation, ...] = OPERATIONS) -> Starlette:
    """Return the app that answers what is the function's of ``operations``."""
    made = Starlette(
        routes=[
            # API Gateway hands a path's last slash on, and the other function's router does without it.
            *(
                Route(path, _endpoint(one), methods=[one.method])
                for one in of("chat", operations)
                for path in (one.path, f"{one.path}/")
            ),
            Route("/ready", ready, methods=["GET"]),
        ],
        # Starlette's answers to a path, and to a method of a path, that no route has.
        exception_handlers={404: unknown_url, 405: unknown_url},
    )
    # To where it would redirect is the adapter's address, which no caller reaches.
    made.router.redirect_slashes = False
    return made


async def ready(_: Request) -> Response:
    """Tell the adapter that requests can come."""
    return PlainTextResponse("ready")


async def unknown_url(request: Request, _: Exception) -> Response:
    """Answer what no route is for."""

    def refuse(_: Call) -> Answer[Any]:
        raise no_such_route(request.method, request.url.path)

    return await _answer(request, lambda: refuse, status=200)


def _endpoint(operation: Operation) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def endpoint(request: Request) -> Response:
        return await _answer(request, lambda: resolve(operation.handler), status=operation.status)

    return endpoint


async def _answer(request: Request, handler: Callable[[], Handler], *, status: int) -> Response:
    context = _request_context(request)
    request_id = str(context.get("requestId", ""))
    logger.append_keys(correlation_id=request_id)
    outcome.count("Requests")
    try:
        call = Call(
            authorizer=context.get("authorizer", {}),
            deadline=time_left.of_header(context, request.headers.get(time_left.CONTEXT_HEADER, "{}")),
            body=await _body(request),
            path=request.path_params,
            query=request.query_params,
        )
        given = handler()(call)
        if isinstance(given, Streamed):
            return _stream(given, request_id=request_id, deadline=call.deadline)
        return _response(http.answered(given, status=status, request_id=request_id))
    except Exception as error:
        return _response(http.failed(error, request_id=request_id))
    finally:
        metrics.flush_metrics()


def _stream(given: Streamed, *, request_id: str, deadline: Deadline) -> Response:
    opened = Opened(given.exchange, given.events, first=given.first)
    events = event_stream.events(opened, key_id=given.key_id, request_id=request_id)
    headers = {"x-request-id": request_id, **given.headers, "Cache-Control": "no-cache"}
    return ExchangeResponse(given.exchange, events, headers, deadline=deadline)


def _response(reply: http.Reply) -> Response:
    return Response(reply.content, status_code=reply.status, media_type=http.MEDIA_TYPE, headers=reply.headers)


async def _body(request: Request) -> bytes:
    limit = composition.settings().max_body_bytes
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise RequestTooLargeError(f"The request body has more than {limit:,} bytes. Shorten the messages.")
    return bytes(body)


def _request_context(request: Request) -> dict[str, Any]:
    """Return API Gateway's request context, which the adapter hands on as a header, overwriting a caller's own."""
    # A header's bytes are UTF-8 here; Starlette reads them as latin-1.
    text = request.headers.get("x-amzn-request-context", "{}").encode("latin-1")
    return msgspec.json.decode(text, type=dict[str, Any])


app = application()
