"""The front door: one plain HTTP URL for the REST API that is deployed in the sandbox.

``http://localhost:<port>/<path>`` stands for ``https://<api>.execute-api.<region>.amazonaws.com/<stage>/<path>``. It
adds nothing of its own: what API Gateway would not send, the client does not see.
"""

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sandbox.control import Application, Receive, Response, Scope, Send, error_response, send_response
from sandbox.rest_apis import PAYLOAD_LIMIT, DeployedApi

# RFC 9110 7.6.1: they concern one connection, not the message. Hypercorn frames both sides itself.
_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_NOTHING_DEPLOYED = "no API is deployed yet: deploy a stack with an AWS::ApiGateway::RestApi"

Header = tuple[bytes, bytes]


class _TooLargeError(Exception):
    """The request body is longer than API Gateway accepts."""


class _ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


@dataclass(frozen=True, kw_only=True)
class FrontDoor:
    """An ASGI application that hands each request to the deployed REST API.

    ``deployed`` lists what is deployed now, ``gateway`` is the ASGI application that runs REST APIs under
    ``/restapis/<id>/<stage>/_user_request_/``, ``too_large`` words API Gateway's 413. ``rest_api`` selects one by
    name, id, ``KEY=VALUE`` tag, or one of these with ``/STAGE``; None takes the only one. ``port`` is its own.
    """

    deployed: Callable[[], Sequence[DeployedApi]]
    gateway: Application
    too_large: Callable[[DeployedApi, Scope], Response]
    port: int
    rest_api: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event of the ASGI server."""
        if scope["type"] == "lifespan":
            await _serve_lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._serve_request(scope, receive, send)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = choose(self.deployed(), rest_api=self.rest_api)
        try:
            body = await _read_body(receive)
        except _ClientGoneError:
            return
        except _TooLargeError:
            if isinstance(chosen, DeployedApi):
                await send_response(send, self.too_large(chosen, scope))
                return
            body = b""
        if isinstance(chosen, DeployedApi):
            await self.forward_to_rest_api(chosen, scope, body, receive, send)
        else:
            await send_response(send, chosen)

    async def forward_to_rest_api(
        self, api: DeployedApi, scope: Scope, body: bytes, receive: Receive, send: Send
    ) -> None:
        """Run the request through API Gateway in this process, and pass the response on as it is produced.

        ``receive`` is asked for what follows the body: that the client hung up.
        """
        prefix = f"/restapis/{api.api_id}/{api.stage}/_user_request_"
        raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        forwarded = {
            **scope,
            "path": prefix + _path(scope["path"]),
            "raw_path": quote(prefix).encode() + _path(raw_path.decode("latin-1")).encode("latin-1"),
            "headers": request_headers(scope["headers"], host=f"localhost:{self.port}", body=body),
        }

        unread = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_body() -> MutableMapping[str, Any]:
            return unread.pop() if unread else await receive()

        async def send_without_hops(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": end_to_end(message.get("headers", ()))}
            await send(message)

        await self.gateway(forwarded, receive_body, send_without_hops)


def _path(target: str) -> str:
    """Return the path of a request's target, which may be a whole URL (RFC 9112, 3.2.2); of ``*``, one that is none."""
    if target.startswith("/"):
        return target
    scheme, separator, rest = target.partition("://")
    return f"/{rest.partition('/')[2] if separator and scheme.isalpha() else target}"


def choose(apis: Sequence[DeployedApi], *, rest_api: str | None) -> DeployedApi | Response:
    """The one stage to serve, or the error response that says why there is not exactly one."""
    if not apis:
        return error_response(503, _NOTHING_DEPLOYED, code="no_api")
    fitting = [api for api in apis if rest_api is None or api.matches(rest_api)]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(f"{api.name}/{api.stage}" for api in (fitting or apis))
    if not fitting:
        return error_response(502, f"no deployed REST API is {rest_api!r}; deployed: {listed}", code="unknown_api")
    advice = "choose one: python -m sandbox up --rest-api NAME[/STAGE], or a tag as KEY=VALUE"
    return error_response(502, f"{len(fitting)} REST API stages are deployed: {listed}; {advice}", code="several_apis")


def end_to_end(headers: Iterable[Header]) -> list[Header]:
    """``headers`` without those that concern one connection, nor those that ``Connection`` names."""
    lines = list(headers)
    named = {
        token.strip().lower() for name, value in lines if name.lower() == b"connection" for token in value.split(b",")
    }
    return [(name, value) for name, value in lines if name.lower() not in _HOP_BY_HOP | named]


def request_headers(headers: Iterable[Header], *, host: str, body: bytes) -> list[Header]:
    """What API Gateway is given: the client's end-to-end headers, with the length of the body that was read.

    The host is the front door's own: MiniStack routes by host name, so one chosen by the client could reach a bucket.
    """
    kept = [line for line in end_to_end(headers) if line[0].lower() not in (b"host", b"content-length", b"expect")]
    had_length = any(name.lower() == b"content-length" for name, _ in headers)
    length = [(b"content-length", str(len(body)).encode())] if body or had_length else []
    return [(b"host", host.encode()), *kept, *length]


async def _read_body(receive: Receive) -> bytes:
    """The request body; API Gateway too has all of it before it does anything.

    A body over the limit is read to its end without being kept, so that the client gets to read the answer.

    Raises:
        _TooLargeError: it is over :data:`PAYLOAD_LIMIT` bytes.
        _ClientGoneError: the client went away.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _ClientGoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= PAYLOAD_LIMIT:
            chunks.append(chunk)
        if not message.get("more_body", False):
            break
    if size > PAYLOAD_LIMIT:
        raise _TooLargeError
    return b"".join(chunks)


async def _serve_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
