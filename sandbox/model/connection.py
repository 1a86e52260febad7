"""The connection that a request came over, which ASGI does not tell: who wants to reset one has to have it."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextvars import ContextVar

from hypercorn.asyncio.tcp_server import TCPServer

_current: ContextVar[asyncio.StreamWriter | None] = ContextVar("connection", default=None)


def install() -> None:
    """Remember the connection of each request of this process's servers. Safe to call again."""
    original = TCPServer.run
    if getattr(original, "is_remembering", False):
        return

    async def run(self: TCPServer) -> None:
        _current.set(self.writer)
        await original(self)

    run.is_remembering = True  # type: ignore[attr-defined]  # the mark that makes a second install harmless
    TCPServer.run = run


def reset() -> None:
    """End the connection of the request at hand so that the other side's next read fails; without one do nothing."""
    writer = _current.get()
    if writer is None:
        return
    # Closing it sends RST, and what was not sent yet is dropped.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
