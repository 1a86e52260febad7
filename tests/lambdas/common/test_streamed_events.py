"""Streams whose connection breaks, falls silent or delivers damage: always one of botocore's exceptions."""

import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ReadTimeoutError, ResponseStreamingError

from benchmarks.upstream import event_message
from lambdas.common.direct import DirectClient
from lambdas.common.streamed_events import StreamedEvents
from tests.lambdas.common.calls import CONVERSE, LOADER
from tests.waiting import PATIENCE

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n"
DELTA = event_message("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hello wor"}})
Connect = Callable[[Callable[[socket.socket], None]], Any]


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


BEGUN = HEAD + chunk(event_message("messageStart", {"role": "assistant"})) + chunk(DELTA)


@pytest.fixture
def read() -> list[socket.socket]:
    """The sockets that clients read."""
    return []


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch, read: list[socket.socket]) -> Iterator[Connect]:
    """Return what begins a stream that goes on as it is told to."""
    sides: list[socket.socket] = []
    begun: list[Any] = []

    def begin(then: Callable[[socket.socket], None]) -> Any:
        ours, theirs = socket.socketpair()
        sides.append(theirs)
        read.append(ours)
        monkeypatch.setattr("urllib3.util.connection.create_connection", lambda *_, **__: ours)

        def serve() -> None:
            while not theirs.recv(65_536).endswith(b"}"):
                pass
            theirs.sendall(BEGUN)
            then(theirs)

        threading.Thread(target=serve, daemon=True).start()
        made = botocore.session.Session()
        made.register_component("data_loader", LOADER)
        made.set_credentials("AKIATEST", "secret")
        client = made.create_client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url="http://bedrock.test",
            config=Config(read_timeout=PATIENCE, retries={"total_max_attempts": 1}, user_agent="test quarry"),
        )
        begun.append(DirectClient(client, made).converse_stream(**CONVERSE)["stream"])
        return begun[-1]

    yield begin
    # What nobody closes is told by the collector, in whichever test it comes to it.
    for one in begun:
        one.close()
    for side in (*sides, *read):
        side.close()


def closed(side: socket.socket) -> None:
    side.close()


def cut_within_a_frame(side: socket.socket) -> None:
    side.sendall(b"%x\r\n%s" % (len(DELTA), DELTA[:20]))
    side.close()


def damaged(side: socket.socket) -> None:
    side.sendall(chunk(DELTA[:-2] + b"zz") + b"0\r\n\r\n")


def rightly_framed(place: int, value: int) -> Callable[[socket.socket], None]:
    """Return what sends a frame that has one byte changed, and the sums of what it is now."""
    frame = bytearray(DELTA[:-4])
    frame[place] = value
    whole = bytes(frame) + zlib.crc32(frame).to_bytes(4, "big")
    return lambda side: side.sendall(chunk(whole) + b"0\r\n\r\n")


def silent(_: socket.socket) -> None:
    return


@pytest.mark.parametrize(
    ("then", "raised"),
    [
        (closed, ResponseStreamingError),
        (cut_within_a_frame, ResponseStreamingError),
        (damaged, ResponseStreamingError),
        # A header's name that is no UTF-8, a kind of value that there is not, a header longer than all of them, a text
        # that is no UTF-8.
        (rightly_framed(13, 0xFF), ResponseStreamingError),
        (rightly_framed(24, 0x65), ResponseStreamingError),
        (rightly_framed(12, 0xFF), ResponseStreamingError),
        (rightly_framed(-8, 0xFF), ResponseStreamingError),
        (silent, ReadTimeoutError),
    ],
)
def test_what_breaks_a_stream_is_botocores_exception_after_what_came_before(
    stream: Connect, read: list[socket.socket], then: Callable[[socket.socket], None], raised: type[BotoCoreError]
) -> None:
    events = stream(then)
    # Iterated anew, as the service does for the first event.
    came = [next(iter(events))]
    if then is silent:
        # What has come is there; nobody's patience is the client's before.
        read[0].settimeout(0.05)

    with pytest.raises(raised):
        came.extend(events)

    assert [next(iter(event)) for event in came] == ["messageStart", "contentBlockDelta"]


def test_a_connection_that_was_reset_is_botocores_exception() -> None:
    class Reset:
        def __iter__(self) -> Iterator[dict[str, Any]]:
            raise ConnectionResetError("reset by peer")

    with pytest.raises(ResponseStreamingError):
        list(StreamedEvents(Reset(), None, "http://bedrock.test"))


def test_closing_shuts_the_connection_down_first_so_that_no_reader_is_waited_for() -> None:
    done: list[str] = []

    class Closable:
        def __init__(self, name: str) -> None:
            self._name = name

        def shutdown(self) -> None:
            done.append(f"shut down {self._name}")

        def close(self) -> None:
            done.append(f"closed {self._name}")

    StreamedEvents(Closable("events"), Closable("response"), "http://bedrock.test").close()

    assert done == ["shut down response", "closed events"]


def test_a_stream_that_was_read_to_its_end_can_be_closed(stream: Connect) -> None:
    events = stream(lambda side: side.sendall(b"0\r\n\r\n"))

    assert len(list(events)) == 2
    events.close()
    events.close()
