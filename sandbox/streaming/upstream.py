"""One HTTP/1.1 exchange with a function's server, whose response is read as it is produced."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import h11

from sandbox.streaming.adapter import HttpRequest

HOST: Final = "127.0.0.1"
_READ_BYTES: Final = 65536


class UpstreamError(Exception):
    """The function's server does not listen, closed the connection early, or does not speak HTTP."""


class Exchange:
    """A request that was sent, and its response.

    Attributes:
        status: of the response.
        headers: of the response, names in lower case.
        complete: whether the end of the response was read.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(our_role=h11.CLIENT)

    @classmethod
    async def begin(cls, port: int, request: HttpRequest) -> "Exchange":
        """Send ``request`` and read the response's status and headers.

        Raises:
            UpstreamError: there is no such response.
        """
        try:
            reader, writer = await asyncio.open_connection(HOST, port)
        except OSError as error:
            raise UpstreamError(f"the server does not listen on its port: {error}") from error
        exchange = cls(reader, writer)
        try:
            exchange._write(request)
            await exchange._read_head()
        except BaseException:
            exchange.close()
            raise
        return exchange

    def _write(self, request: HttpRequest) -> None:
        """Hand all of it to the transport: a server may answer before it has read the body."""
        lines = list(request.headers)
        if not any(name == b"host" for name, _ in lines):
            lines.insert(0, (b"host", HOST.encode()))
        events: list[h11.Event] = [h11.Request(method=request.method, target=request.target, headers=lines)]
        if request.body:
            events.append(h11.Data(data=request.body))
        try:
            self._writer.write(b"".join(self._http.send(event) or b"" for event in [*events, h11.EndOfMessage()]))
        except h11.LocalProtocolError as error:
            raise UpstreamError(f"the request cannot be written as HTTP/1.1: {error}") from error

    async def _read_head(self) -> None:
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                self.status = event.status_code
                self.headers = list(event.headers)
                return
            if not isinstance(event, h11.InformationalResponse):
                raise UpstreamError(f"the server sent no response but {type(event).__name__}")

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, each part as soon as it is there. With the last part :attr:`complete` is already true.

        Raises:
            UpstreamError: the body breaks off.
        """
        event = await self._next()
        while isinstance(event, h11.Data):
            following = self._parse()
            self.complete = isinstance(following, h11.EndOfMessage)
            yield bytes(event.data)
            event = following or await self._next()
        if not isinstance(event, h11.EndOfMessage):
            raise UpstreamError(f"the server's response ended with {type(event).__name__}")
        self.complete = True

    async def _next(self) -> h11.Event:
        while True:
            event = self._parse()
            if event is not None:
                return event
            try:
                data = await self._reader.read(_READ_BYTES)
                self._http.receive_data(data)
            except (OSError, h11.RemoteProtocolError) as error:
                raise UpstreamError(f"the server's response breaks off: {error}") from error

    def _parse(self) -> h11.Event | None:
        """What is there already; None when more must be read first."""
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise UpstreamError(f"the server's response is not HTTP, or breaks off: {error}") from error
        if event is h11.PAUSED:
            raise UpstreamError("the server switched protocols")
        return event if isinstance(event, h11.Event) else None

    def close(self) -> None:
        """Close the connection now; a server that has not finished sees that nobody reads."""
        self._writer.transport.abort()
