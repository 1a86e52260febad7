"""The client of the request at hand: noticing that it hung up, and what to give back when its request is over."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any, TypeVar

from sandbox.control import Application, Receive, Scope, Send

Result = TypeVar("Result")

_current: ContextVar["Client"] = ContextVar("client")


class ClientGoneError(Exception):
    """The client closed its connection before it had the whole response."""


class Client:
    """Who waits for the response of the request at hand.

    Attributes:
        closing: runs when the request is over, however it ended.
    """

    def __init__(self, receive: Receive, closing: AsyncExitStack) -> None:
        self.closing = closing
        self._receive = receive
        self._gone: asyncio.Task[None] | None = None

    async def race(self, work: Coroutine[Any, Any, Result], *, deadline: float) -> Result:
        """Do ``work`` while the client waits, until ``deadline`` on the event loop's clock (seconds).

        The request's body must have been received.

        Raises:
            ClientGoneError: the client hung up; the work was cancelled.
            TimeoutError: the deadline passed; the work was cancelled.
        """
        if self._gone is None:
            self._gone = asyncio.create_task(self._hung_up())
            self.closing.callback(self._gone.cancel)
        task = asyncio.create_task(work)
        try:
            remaining = max(0.0, deadline - asyncio.get_running_loop().time())
            await asyncio.wait({task, self._gone}, timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        if not task.cancelled():
            return task.result()
        if self._gone.done():
            raise ClientGoneError
        raise TimeoutError

    async def _hung_up(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def current() -> Client:
    """The client of the request that this task serves.

    Raises:
        LookupError: the application that serves it was not wrapped by :func:`wrap`.
    """
    return _current.get()


def wrap(application: Application) -> Application:
    """``application`` whose requests know their client."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        async with AsyncExitStack() as closing:
            token = _current.set(Client(receive, closing))
            try:
                await application(scope, receive, send)
            finally:
                _current.reset(token)

    return wrapped
