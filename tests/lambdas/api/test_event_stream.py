"""Server-sent events whose reader leaves."""

import asyncio
import io
import json
from typing import Any

import pytest

from lambdas.api.event_stream import SENDING_SECONDS, ExchangeResponse, Opened, events
from lambdas.common.deadline import Deadline
from lambdas.common.observability import metrics
from tests.lambdas.emitted import emitted
from tests.lambdas.exchange.test_exchanges import LIMITED, account, ask
from tests.lambdas.fakes import client_error, stream_events
from tests.lambdas.stores import desk


async def first_only(opened: Opened) -> None:
    stream = events(opened, key_id="key_1", request_id="r")
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # a generator's


def counted(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return sorted(name for line in emitted(capsys.readouterr().out) for name in line if name.startswith("Chat"))


def test_a_caller_who_hangs_up_is_counted_and_charged(capsys: pytest.CaptureFixture[str], printed: io.StringIO) -> None:
    with desk(stream_events("An ", "open ", "pit.")) as at:
        exchange = at.exchanges.stream(ask(stream=True), LIMITED)
        asyncio.run(first_only(Opened(exchange, iter(exchange), first=2)))
        spent = account(at)
    metrics.clear_metrics()

    assert counted(capsys) == ["ChatHungUp"]
    (line,) = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert (line["message"], line["alias"], line["key_id"]) == ("hung up", "fast", "key_1")
    assert spent["reserved"]["micro_dollars"] == 0
    assert spent["total"]["micro_dollars"] > 0


def test_a_stream_that_failed_was_not_hung_up_on(capsys: pytest.CaptureFixture[str]) -> None:
    with desk([*stream_events("An ")[:2], client_error("ModelStreamErrorException")]) as at:
        exchange = at.exchanges.stream(ask(stream=True), LIMITED)
        opened = Opened(exchange, iter(exchange), first=2)

        async def to_the_end() -> list[bytes]:
            return [part async for part in events(opened, key_id="key_1", request_id="r")]

        parts = asyncio.run(to_the_end())
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
        exchange = at.exchanges.stream(ask(stream=True), LIMITED)
        opened = Opened(exchange, iter(exchange), first=2)
        response = ExchangeResponse(
            exchange,
            events(opened, key_id="key_1", request_id="r"),
            {},
            deadline=Deadline.after(0.2 - SENDING_SECONDS),
        )
        asyncio.run(response({"type": "http", "asgi": {"spec_version": "2.4"}}, stays, stalls))
        spent = account(at)
    metrics.clear_metrics()

    assert spent["reserved"]["micro_dollars"] == 0
    assert spent["total"]["micro_dollars"] > 0
