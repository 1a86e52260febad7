"""The request at hand: what to give back when it is over."""

from contextlib import AsyncExitStack
from contextvars import ContextVar

from sandbox.control import Application, Receive, Scope, Send

_closing: ContextVar[AsyncExitStack] = ContextVar("closing")


def closing() -> AsyncExitStack:
    """What runs when the request that this task serves is over, however it ended.

    Raises:
        LookupError: the application that serves it was not wrapped by :func:`wrap`.
    """
    return _closing.get()


def wrap(application: Application) -> Application:
    """``application`` whose requests know what to give back."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        async with AsyncExitStack() as stack:
            token = _closing.set(stack)
            try:
                await application(scope, receive, send)
            finally:
                _closing.reset(token)

    return wrapped
