"""What streams, behind the Lambda Web Adapter: the operations of the function ``chat``.

Whole answers take the same routes and the same code. Calls to AWS are made in the event loop itself: Lambda gives an
instance one request at a time, so nobody else waits for it, and a thread for each call would take a quarter of the
request's time. Only a stream is asked for and read in a thread, one for all of it, so that something can be sent while
nothing comes. Lambda tells nothing of a caller who hangs up (docs/decisions/0015); whoever else ends the request is
noticed between two tokens.

Importing this needs no environment, credentials or network.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lambdas.api import composition, cors, event_stream, http, outcome, time_left
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.event_stream import ExchangeResponse, Reading
from lambdas.api.failures import no_such_route
from lambdas.api.operation import CHAT, Operation, resolve
from lambdas.api.operations import OPERATIONS, of
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

    return await _answer(request, lambda: refuse)


def _endpoint(operation: Operation) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def endpoint(request: Request) -> Response:
        return await _answer(request, lambda: resolve(operation.handler), operation)

    return endpoint


async def _answer(request: Request, handler: Callable[[], Handler], operation: Operation | None = None) -> Response:
    """Answer a request; one that no operation is for, in OpenAI's words."""
    status, dialect = (operation.status, operation.spoken(request.headers)) if operation is not None else (200, CHAT)
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
            headers=request.headers,
            request_id=request_id,
        )
        if operation is not None and operation.events is not None and _asks_for_stream(call.body):
            return await _streamed(request, handler, call, operation, request_id=request_id)
        given = handler()(call)
        assert isinstance(given, Answer), "no stream was asked for"
        return _response(request, http.answered(given, status=status, request_id=request_id, dialect=dialect))
    except Exception as error:
        return _response(request, http.failed(error, request_id=request_id, dialect=dialect))
    finally:
        metrics.flush_metrics()


async def _streamed(
    request: Request, handler: Callable[[], Handler], call: Call, operation: Operation, *, request_id: str
) -> Response:
    """Answer with a stream once its first token has come, or without one when that has taken so long that it is silent.

    Raises:
        Exception: it could not be opened, while there was time to say so.
    """
    reading = Reading(lambda: handler()(call), silence=composition.settings().keep_alive_seconds)
    given = await reading.opened()
    if isinstance(given, Answer):
        reply = http.answered(given, status=operation.status, request_id=request_id, dialect=operation.dialect)
        return _response(request, reply)
    dialect = resolve(operation.dialect)
    told = given.headers if given is not None else {}
    headers = {**http.identified(dialect, request_id), **told, **_cors(request)}
    events = event_stream.events(reading, dialect=dialect, request_id=request_id)
    return ExchangeResponse(reading, events, headers, deadline=call.deadline)


class _Asks(msgspec.Struct):
    stream: Any = None


_asks: Final = msgspec.json.Decoder(_Asks)


def _asks_for_stream(body: bytes) -> bool:
    """Whether a body asks for a stream. What is wrong with it, its reader says."""
    # A name may be written with escapes, and what is read is the name.
    if b'"stream"' not in body and b"\\u" not in body:
        return False
    try:
        return _asks.decode(body).stream is True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _response(request: Request, reply: http.Reply) -> Response:
    headers = {**reply.headers, **_cors(request)}
    return Response(reply.content, status_code=reply.status, media_type=http.MEDIA_TYPE, headers=headers)


def _cors(request: Request) -> dict[str, str]:
    return cors.headers(request.headers.get("origin"), listed=composition.cors_origins())


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
