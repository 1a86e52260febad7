"""``POST /v1/chat/completions`` as a small ASGI app behind the Lambda Web Adapter, which streams what it answers.

Whole answers take the same route and the same code. Importing this needs no environment, credentials or network.
"""

import asyncio
import json
import traceback
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from itertools import islice
from typing import Any, Final

import anyio
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from lambdas.common.caller import Caller
from lambdas.common.errors import ApiError, InternalError, RequestTooLargeError
from lambdas.common.observability import logger, metrics
from lambdas.inference import chat, outcome
from lambdas.inference.composition import exchanges, settings
from lambdas.inference.exchange import StreamedExchange
from lambdas.inference.service import Answered

DONE: Final = b"data: [DONE]\n\n"
# The role and the first token.
FIRST_CHUNKS: Final = 2


async def create_chat_completion(request: Request) -> Response:
    """Answer a chat request, whole or as server-sent events."""
    context = _request_context(request)
    request_id = str(context.get("requestId", ""))
    logger.append_keys(correlation_id=request_id)
    outcome.count("Requests")
    try:
        caller = Caller.from_authorizer_context(context.get("authorizer", {}))
        asked = chat.parse(await _body(request))
        if asked.stream:
            return await _stream(asked, caller, request_id=request_id)
        return await _complete(asked, caller, request_id=request_id)
    except Exception as error:
        told = _told(error, request_id=request_id)
        return JSONResponse(
            told.to_body(), status_code=told.status, headers={"x-request-id": request_id, **told.headers()}
        )
    finally:
        metrics.flush_metrics()


async def ready(_: Request) -> Response:
    """Tell the adapter that requests can come."""
    return PlainTextResponse("ready")


async def _complete(asked: chat.ChatRequest, caller: Caller, *, request_id: str) -> Response:
    done = await anyio.to_thread.run_sync(exchanges().complete, asked, caller)
    completion = done.completion
    usage = completion.body["usage"]
    outcome.answered(completion.answered, stop_reason=completion.stop_reason, usage=usage, key_id=caller.key_id)
    return JSONResponse(completion.body, headers={**_headers(completion.answered, request_id), **done.headers})


async def _stream(asked: chat.ChatRequest, caller: Caller, *, request_id: str) -> Response:
    opened = await anyio.to_thread.run_sync(_Opened, asked, caller)
    exchange = opened.exchange
    headers = {**_headers(exchange.answered, request_id), **exchange.headers, "Cache-Control": "no-cache"}
    events = _events(opened, caller, request_id=request_id)
    return ExchangeResponse(exchange, events, headers)


class _Opened:
    """A stream whose first token was read in the thread that opened it, because handing over takes its time too.

    Attributes:
        first: the first events. What ended them, if anything did, is raised by ``rest``.
    """

    def __init__(self, asked: chat.ChatRequest, caller: Caller) -> None:
        self.exchange = exchanges().stream(asked, caller)
        self._chunks = iter(self.exchange)
        self._failed: Exception | None = None
        self.first = b""
        try:
            for chunk in islice(self._chunks, FIRST_CHUNKS):
                self.first += _event(chunk)
        except Exception as error:
            self._failed = error

    async def rest(self) -> AsyncGenerator[bytes, None]:
        """Yield what has come since, until the end. One thread reads: a hop per token would cost more than a token.

        Raises:
            ApiError: as iterating over the exchange does, after everything that came before.
        """
        if self._failed:
            raise self._failed
        loop = asyncio.get_running_loop()
        came = asyncio.Event()
        events: deque[bytes] = deque()

        def read() -> None:
            for chunk in self._chunks:
                events.append(_event(chunk))
                # With more than this one, the loop has been told and looks again before it waits.
                if len(events) == 1:
                    loop.call_soon_threadsafe(came.set)

        reading = asyncio.create_task(anyio.to_thread.run_sync(read, abandon_on_cancel=True))
        reading.add_done_callback(lambda _: came.set())
        try:
            while events or not reading.done():
                if events:
                    yield b"".join(events.popleft() for _ in range(len(events)))
                else:
                    await came.wait()
                    came.clear()
            await reading
        finally:
            reading.cancel()


async def _events(opened: _Opened, caller: Caller, *, request_id: str) -> AsyncIterator[bytes]:
    """Yield server-sent events as OpenAI sends them; an error is the last one; a caller who hangs up ends it."""
    exchange = opened.exchange
    try:
        yield opened.first
        async with aclosing(opened.rest()) as rest:
            async for events in rest:
                yield events
        outcome.answered(
            exchange.answered, stop_reason=exchange.stop_reason, usage=exchange.usage, key_id=caller.key_id
        )
        yield DONE
    except Exception as error:
        yield _event(_told(error, request_id=request_id).to_body())
        yield DONE
    finally:
        # After the answer's last event, which need not wait for it, and before the response's end: Lambda stops the
        # function then. A failure comes too late for the caller.
        with anyio.CancelScope(shield=True):
            try:
                await anyio.to_thread.run_sync(exchange.close)
            except Exception as error:
                _told(error, request_id=request_id)
        metrics.flush_metrics()


class ExchangeResponse(StreamingResponse):
    """A stream whose exchange is closed whatever becomes of it, also if the caller leaves before the first event."""

    def __init__(self, exchange: StreamedExchange, events: AsyncIterator[bytes], headers: dict[str, str]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Bedrock stops generating, and billing, when nobody reads.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._exchange.close)


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
    text = request.headers.get("x-amzn-request-context", "{}").encode("latin-1").decode()
    context: dict[str, Any] = json.loads(text)
    return context


def _told(error: Exception, *, request_id: str) -> ApiError:
    """Record a failure and return what the caller is told: every error has the one shape, and no internals."""
    if isinstance(error, ApiError):
        outcome.refused(error)
        return error
    # An exception's text may quote the prompt. The places in the code tell enough.
    where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    logger.error("unforeseen error", extra={"error_type": type(error).__name__, "where": where})
    return InternalError(f"Something went wrong here. Give the platform's owner this request id: {request_id}.")


def _headers(answered: Answered, request_id: str) -> dict[str, str]:
    return {"x-request-id": request_id, **outcome.headers(answered)}


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


app = Starlette(
    routes=[
        Route("/v1/chat/completions", create_chat_completion, methods=["POST"]),
        Route("/ready", ready, methods=["GET"]),
    ]
)
