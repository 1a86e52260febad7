"""Calls with a deadline, over real sockets: no kind of waiting outlives it, and nothing else is bounded by it."""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from benchmarks.upstream import event_message
from lambdas.common.bounded import BoundedClient
from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.direct import DirectClient
from tests.lambdas.common.calls import CONVERSE, LOADER
from tests.lambdas.common.other_side import OtherSide, response
from tests.lambdas.common.test_deadline import Clock
from tests.waiting import PATIENCE

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n"
DELTA = event_message("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "stone "}})
REPLY = b'{"output": {"message": {"role": "assistant", "content": []}}, "stopReason": "end_turn", "usage": {}}'
# Shorter than any patience, longer than a machine that is busy needs to send a request.
SOON = 0.5
Say = Callable[[socket.socket], None]
MakeSide = Callable[..., OtherSide]


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def client(kind: type[BoundedClient] = DirectClient) -> Any:
    made = botocore.session.Session()
    made.register_component("data_loader", LOADER)
    made.set_credentials("AKIATEST", "secret")
    plain = made.create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url="http://bedrock.test",
        config=Config(read_timeout=PATIENCE, retries={"total_max_attempts": 1}, user_agent="test quarry"),
    )
    return kind(plain, made)


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Say], None]]:
    """Let whoever sends a request be answered by a function."""
    sides: list[socket.socket] = []

    def answer(say: Say) -> None:
        ours, theirs = socket.socketpair()
        sides.append(theirs)
        monkeypatch.setattr("urllib3.util.connection.create_connection", lambda *_, **__: ours)

        def serve() -> None:
            with suppress(OSError):
                while not theirs.recv(65_536).endswith(b"}"):
                    pass
                say(theirs)

        threading.Thread(target=serve, daemon=True).start()

    yield answer
    for side in sides:
        side.close()


def test_a_stream_that_never_falls_silent_ends_at_its_deadline(upstream: Callable[[Say], None]) -> None:
    clock = Clock()

    def talk(side: socket.socket) -> None:
        side.sendall(STREAM)
        while True:
            side.sendall(chunk(DELTA))

    upstream(talk)
    events = client().until(Deadline.after(115, clock=clock)).converse_stream(**CONVERSE)["stream"]
    came = sum(1 for _ in zip(range(2_000), events, strict=False))
    clock.now += 115

    with pytest.raises(ReadTimeoutError):
        deque(events, maxlen=0)

    assert came == 2_000
    events.close()


def said_nothing(_: socket.socket) -> None:
    return


def head_only(side: socket.socket) -> None:
    side.sendall(response(REPLY)[: -len(REPLY)])


def head_by_drops(side: socket.socket) -> None:
    for place in range(len(response(REPLY))):
        side.sendall(response(REPLY)[place : place + 1])
        time.sleep(0.05)


def body_by_drops(side: socket.socket) -> None:
    head_only(side)
    for place in range(len(REPLY)):
        side.sendall(REPLY[place : place + 1])
        time.sleep(0.05)


@pytest.mark.parametrize("say", [said_nothing, head_only, head_by_drops, body_by_drops])
def test_a_whole_answer_is_waited_for_until_its_deadline(upstream: Callable[[Say], None], say: Say) -> None:
    upstream(say)

    with pytest.raises(ReadTimeoutError):
        client().until(Deadline.after(SOON)).converse(**CONVERSE)


def silent(side: socket.socket) -> None:
    side.sendall(STREAM + chunk(DELTA))


def a_frame_by_drops(side: socket.socket) -> None:
    side.sendall(STREAM + chunk(DELTA) + b"%x\r\n" % len(DELTA))
    for place in range(len(DELTA)):
        side.sendall(DELTA[place : place + 1])
        time.sleep(0.05)


@pytest.mark.parametrize("say", [silent, a_frame_by_drops])
def test_an_opened_stream_is_read_until_the_deadline_though_others_read_it(
    upstream: Callable[[Say], None], say: Say
) -> None:
    upstream(say)
    events = client().until(Deadline.after(SOON)).converse_stream(**CONVERSE)["stream"]
    came: list[Any] = [next(iter(events))]
    failed: list[BaseException] = []

    def read() -> None:
        try:
            came.extend(events)
        except ReadTimeoutError as error:
            failed.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(PATIENCE)

    assert not reader.is_alive()
    assert (len(came), len(failed)) == (1, 1)


def test_when_the_time_is_up_nothing_is_sent(other_side: MakeSide) -> None:
    side = other_side(response(REPLY))
    clock = Clock()
    deadline = Deadline.after(5, clock=clock)
    clock.now += 5

    for kind in (DirectClient, BoundedClient):
        with pytest.raises(ReadTimeoutError):
            client(kind).until(deadline).converse(**CONVERSE)

    assert side.requests == []


def test_botocores_own_calls_are_bounded_too(upstream: Callable[[Say], None]) -> None:
    upstream(head_only)

    with pytest.raises(ReadTimeoutError):
        client(BoundedClient).until(Deadline.after(SOON)).apply_guardrail(
            guardrailIdentifier="g", guardrailVersion="1", source="INPUT", content=[{"text": {"text": "x"}}]
        )


def test_the_next_call_over_the_same_connection_is_bound_by_its_own_deadline_only(other_side: MakeSide) -> None:
    side, made, clock = other_side(*[response(REPLY)] * 3), client(), Clock()
    hurried = made.until(Deadline.after(5, clock=clock))

    hurried.converse(**CONVERSE)
    clock.now += 6
    made.converse(**CONVERSE)
    made.until(NEVER).converse(**CONVERSE)
    with pytest.raises(ReadTimeoutError):
        hurried.converse(**CONVERSE)

    assert [number for number, _ in side.requests] == [1, 1, 1]


def test_a_deadline_inside_another_ends_with_its_call(other_side: MakeSide) -> None:
    other_side(*[response(REPLY)] * 2)
    made, clock = client(), Clock()
    past = Deadline(clock.now, clock=clock)

    with pytest.raises(ReadTimeoutError):
        made.until(NEVER).until(past).converse(**CONVERSE)

    assert made.until(NEVER).converse(**CONVERSE)["stopReason"] == "end_turn"
