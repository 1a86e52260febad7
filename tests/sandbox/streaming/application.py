"""The function that the tests deploy: an ASGI application with no packages of its own but boto3's, in one file."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

try:
    from from_a_layer import NAME  # type: ignore[import-not-found]
except ImportError:
    NAME = None


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer by path; what it does not know it describes."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    answer = {"stream": stream, "endless": endless, "call": call, "silent": silent, "broken-off": broken_off}
    await answer.get(scope["path"].rpartition("/")[2], describe)(scope, receive, send)


async def start(send: Any, status: int = 200, content_type: bytes = b"text/event-stream") -> None:
    headers = [(b"content-type", content_type), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def reply(send: Any, document: object, status: int = 200) -> None:
    await start(send, status, b"application/json")
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})


async def stream(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Ten chunks, each as soon as the file of its number is in the folder ``?gate=``."""
    gate = Path(query(scope)["gate"])
    await start(send)
    for number in range(10):
        while not (gate / str(number)).exists():
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b"%d\n" % number, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def endless(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Chunks for as long as the file of ``?while=`` is there, or for ever; how it ended is logged with ``?who=``."""
    asked = query(scope)
    await start(send)
    gone = asyncio.create_task(disconnected(receive))
    while not gone.done() and ("while" not in asked or Path(asked["while"]).exists()):
        await send({"type": "http.response.body", "body": b"%d\n" % os.getpid(), "more_body": True})
        await asyncio.sleep(0.02)
    print(asked.get("who"), "was told of the end" if gone.done() else "came to the end", flush=True)
    await send({"type": "http.response.body", "body": b""})


async def broken_off(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The process ends in the middle of its response."""
    await start(send)
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    await asyncio.sleep(0.1)
    os._exit(7)


async def silent(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """No answer as long as the file of ``?while=`` is there, or ever; both ends are logged with ``?who=``."""
    asked = query(scope)
    print(asked.get("who"), "waits", flush=True)
    gone = asyncio.create_task(disconnected(receive))
    while not gone.done() and ("while" not in asked or Path(asked["while"]).exists()):
        await asyncio.sleep(0.02)
    print(asked.get("who"), "was told of the end" if gone.done() else "came to the end", flush=True)
    await start(send)
    await send({"type": "http.response.body", "body": b""})


def query(scope: dict[str, Any]) -> dict[str, Any]:
    return {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}


async def disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def call(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Call an AWS API with the function's own credentials: ``?service=s3&operation=list_buckets``."""
    import boto3
    from botocore.exceptions import ClientError

    asked = query(scope)
    client = boto3.client(asked["service"])
    try:
        getattr(client, asked["operation"])()
    except ClientError as error:
        await reply(send, {"code": error.response["Error"]["Code"]})
    else:
        await reply(send, {"code": None})


async def describe(scope: dict[str, Any], receive: Any, send: Any) -> None:
    body = (await receive()).get("body", b"")
    headers = [[name.decode(), value.decode("utf-8")] for name, value in scope["headers"]]
    print(f"described {scope['path']}", file=sys.stderr, flush=True)
    await reply(
        send,
        {
            "pid": os.getpid(),
            "method": scope["method"],
            "path": scope["path"],
            "raw_path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": dict(headers),
            "body": body.decode(),
            "layer": NAME,
            "environment": {name: value for name, value in os.environ.items() if name != "AWS_SECRET_ACCESS_KEY"},
        },
    )
