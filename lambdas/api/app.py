"""What streams: ``POST /v1/chat/completions`` and ``POST /v1/knowledge/query``, behind the Lambda Web Adapter.

Whole answers take the same routes and the same code. Calls to AWS are made in the event loop itself: Lambda gives an
instance one request at a time, so nobody else waits for it, and a thread for each call would take a quarter of the
request's time. Only a stream is read in a thread, so that a caller who hangs up is noticed between two tokens.

Importing this needs no environment, credentials or network.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lambdas.api import event_stream, failures, outcome
from lambdas.api.composition import exchanges, knowledge, settings
from lambdas.api.event_stream import ExchangeResponse, Opened
from lambdas.chat import request as chat
from lambdas.chat.request import ChatRequest
from lambdas.chat.service import Answered
from lambdas.common.caller import Caller
from lambdas.common.errors import RequestTooLargeError
from lambdas.common.observability import logger, metrics
from lambdas.exchange.streamed_exchange import StreamedExchange


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What is particular to a route.

    Attributes:
        parse: makes a chat request of the body.
        whole: makes the answer's body of OpenAI's completion.
        events: what is sent of a stream.
        first: how many of its objects there are up to the first token.
    """

    parse: Callable[[bytes], ChatRequest]
    whole: Callable[[dict[str, Any]], dict[str, Any]]
    events: Callable[[StreamedExchange], Iterator[dict[str, Any]]]
    first: int


# The role and the first token.
_CHAT: Final = Endpoint(parse=chat.parse, whole=lambda body: body, events=iter, first=2)


def _documents() -> Endpoint:
    """Return the questions' endpoint, whose modules no other request needs."""
    asking = knowledge()
    from lambdas.api.routes import knowledge_query

    return Endpoint(
        parse=lambda body: knowledge_query.parse(body, asking.settings),
        whole=knowledge_query.to_answer,
        events=knowledge_query.events,
        first=1,
    )


async def create_chat_completion(request: Request) -> Response:
    """Answer a chat request, whole or as server-sent events."""
    return await _answer(request, lambda: _CHAT)


async def ask_documents(request: Request) -> Response:
    """Answer a question from the documents, whole or as server-sent events."""
    return await _answer(request, _documents)


async def ready(_: Request) -> Response:
    """Tell the adapter that requests can come."""
    return PlainTextResponse("ready")


async def _answer(request: Request, endpoint: Callable[[], Endpoint]) -> Response:
    context = _request_context(request)
    request_id = str(context.get("requestId", ""))
    logger.append_keys(correlation_id=request_id)
    outcome.count("Requests")
    try:
        caller = Caller.from_authorizer_context(context.get("authorizer", {}))
        body = await _body(request)
        found = endpoint()
        asked = found.parse(body)
        if asked.stream:
            return _stream(asked, caller, found, request_id=request_id)
        return _complete(asked, caller, found, request_id=request_id)
    except Exception as error:
        told = failures.told(error, request_id=request_id)
        return _json(told.to_body(), {"x-request-id": request_id, **told.headers()}, status=told.status)
    finally:
        metrics.flush_metrics()


def _complete(asked: ChatRequest, caller: Caller, endpoint: Endpoint, *, request_id: str) -> Response:
    done = exchanges().complete(asked, caller)
    completion = done.completion
    usage = completion.body["usage"]
    outcome.answered(completion.answered, stop_reason=completion.stop_reason, usage=usage, key_id=caller.key_id)
    outcome.asked_documents(completion.body.get("quarry"))
    headers = {**_headers(completion.answered, request_id), **done.headers}
    return _json(endpoint.whole(completion.body), headers)


def _stream(asked: ChatRequest, caller: Caller, endpoint: Endpoint, *, request_id: str) -> Response:
    exchange = exchanges().stream(asked, caller)
    opened = Opened(exchange, endpoint.events(exchange), first=endpoint.first)
    headers = {**_headers(exchange.answered, request_id), **exchange.headers, "Cache-Control": "no-cache"}
    events = event_stream.events(opened, key_id=caller.key_id, request_id=request_id)
    return ExchangeResponse(exchange, events, headers)


async def _body(request: Request) -> bytes:
    limit = settings().max_body_bytes
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


def _headers(answered: Answered, request_id: str) -> dict[str, str]:
    return {"x-request-id": request_id, **outcome.headers(answered)}


def _json(body: dict[str, Any], headers: dict[str, str], *, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json", headers=headers)


app = Starlette(
    routes=[
        Route("/v1/chat/completions", create_chat_completion, methods=["POST"]),
        Route("/v1/knowledge/query", ask_documents, methods=["POST"]),
        Route("/ready", ready, methods=["GET"]),
    ]
)
