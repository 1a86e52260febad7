"""An answer that is being given, as server-sent events: its first token, the rest, an error as the last one.

What they look like, the dialect says. In silence, before the first token or between two, it has something sent from
time to time: proxies close what is silent.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any, Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from lambdas.api import outcome
from lambdas.api.call import Answer, Streamed
from lambdas.api.dialects.dialect import Dialect
from lambdas.api.failures import record_failure
from lambdas.api.settings import ENDING_SECONDS
from lambdas.chat.events import Began, Event
from lambdas.common.deadline import Deadline
from lambdas.common.observability import metrics

# What may pass between an answer's deadline and its last byte; the rest is for charging a caller who took none of it.
SENDING_SECONDS: Final = ENDING_SECONDS / 2


class Reading:
    """An answer that is opened in one thread and then read in one: a hop per token would cost more than a token.

    Args:
        opens: asks for the answer; what it raises is raised by ``opened``.
        silence: seconds after which silence is broken.

    Attributes:
        given: what was opened, once it is.
        first: a stream's frames up to the first token.
        was_silent: whether the answer was waited for once for as long as silence may last.
    """

    def __init__(self, opens: Callable[[], Answer[Any] | Streamed], *, silence: float) -> None:
        self._opens = opens
        self._silence = silence
        self._loop = asyncio.get_running_loop()
        self._rest: Iterator[Event] = iter(())
        self._frames: deque[bytes] = deque()
        self._closed = False
        self.given: Answer[Any] | Streamed | None = None
        self.first = b""
        self.was_silent = False
        self._opening = self._loop.run_in_executor(None, self._open)

    def _open(self) -> None:
        given = self._opens()
        if isinstance(given, Streamed):
            try:
                self.first = self._up_to_the_first_token(given)
            except BaseException:
                # Nothing was sent: it is an error like any other.
                given.exchange.close()
                raise
        self.given = given
        if self._closed:
            self.close()

    def _up_to_the_first_token(self, given: Streamed) -> bytes:
        frames = b""
        self._rest = iter(given.exchange)
        for event in self._rest:
            told = given.table.told(event)
            frames += told
            if told and not isinstance(event, Began):
                break
        return frames

    async def opened(self) -> Answer[Any] | Streamed | None:
        """Return what was opened, or None if that is still not so after the silence.

        Raises:
            Exception: it could not be opened.
        """
        await asyncio.wait({self._opening}, timeout=self._silence)
        if self._opening.done():
            self._opening.result()
        self.was_silent = self.given is None
        return self.given

    async def rest(self, keep_alive: bytes) -> AsyncGenerator[bytes, None]:
        """Yield what has come since the first token, until the end, and ``keep_alive`` in silence.

        Reading goes on only now: whoever reads what is there already would keep the first token from being sent.

        Raises:
            ApiError: as iterating over the exchange does, after everything that came before.
        """
        came = asyncio.Event()

        def read() -> None:
            assert isinstance(self.given, Streamed)
            tell = self.given.table.told
            for event in self._rest:
                frames = tell(event)
                if frames:
                    self._frames.append(frames)
                    # With more than this one, the loop has been told and looks again before it waits.
                    if len(self._frames) == 1:
                        self._loop.call_soon_threadsafe(came.set)

        reading = self._loop.run_in_executor(None, read)
        reading.add_done_callback(lambda _: came.set())
        silence = _Silence(self._silence, wake=came.set)
        try:
            while self._frames or not reading.done():
                if self._frames:
                    yield b"".join(self._frames.popleft() for _ in range(len(self._frames)))
                    silence.broken()
                    continue
                await came.wait()
                came.clear()
                if silence.is_long() and not self._frames and not reading.done():
                    yield keep_alive
                    silence.broken()
            await reading
        finally:
            silence.over()
            # Of who reads on, nobody wants to hear any more; what is read from is closed by the exchange.
            reading.cancel()

    def close(self) -> None:
        """Stop reading from Bedrock and charge what was taken; what is not open yet, once it is."""
        self._closed = True
        if isinstance(self.given, Streamed):
            self.given.exchange.close()


class _Silence:
    """Wakes who waits when nothing was said for so long; it costs nothing while something is.

    Args:
        seconds: how long that is.
    """

    def __init__(self, seconds: float, *, wake: Callable[[], None]) -> None:
        self._seconds = seconds
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + seconds
        self._timer = self._loop.call_at(self._until, self._look)
        self._is_long = False

    def _look(self) -> None:
        # What was said since moves the end, and not the timer.
        left = self._until - self._loop.time()
        if left <= 0:
            self._is_long = True
            self._wake()
        else:
            self._timer = self._loop.call_later(left, self._look)

    def is_long(self) -> bool:
        """Whether it has lasted so long."""
        return self._is_long

    def broken(self) -> None:
        """Begin anew."""
        self._until = self._loop.time() + self._seconds
        if self._is_long:
            self._is_long = False
            self._timer = self._loop.call_at(self._until, self._look)

    def over(self) -> None:
        """Wake nobody any more."""
        self._timer.cancel()


async def events(reading: Reading, *, dialect: Dialect, request_id: str) -> AsyncIterator[bytes]:
    """Yield server-sent events as the dialect has them; an error is the last one."""
    answered = failed = False
    try:
        # Whoever begins to send because it was silent begins with that: headers alone are not sent on by all proxies.
        if reading.was_silent:
            yield dialect.keep_alive
        while (given := await reading.opened()) is None:
            yield dialect.keep_alive
        yield reading.first
        async with aclosing(reading.rest(dialect.keep_alive)) as rest:
            async for part in rest:
                yield part
        answered = True
        if dialect.done:
            yield dialect.done
    except Exception as error:
        failed = True
        failure = record_failure(error, request_id=request_id)
        # What was opened knows what was sent before.
        teller = reading.given.table if isinstance(reading.given, Streamed) else dialect
        yield teller.broken(failure, request_id=request_id)
        if dialect.done:
            yield dialect.done
    finally:
        # After the answer's last event, which need not wait for it, and before the response's end: Lambda stops the
        # function then. A failure comes too late for the caller.
        try:
            reading.close()
        except Exception as error:
            record_failure(error, request_id=request_id)
        given = reading.given
        if isinstance(given, Streamed):
            exchange = given.exchange
            if answered:
                usage, stop_reason = exchange.usage, exchange.stop_reason
                outcome.answered(exchange.answered, stop_reason=stop_reason, usage=usage, key_id=given.key_id)
                outcome.asked_documents(exchange.told)
            elif not failed:
                outcome.hung_up(exchange.answered, key_id=given.key_id)
        elif not failed:
            outcome.count("ChatHungUp")
        metrics.flush_metrics()


class ExchangeResponse(StreamingResponse):
    """A stream whose exchange is closed whatever becomes of it, also if the caller leaves before the first event.

    Args:
        deadline: when the answer has to be over. A caller who does not read what is sent is not waited for much longer:
            the function would end first, and nothing would be charged.
    """

    def __init__(
        self, reading: Reading, events: AsyncIterator[bytes], headers: dict[str, str], *, deadline: Deadline
    ) -> None:
        super().__init__(events, media_type="text/event-stream", headers={**headers, "Cache-Control": "no-cache"})
        self._reading = reading
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
            self._reading.close()
