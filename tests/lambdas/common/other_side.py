"""The other side of connections: answers what it is told to, without a network, and remembers what it read."""

import socket
import threading
from dataclasses import dataclass
from typing import Any, BinaryIO


@dataclass(frozen=True)
class Last:
    """Send this and close."""

    sent: bytes


class OtherSide:
    """Stands for every service: whoever connects, wherever to, is connected to it.

    Args:
        answers: one for each request, in the order of their coming: bytes to send, a function from the request to
            them, ``Last``, None to close without a word, or ... to say nothing and to keep the connection.

    Attributes:
        requests: what was read, as it came, with the number of the connection that it came on.
        addresses: where to one connected, as (host, port).
    """

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.requests: list[tuple[int, bytes]] = []
        self.addresses: list[tuple[str, int]] = []

    def connect(self, address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        """Return this side of a new connection; stands for ``urllib3.util.connection.create_connection``."""
        ours, theirs = socket.socketpair()
        with self._lock:
            self._sockets.append(theirs)
            self.addresses.append(address)
            number = len(self._sockets)
        threading.Thread(target=self._serve, args=(number, theirs), daemon=True).start()
        return ours

    def close(self) -> None:
        """Close all connections."""
        for one in self._sockets:
            one.close()

    def _serve(self, number: int, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reading:
            while read := _request(reading):
                with self._lock:
                    self.requests.append((number, read))
                    answer = self._answers.pop(0) if self._answers else None
                match answer:
                    case None:
                        return
                    case Last(sent):
                        connection.sendall(sent)
                        return
                    case bytes():
                        connection.sendall(answer)
                    case _ if callable(answer):
                        connection.sendall(answer(read))


def _request(reading: BinaryIO) -> bytes:
    """Return a whole request, b"" at the connection's end."""
    head = b""
    length = 0
    while line := reading.readline():
        head += line
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if line == b"\r\n":
            return head + reading.read(length)
    return b""


def response(body: bytes = b"{}", *, status: str = "200 OK", headers: tuple[str, ...] = ()) -> bytes:
    """Return a response as it is sent."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body
