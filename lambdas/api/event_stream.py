"""Server-sent events of an answer that is being given: ``data: {...}``, an error as the last one, ``data: [DONE]``."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from itertools import islice
from typing import Any, Final

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from lambdas.api import outcome
from lambdas.api.failures import record_failure
from lambdas.api.settings import ENDING_SECONDS
from lambdas.common.deadline import Deadline
from lambdas.common.observability import metrics
from lambdas.exchange.streamed_exchange import StreamedExchange

DONE: Final = b"data: [DONE]\n\n"
# What may pass between an answer's deadline and its last byte; the rest is for charging a caller who took none of it.
SENDING_SECONDS: Final = ENDING_SECONDS / 2


class Opened:
    """A stream whose first token was read where it was opened, because handing over to a thread takes its time.

    Args:
        shaped: what is sent of the exchange, in order.
        first: how many objects are read at once: those up to the first token.

    Attributes:
        first: the first events. What ended them, if anything did, is raised by ``rest``.
    """

    def __init__(self, exchange: StreamedExchange, shaped: Iterator[Any], *, first: int) -> None:
        self.exchange = exchange
        self._chunks = shaped
        self._failed: Exception | None = None
        self.first = b""
        try:
            for chunk in islice(self._chunks, first):
                self.first += event(chunk)
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
                events.append(event(chunk))
                # With more than this one, the loop has been told and looks again before it waits.
                if len(events) == 1:
                    loop.call_soon_threadsafe(came.set)

        reading = loop.run_in_executor(None, read)
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
            # Of who reads on, nobody wants to hear any more; what is read from is closed by the exchange.
            reading.cancel()


async def events(opened: Opened, *, key_id: str, request_id: str) -> AsyncIterator[bytes]:
    """Yield server-sent events as OpenAI sends them; an error is the last one; a caller who hangs up ends it."""
    exchange = opened.exchange
    answered = failed = False
    try:
        yield opened.first
        async with aclosing(opened.rest()) as rest:
            async for part in rest:
                yield part
        answered = True
        yield DONE
    except Exception as error:
        failed = True
        yield event(record_failure(error, request_id=request_id).to_body())
        yield DONE
    finally:
        # After the answer's last event, which need not wait for it, and before the response's end: Lambda stops the
        # function then. A failure comes too late for the caller.
        try:
            exchange.close()
        except Exception as error:
            record_failure(error, request_id=request_id)
        if answered:
            outcome.answered(exchange.answered, stop_reason=exchange.stop_reason, usage=exchange.usage, key_id=key_id)
            outcome.asked_documents(exchange.told)
        elif not failed:
            outcome.hung_up(exchange.answered, key_id=key_id)
        metrics.flush_metrics()


class ExchangeResponse(StreamingResponse):
    """A stream whose exchange is closed whatever becomes of it, also if the caller leaves before the first event.

    Args:
        deadline: when the answer has to be over. A caller who does not read what is sent is not waited for much longer:
            the function would end first, and nothing would be charged.
    """

    def __init__(
        self,
        exchange: StreamedExchange,
        events: AsyncIterator[bytes],
        headers: dict[str, str],
        *,
        deadline: Deadline,
    ) -> None:
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._exchange = exchange
        self._deadline = deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        try:
            async with asyncio.timeout(self._deadline.left + SENDING_SECONDS) as sending:
                await super().__call__(scope, receive, send)
        except TimeoutError:
            if not sending.expired():
                raise
        finally:
            # Bedrock stops generating, and billing, when nobody reads.
            self._exchange.close()


def event(data: Any) -> bytes:
    """Return one event; ``data`` is what msgspec encodes."""
    return b"data: " + msgspec.json.encode(data) + b"\n\n"
