"""The Lambda Web Adapter's part: it hands an API Gateway event to the chat server over a connection that is kept.

The standard library alone, and the socket by hand: the client must cost little beside what it measures.
"""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.upstream import TOKEN, TOKENS

EVENT: Final = Path(__file__).resolve().parent.parent / "tests" / "events" / "chat_completion.json"
TIMEOUT_SECONDS: Final = 30.0

CONTENT: Final = f'"content":"{TOKEN}"'.encode()
DONE: Final = b"data: [DONE]\n\n"
LAST_CHUNK: Final = b"\r\n0\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Stream:
    """How one API streams.

    Attributes:
        path: where it is asked.
        asks: makes its request's body of the chat API's.
        token: what each token's event has in it.
        end: the last event, or its beginning.
    """

    path: str
    asks: Callable[[dict[str, Any]], dict[str, Any]]
    token: bytes = CONTENT
    end: bytes = DONE


def _without(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**{name: value for name, value in body.items() if name in ("model", "messages", "stream")}, **more}


def _responses(body: dict[str, Any]) -> dict[str, Any]:
    # As agents ask: nothing is stored, as nothing is of a chat.
    asked = _without(body, input=body["messages"], store=False)
    return {name: value for name, value in asked.items() if name != "messages"}


def _messages(body: dict[str, Any]) -> dict[str, Any]:
    return _without(body, max_tokens=4_096)


CHAT: Final = Stream(path="/v1/chat/completions", asks=dict)
RESPONSES: Final = Stream(path="/v1/responses", asks=_responses, token=f'"delta":"{TOKEN}"'.encode())
MESSAGES: Final = Stream(
    path="/v1/messages", asks=_messages, token=f'"text":"{TOKEN}"'.encode(), end=b"event: message_stop"
)


class AnswerError(Exception):
    """The chat server answered something else than 200 and the whole text; has the answer's beginning."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as ASGI and HTTP have it."""

    path: str
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def to_http(self) -> bytes:
        """Return it as the adapter writes it."""
        lines = [f"POST {self.path} HTTP/1.1".encode(), *(name + b": " + value for name, value in self.headers)]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


@dataclass(frozen=True, kw_only=True)
class Taken:
    """How long an answer took, milliseconds: to its first token (as long as the whole if that was not streamed)."""

    first_token: float
    whole: float


def request(*, stream: bool, api: Stream = CHAT) -> Request:
    """Return the chat request of the tests, as an API has it, with API Gateway's context in the adapter's header."""
    event: dict[str, Any] = json.loads(EVENT.read_text(encoding="utf-8"))
    body = json.dumps(api.asks({**json.loads(event["body"]), "stream": stream})).encode()
    # The request is sent for as long as is measured, and comes anew each time: it has no time at which it came.
    context = {name: value for name, value in event["requestContext"].items() if name != "requestTimeEpoch"}
    headers = {
        "host": "127.0.0.1:8080",
        **{name.lower(): value for name, value in event["headers"].items()},
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=1",
        "x-amzn-request-context": json.dumps(context, separators=(",", ":")),
        "x-amzn-lambda-context": json.dumps({"request_id": "22222222-3333-4444-5555-666666666666"}),
        "content-length": str(len(body)),
    }
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request(path=api.path, headers=encoded, body=body)


class Connection:
    """One connection to the chat server of a port of the loopback interface, kept until ``close``."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def whole(self, http: bytes) -> Taken:
        """Send a request and read its answer, whole.

        Raises:
            AnswerError: it is not 200.
        """
        start = time.perf_counter_ns()
        self._socket.sendall(http)
        answer = b""
        while (head := answer.find(b"\r\n\r\n")) < 0:
            answer += self._received(answer)
        _check(answer)
        length = int(answer[:head].lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(answer) < head + 4 + length:
            answer += self._received(answer)
        taken = _since(start)
        return Taken(first_token=taken, whole=taken)

    def streamed(self, http: bytes, api: Stream = CHAT) -> Taken:
        """Send a request and read the server-sent events of its answer, whole at the last one, where clients stop.

        What the server does after that is waited for, and not in the time.

        Raises:
            AnswerError: it is not 200, or tokens are missing.
        """
        start = time.perf_counter_ns()
        self._socket.sendall(http)
        answer = b""
        while api.token not in answer:
            answer += self._received(answer)
            _check(answer)
        first = _since(start)
        while api.end not in answer:
            answer += self._received(answer)
        taken = Taken(first_token=first, whole=_since(start))
        while not answer.endswith(LAST_CHUNK):
            answer += self._received(answer)
        if answer.count(api.token) != TOKENS:
            raise AnswerError(f"the stream was not whole: {answer[-500:]!r}")
        return taken

    def _received(self, answer: bytes) -> bytes:
        part = self._socket.recv(65_536)
        if not part:
            raise AnswerError(f"the chat server hung up after {answer[-500:]!r}")
        return part


def _check(answer: bytes) -> None:
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise AnswerError(f"the chat server answered {answer[:1000]!r}")


def _since(start: int) -> float:
    return (time.perf_counter_ns() - start) / 1e6
