"""Control endpoints of the sandbox under ``/_sandbox/``, answered on the AWS port before MiniStack sees the request."""

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Response = tuple[int, dict[str, str], bytes]
Query = dict[str, list[str]]
Handler = Callable[[str, str, bytes, Query], Awaitable[Response]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
ResetHook = Callable[[], None]

PREFIX = "/_sandbox/"
_RESET_PATH = "/_ministack/reset"
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")

_logger = logging.getLogger(__name__)
_handlers: dict[str, Handler] = {}
_reset_hooks: list[ResetHook] = []


def route(prefix: str) -> Callable[[Handler], Handler]:
    """Register ``async def handler(method, path, body, query) -> (status, headers, body)`` for a path and all below it.

    ``query`` is the parsed query string, one list of values per name. The longest matching prefix wins.

    Raises:
        ValueError: the prefix does not begin with ``/_sandbox/``.
    """
    if not prefix.startswith(PREFIX):
        raise ValueError(f"a control endpoint begins with {PREFIX}, got {prefix!r}")

    def register(handler: Handler) -> Handler:
        _handlers[prefix.rstrip("/")] = handler
        return handler

    return register


def on_reset(hook: ResetHook) -> ResetHook:
    """Register a function that runs after MiniStack emptied its state, before the reset is answered."""
    if hook not in _reset_hooks:
        _reset_hooks.append(hook)
    return hook


def json_response(status: int, document: object) -> Response:
    """A JSON response with its content type."""
    return status, {"content-type": "application/json"}, json.dumps(document).encode() + b"\n"


def error_response(status: int, message: str, *, code: str) -> Response:
    """``{"error": {"message", "type", "code"}}``, the one error shape of the sandbox."""
    return json_response(status, {"error": {"message": message, "type": "sandbox_error", "code": code}})


async def read_body(receive: Receive) -> bytes:
    """The whole request body.

    Raises:
        ConnectionError: the client went away before sending all of it.
    """
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError("the client closed the connection before the request was complete")
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def send_response(send: Send, response: Response) -> None:
    """Send one complete response."""
    status, headers, body = response
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if status != 204:  # RFC 9110 8.6: a 204 has no length.
        lines.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def wrap(application: Application) -> Application:
    """``application`` with the control endpoints in front of it."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(PREFIX):
            await send_response(send, await _answer(scope, receive))
        elif scope["type"] == "http" and path == _RESET_PATH:
            await application(scope, receive, _with_reset_hooks(send))
        else:
            await application(scope, receive, send)

    return wrapped


async def _answer(scope: Scope, receive: Receive) -> Response:
    if not _from_this_machine(scope):
        return error_response(403, "control endpoints answer requests from this machine only", code="forbidden")
    path: str = scope["path"]
    handler = _find(path)
    if handler is None:
        known = ", ".join(sorted(_handlers)) or "none"
        return error_response(404, f"no control endpoint {path}; known: {known}", code="not_found")
    try:
        body = await read_body(receive)
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        return await handler(scope["method"], path, body, query)
    except Exception as error:
        _logger.exception("control endpoint %s failed", path)
        return error_response(500, f"{type(error).__name__}: {error}", code="internal_error")


def _find(path: str) -> Handler | None:
    fitting = [prefix for prefix in _handlers if path == prefix or path.startswith(prefix + "/")]
    return _handlers[max(fitting, key=len)] if fitting else None


def _from_this_machine(scope: Scope) -> bool:
    """Whether both the peer and the name it asked for are the loopback (a web page can rebind its own name to it)."""
    client = scope.get("client")
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"), "")
    name = host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host
    return (client is None or client[0] in ("127.0.0.1", "::1")) and name.lower() in _LOOPBACK_HOSTS


def _with_reset_hooks(send: Send) -> Send:
    """``send`` that first restores what must outlive a reset, so that the next request already finds it."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            for hook in _reset_hooks:
                hook()
        await send(message)

    return sending
