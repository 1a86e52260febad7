"""Server-sent events whose reader leaves."""

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lambdas.api.call import Streamed
from lambdas.api.dialects.chat.chunks import ChunkTable
from lambdas.api.dialects.chat.wire import CHAT
from lambdas.api.dialects.server_sent import COMMENT
from lambdas.api.event_stream import SENDING_SECONDS, ExchangeResponse, Reading, events
from lambdas.common.deadline import Deadline
from lambdas.common.observability import metrics
from lambdas.exchange.streamed_exchange import StreamedExchange
from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.test_app import post
from tests.lambdas.emitted import emitted
from tests.lambdas.exchange.test_exchanges import LIMITED, account, ask
from tests.lambdas.fakes import FakeConverse, client_error, stream_events
from tests.lambdas.stores import Desk, desk
from tests.waiting import PATIENCE


def streamed(exchange: StreamedExchange) -> Streamed:
    table = ChunkTable(model=exchange.model, usage=False)
    return Streamed(exchange=exchange, table=table, key_id="key_1", headers={})


def opening(at: Desk) -> Streamed:
    return streamed(at.exchanges.stream(ask(), LIMITED))


async def first_only(at: Desk) -> None:
    stream = events(Reading(lambda: opening(at), silence=PATIENCE), dialect=CHAT, request_id="r")
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # a generator's


async def to_the_end(opens: Callable[[], Streamed], silence: float = PATIENCE) -> list[bytes]:
    return [part async for part in events(Reading(opens, silence=silence), dialect=CHAT, request_id="r")]


def counted(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return sorted(name for line in emitted(capsys.readouterr().out) for name in line if name.startswith("Chat"))


def test_a_caller_who_hangs_up_is_counted_and_charged(capsys: pytest.CaptureFixture[str], printed: io.StringIO) -> None:
    with desk(stream_events("An ", "open ", "pit.")) as at:
        asyncio.run(first_only(at))
        spent = account(at)
    metrics.clear_metrics()

    assert counted(capsys) == ["ChatHungUp"]
    (line,) = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert (line["message"], line["alias"], line["key_id"]) == ("hung up", "fast", "key_1")
    assert spent["reserved"]["micro_dollars"] == 0
    assert spent["total"]["micro_dollars"] > 0


def test_a_stream_that_failed_was_not_hung_up_on(capsys: pytest.CaptureFixture[str]) -> None:
    with desk([*stream_events("An ")[:2], client_error("ModelStreamErrorException")]) as at:
        parts = asyncio.run(to_the_end(lambda: opening(at)))
    metrics.clear_metrics()

    assert parts[-1] == b"data: [DONE]\n\n"
    assert counted(capsys) == ["ChatRefused"]


def test_a_caller_who_takes_nothing_is_charged_before_the_function_ends() -> None:
    async def stalls(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def stays() -> Any:
        await asyncio.Event().wait()

    with desk(stream_events(*["stone "] * 50)) as at:

        async def respond() -> None:
            reading = Reading(lambda: opening(at), silence=PATIENCE)
            deadline = Deadline.after(0.2 - SENDING_SECONDS)
            response = ExchangeResponse(reading, events(reading, dialect=CHAT, request_id="r"), {}, deadline=deadline)
            await response({"type": "http", "asgi": {"spec_version": "2.4"}}, stays, stalls)

        asyncio.run(respond())
        spent = account(at)
    metrics.clear_metrics()

    assert spent["reserved"]["micro_dollars"] == 0
    assert spent["total"]["micro_dollars"] > 0


class Held(StreamedExchange):
    """An exchange of whose events, after some, the others come when they are let."""

    def __init__(self, exchange: StreamedExchange, *, after: int) -> None:
        super().__init__(exchange._begun, exchange._streamed)
        self._left = after
        self.let = threading.Event()

    def __iter__(self) -> Iterator[Any]:
        for event in super().__iter__():
            if self._left == 0:
                assert self.let.wait(PATIENCE)
            self._left -= 1
            yield event


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_silence_is_broken_by_comments_before_the_first_token_and_later(after: int) -> None:
    async def listen(at: Desk) -> tuple[list[bytes], list[bytes]]:
        held = Held(at.exchanges.stream(ask(), LIMITED), after=after)
        stream = events(Reading(lambda: streamed(held), silence=0.02), dialect=CHAT, request_id="r")
        before: list[bytes] = []
        try:
            while before[-3:].count(COMMENT) < 3:
                before.append(await anext(stream))
        finally:
            held.let.set()
        return before, [part async for part in stream]

    with desk(stream_events("An ", "open ", "pit.")) as at:
        before, rest = asyncio.run(listen(at))
    metrics.clear_metrics()

    told = b"".join(part for part in [*before, *rest] if part != COMMENT)
    assert [json.loads(line[6:])["choices"][0]["delta"].get("content") for line in told.split(b"\n\n")[:4]] == [
        "",
        "An ",
        "open ",
        "pit.",
    ]
    assert told.endswith(b"data: [DONE]\n\n")
    assert (b"An " in b"".join(before)) is (after >= 2)


def test_a_failure_after_the_silence_is_the_streams_last_event() -> None:
    let = threading.Event()

    async def listen(at: Desk) -> list[bytes]:
        def opens() -> Streamed:
            assert let.wait(PATIENCE)
            return opening(at)

        stream = events(Reading(opens, silence=0.02), dialect=CHAT, request_id="r")
        parts = [await anext(stream)]
        let.set()
        return [*parts, *[part async for part in stream]]

    with desk(client_error("ThrottlingException")) as at:
        parts = [part for part in asyncio.run(listen(at)) if part != COMMENT]
        spent = account(at)
    metrics.clear_metrics()

    assert json.loads(parts[0][6:])["error"]["code"] == "rate_limit_exceeded"
    assert parts[1:] == [b"data: [DONE]\n\n"]
    assert spent["reserved"]["micro_dollars"] == 0


def test_an_exchange_that_is_opened_after_its_caller_has_left_is_closed() -> None:
    let = threading.Event()

    async def leave(at: Desk) -> None:
        def opens() -> Streamed:
            assert let.wait(PATIENCE)
            return opening(at)

        stream = events(Reading(opens, silence=0.02), dialect=CHAT, request_id="r")
        assert await anext(stream) == COMMENT
        await stream.aclose()  # type: ignore[attr-defined]  # a generator's
        let.set()

    with desk(stream_events("An ", "open ", "pit.")) as at:
        asyncio.run(leave(at))
        assert isinstance(at.bedrock, FakeConverse)
        assert [one.closed for one in at.bedrock.streams] == [True]
        assert account(at)["reserved"]["micro_dollars"] == 0
    metrics.clear_metrics()


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_before_the_first_token_is_one_like_any_other(serve: Serve, failing: int) -> None:
    serve([*stream_events()[:failing], client_error("ModelStreamErrorException")])

    response = post(stream=True)

    assert (response.status_code, response.json()["error"]["code"]) == (502, "upstream_error")


def test_a_stream_that_is_opened_in_silence_begins_with_a_comment_at_once() -> None:
    let = threading.Event()

    async def listen(at: Desk) -> tuple[bytes, bool]:
        def opens() -> Streamed:
            assert let.wait(PATIENCE)
            return opening(at)

        reading = Reading(opens, silence=0.02)
        assert await reading.opened() is None
        # Let go within the next silence: a comment that is sent only after that one does not come.
        reading._silence = PATIENCE
        asyncio.get_running_loop().call_later(0.02, let.set)
        stream = events(reading, dialect=CHAT, request_id="r")
        first, waited = await anext(stream), let.is_set()
        assert [part async for part in stream][-1] == b"data: [DONE]\n\n"
        return first, waited

    with desk(stream_events("An ", "open ", "pit.")) as at:
        assert asyncio.run(listen(at)) == (COMMENT, False)
    metrics.clear_metrics()
