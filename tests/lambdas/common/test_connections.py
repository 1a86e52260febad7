"""Connections that outlive a freeze: what is not used again, and what goes once more over a new one."""

import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier
from typing import Any

import pytest
import urllib3.util.connection
from botocore.awsrequest import AWSHTTPConnection, AWSHTTPSConnection, AWSRequest, AWSResponse
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import URLLib3Session

from lambdas.common.connections import AT_ONCE_SECONDS, IDLE_SECONDS, KeptConnection, KeptSession
from lambdas.common.deadline import Deadline
from tests.lambdas.common.other_side import Last, OtherSide, response

MakeSide = Callable[..., OtherSide]
URL = "http://bedrock.test/model/m/converse"


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ask(session: URLLib3Session, *, streamed: bool = False) -> AWSResponse:
    request = AWSRequest(method="POST", url=URL, data=b"{}", stream_output=streamed)
    return session.send(request.prepare())


def connections(side: OtherSide) -> list[int]:
    """Return the number of the connection that each request came on."""
    return [number for number, _ in side.requests]


def test_a_connection_is_kept(other_side: MakeSide) -> None:
    side, clock = other_side(response(b"1"), response(b"2")), Clock()
    session = KeptSession(clock=clock)

    assert ask(session).content == b"1"
    clock.now += IDLE_SECONDS
    assert ask(session).content == b"2"

    assert connections(side) == [1, 1]
    assert side.addresses == [("bedrock.test", 80)]


def test_one_that_was_idle_for_long_is_not_used_again(other_side: MakeSide) -> None:
    side, clock = other_side(response(), response(), response()), Clock()
    session = KeptSession(clock=clock)

    ask(session)
    clock.now += IDLE_SECONDS + 0.1
    ask(session)
    ask(session)

    assert connections(side) == [1, 2, 2]


def test_each_is_idle_by_itself(other_side: MakeSide) -> None:
    side, clock = other_side(*[response()] * 6), Clock()
    session = KeptSession(clock=clock)
    first, second = ask(session, streamed=True), ask(session, streamed=True)
    # The second is taken first from now on.
    assert (first.content, second.content) == (b"{}", b"{}")

    clock.now += IDLE_SECONDS - 1
    ask(session)
    clock.now += 2
    third, fourth = ask(session, streamed=True), ask(session, streamed=True)

    assert (third.content, fourth.content) == (b"{}", b"{}")
    assert connections(side) == [1, 2, 2, 2, 3]


def test_a_request_outlives_a_kept_connection_that_was_closed(
    other_side: MakeSide, caplog: pytest.LogCaptureFixture
) -> None:
    side = other_side(response(b"1"), None, response(b"2"))
    session = KeptSession(clock=Clock())

    ask(session)
    assert ask(session).content == b"2"

    assert connections(side) == [1, 1, 2]
    assert [one.message for one in caplog.records if one.levelname == "INFO"] == ["connection renewed"]
    # The same request, whole.
    assert side.requests[1][1] == side.requests[2][1]


def test_a_body_that_was_read_is_sent_from_its_beginning(other_side: MakeSide) -> None:
    side = other_side(response(), None, response())
    session = KeptSession(clock=Clock())
    ask(session)

    session.send(AWSRequest(method="POST", url=URL, data=BytesIO(b"read to its end")).prepare())

    assert [read.endswith(b"read to its end") for _, read in side.requests] == [False, True, True]


def test_a_stream_outlives_it_too(other_side: MakeSide) -> None:
    other_side(response(b"1"), None, response(b"2"))
    session = KeptSession(clock=Clock())

    ask(session)

    assert ask(session, streamed=True).content == b"2"


def test_the_others_that_were_kept_are_given_up_too(other_side: MakeSide) -> None:
    side = other_side(response(), response(), None, *[response()] * 3)
    session = KeptSession(clock=Clock())
    first, second = ask(session, streamed=True), ask(session, streamed=True)
    assert (first.content, second.content) == (b"{}", b"{}")

    # The second is taken and found closed; the first was kept as long.
    ask(session)
    third, fourth = ask(session, streamed=True), ask(session, streamed=True)

    assert (third.content, fourth.content) == (b"{}", b"{}")
    assert connections(side) == [1, 2, 2, 3, 3, 4]


def test_a_second_closed_connection_is_an_error(other_side: MakeSide) -> None:
    side = other_side(response(), None, None)
    session = KeptSession(clock=Clock())

    ask(session)
    with pytest.raises(ConnectionClosedError, match=URL):
        ask(session)

    assert connections(side) == [1, 1, 2]


def test_a_new_connection_that_is_closed_is_an_error(other_side: MakeSide) -> None:
    side = other_side(None)

    with pytest.raises(ConnectionClosedError):
        ask(KeptSession(clock=Clock()))

    assert connections(side) == [1]


def test_one_that_was_connected_anew_is_a_new_one(other_side: MakeSide) -> None:
    side, clock = other_side(response(), None), Clock()
    session = KeptSession(clock=clock)
    ask(session)
    clock.now += IDLE_SECONDS + 0.1

    with pytest.raises(ConnectionClosedError):
        ask(session)

    assert connections(side) == [1, 2]


def test_what_comes_to_light_late_may_have_been_begun(other_side: MakeSide, monkeypatch: pytest.MonkeyPatch) -> None:
    side, clock = other_side(response(), None), Clock()
    session = KeptSession(clock=clock)
    ask(session)
    request = KeptConnection.request

    def slow(connection: KeptConnection, *args: Any, **options: Any) -> Any:
        request(connection, *args, **options)
        clock.now += AT_ONCE_SECONDS + 0.1

    monkeypatch.setattr(KeptConnection, "request", slow)
    with pytest.raises(ConnectionClosedError):
        ask(session)

    assert connections(side) == [1, 1]


@pytest.mark.parametrize(
    "begun", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"HTTP/1.1 2", b"nonsense\r\n\r\n"]
)
def test_an_answer_that_was_begun_is_not_asked_for_again(other_side: MakeSide, begun: bytes) -> None:
    side = other_side(response(), Last(begun))
    session = KeptSession(clock=Clock())
    ask(session)

    with pytest.raises(ConnectionClosedError):
        ask(session)

    assert connections(side) == [1, 1]


def test_silence_is_a_time_out(other_side: MakeSide) -> None:
    side = other_side(response(), ...)
    session = KeptSession(clock=Clock(), timeout=(1, 0.01))
    ask(session)

    with pytest.raises(ReadTimeoutError):
        ask(session)

    assert connections(side) == [1, 1]


@pytest.mark.parametrize(
    ("failure", "raised"),
    [(TimeoutError(), ConnectTimeoutError), (ConnectionRefusedError(), EndpointConnectionError)],
)
def test_nobody_there_is_said_so(monkeypatch: pytest.MonkeyPatch, failure: OSError, raised: type[Exception]) -> None:
    attempts: list[Any] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> None:
        attempts.append(address)
        raise failure

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)

    with pytest.raises(raised):
        ask(KeptSession(clock=Clock()))

    assert len(attempts) == 2


@pytest.mark.parametrize("failure", [TimeoutError(), ConnectionRefusedError()])
def test_what_could_not_be_sent_is_sent_once_more(
    other_side: MakeSide, monkeypatch: pytest.MonkeyPatch, failure: OSError
) -> None:
    side = other_side(response())
    connect: Any = urllib3.util.connection.create_connection
    failures = [failure]

    def connect_at_last(*args: Any, **options: Any) -> Any:
        if failures:
            raise failures.pop()
        return connect(*args, **options)

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect_at_last)

    assert ask(KeptSession(clock=Clock())).status_code == 200
    assert len(connections(side)) == 1


def test_what_could_not_be_sent_in_time_is_not_sent_late(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    attempts: list[Any] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> None:
        attempts.append(address)
        clock.now += 5
        raise TimeoutError

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    session = KeptSession(clock=clock)

    with pytest.raises(ConnectTimeoutError), session.until(Deadline.after(4, clock=clock)):
        ask(session)

    assert len(attempts) == 1


@pytest.mark.parametrize("ended", [ssl.SSLEOFError(), ssl.SSLZeroReturnError()])
def test_ended_tls_is_renewed_if_it_was_kept(
    other_side: MakeSide, monkeypatch: pytest.MonkeyPatch, ended: ssl.SSLError
) -> None:
    side = other_side(response(b"1"), response(b"2"))
    session = KeptSession(clock=Clock())
    ask(session)
    send = AWSHTTPConnection.send
    failures = [ended]

    def ends_once(connection: AWSHTTPConnection, data: Any) -> Any:
        if failures:
            raise failures.pop()
        return send(connection, data)

    monkeypatch.setattr(AWSHTTPConnection, "send", ends_once)
    assert ask(session).content == b"2"
    assert connections(side) == [1, 2]

    session.close()
    failures.append(ended)
    with pytest.raises(SSLError):
        ask(session)


def test_connections_over_tls_are_such_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def connect(connection: KeptConnection) -> None:
        made.append(connection)
        raise ConnectionRefusedError

    monkeypatch.setattr(KeptConnection, "connect", connect)
    request = AWSRequest(method="POST", url=URL.replace("http", "https"), data=b"{}").prepare()

    with pytest.raises(ConnectionClosedError):
        KeptSession(clock=Clock()).send(request)

    assert isinstance(made[0], AWSHTTPSConnection)


def test_so_are_those_over_a_proxy(other_side: MakeSide) -> None:
    side, clock = other_side(*[response()] * 2), Clock()
    session = KeptSession(clock=clock, proxies={"http": "http://proxy.test:3128"})

    ask(session)
    clock.now += IDLE_SECONDS + 0.1
    ask(session)

    assert side.addresses == [("proxy.test", 3128)] * 2


def test_threads_share_a_session(other_side: MakeSide) -> None:
    side, clock = other_side(*[lambda read: response(read.rpartition(b"\r\n")[2])] * 10), Clock()
    session = KeptSession(clock=clock)
    together = Barrier(5)

    def asked(number: int) -> bytes:
        together.wait()
        request = AWSRequest(method="POST", url=URL, data=str(number).encode()).prepare()
        return session.send(request).content

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(asked, range(5))) == [b"0", b"1", b"2", b"3", b"4"]
        before = set(connections(side))
        clock.now += IDLE_SECONDS + 0.1
        assert list(pool.map(asked, range(5))) == [b"0", b"1", b"2", b"3", b"4"]

    assert not before & set(connections(side)[5:])
