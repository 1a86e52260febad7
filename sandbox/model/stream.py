"""Sends an answer as ConverseStream does: events in the ``vnd.amazon.eventstream`` encoding, one token at a time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import StreamingResponse
from ministack.services.bedrock_runtime import _es_encode_message

from sandbox.model import connection, limits
from sandbox.model.errors import STREAM_ERRORS, Json, Response
from sandbox.model.scripted import Call

Part = tuple[bytes, bool]
"""An encoded event, and whether it carries a token."""
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

_LOOK_SECONDS = 0.02

CONTENT_TYPE = "application/vnd.amazon.eventstream"


@dataclass(frozen=True)
class Pace:
    """How a stream goes.

    Attributes:
        delay: seconds before each token.
        break_after: after how many tokens it breaks off; None: it does not.
        how: in which way of ``BREAKS``; None: with ``error``.
        hold_after: after how many tokens it stands still while ``held`` says so; None: it does not.
    """

    delay: float = 0.0
    break_after: int | None = None
    how: str | None = None
    error: str = "modelStreamErrorException"
    message: str | None = None
    hold_after: int | None = None
    held: Callable[[], bool] = bool


def event(kind: str, payload: Json) -> bytes:
    """Return one encoded event. ``kind`` is a member of ConverseStreamOutput."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    encoded: bytes = _es_encode_message(headers, json.dumps(payload, ensure_ascii=False).encode())
    return encoded


def exception(kind: str, message: str) -> bytes:
    """Return an encoded error inside a stream; the client's SDK raises it as an EventStreamError."""
    payload: Json = {"message": message}
    if kind == "modelStreamErrorException":
        payload |= {"originalStatusCode": 500, "originalMessage": message}
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    encoded: bytes = _es_encode_message(headers, json.dumps(payload, ensure_ascii=False).encode())
    return encoded


def events(blocks: list[Json], ending: Json, metadata: Json) -> Iterator[Part]:
    """Yield (encoded event, whether it carries a token) of a whole answer that ends with ``ending``, in AWS's order."""
    yield event("messageStart", {"role": "assistant"}), False
    for index, block in enumerate(blocks):
        if "toolUse" in block:
            use = block["toolUse"]
            start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            yield event("contentBlockStart", {"start": start, "contentBlockIndex": index}), False
        for piece in limits.block_pieces(block):
            yield event("contentBlockDelta", {"delta": _delta(block, piece), "contentBlockIndex": index}), True
        for delta in _sealed(block.get("reasoningContent") or {}):
            yield event("contentBlockDelta", {"delta": delta, "contentBlockIndex": index}), False
        yield event("contentBlockStop", {"contentBlockIndex": index}), False
    yield event("messageStop", ending), False
    yield event("metadata", metadata), False


def _delta(block: Json, piece: str) -> Json:
    if "toolUse" in block:
        return {"toolUse": {"input": piece}}
    return {"reasoningContent": {"text": piece}} if "reasoningContent" in block else {"text": piece}


def _sealed(thought: Json) -> Iterator[Json]:
    """What comes behind a thought: its signature; or all of it where nobody may read it."""
    if "redactedContent" in thought:
        yield {"reasoningContent": {"redactedContent": thought["redactedContent"]}}
    elif signature := (thought.get("reasoningText") or {}).get("signature"):
        yield {"reasoningContent": {"signature": signature}}


async def at_once(parts: Iterator[Part]) -> AsyncGenerator[Part, None]:
    """Yield ``parts`` that wait for nothing."""
    for part in parts:
        yield part


def response(parts: AsyncGenerator[Part, None], pace: Pace, call: Call) -> Response:
    """Return the streaming response that sends ``parts`` at ``pace`` and notes in ``call`` what was sent when."""

    async def run(send: Send, receive: Receive) -> None:
        gone = asyncio.create_task(_until_disconnected(receive))
        try:
            await _send_all(parts, pace, call, send, gone)
        finally:
            call.finished = time.time()
            await parts.aclose()
            gone.cancel()
            with suppress(asyncio.CancelledError):  # our own cancellation of the watcher, nothing else
                await gone

    return 200, {"Content-Type": CONTENT_TYPE}, StreamingResponse(run)


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(parts: AsyncGenerator[Part, None], gone: asyncio.Task[None]) -> Part | None:
    """Return the next part; None after the last. Whoever has gone is not waited for: the part is given up."""
    coming = asyncio.ensure_future(anext(parts, None))
    await asyncio.wait({coming, gone}, return_when=asyncio.FIRST_COMPLETED)
    if coming.done():
        return coming.result()
    coming.cancel()
    with suppress(asyncio.CancelledError):
        await coming
    return b"", False


async def _send_all(
    parts: AsyncGenerator[Part, None], pace: Pace, call: Call, send: Send, gone: asyncio.Task[None]
) -> None:
    started = time.monotonic()
    while (part := await _next(parts, gone)) is not None:
        encoded, is_token = part
        if is_token:
            if pace.break_after is not None and len(call.sent) >= pace.break_after:
                if pace.how is not None:
                    await _break_off(encoded, pace.how, call, send, gone)
                    return
                broken = exception(pace.error, pace.message or STREAM_ERRORS[pace.error])
                await send({"type": "http.response.body", "body": broken, "more_body": True})
                call.outcome = pace.error
                break
            # Against the schedule, not the last token, so that the pace does not drift.
            due = started + pace.delay * (len(call.sent) + 1) - time.monotonic()
            await asyncio.wait({gone}, timeout=max(0.0, due))
            while len(call.sent) == pace.hold_after and pace.held() and not gone.done():
                await asyncio.wait({gone}, timeout=_LOOK_SECONDS)
        if gone.done():
            call.disconnected = True
            call.outcome = "disconnected"
            return
        await send({"type": "http.response.body", "body": encoded, "more_body": True})
        if is_token:
            call.sent.append(time.time())
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    if call.outcome == "running":
        call.outcome = "completed"


def broken(whole: Response, how: str, call: Call) -> Response:
    """Return a whole answer that breaks off in its middle; one without a reason for its end lacks it."""
    status, headers, reply = whole
    if how == "no_stop":
        document = json.loads(reply)
        del document["stopReason"]
        call.outcome, call.finished = how, time.time()
        return status, headers, json.dumps(document).encode()

    async def run(send: Send, receive: Receive) -> None:
        gone = asyncio.create_task(_until_disconnected(receive))
        try:
            half = len(reply) // 2
            await send({"type": "http.response.body", "body": reply[:half], "more_body": True})
            await _break_off(reply[half:], how, call, send, gone)
        finally:
            call.finished = time.time()
            gone.cancel()
            with suppress(asyncio.CancelledError):  # our own cancellation of the watcher, nothing else
                await gone

    return status, headers, StreamingResponse(run)


async def _break_off(rest: bytes, how: str, call: Call, send: Send, gone: asyncio.Task[None]) -> None:
    """End a response in one of ``BREAKS``; ``rest`` would come next."""
    call.outcome = how
    if how == "silence":
        await gone
    elif how == "reset":
        connection.reset()
    elif how != "close":
        if how == "damage":
            await send({"type": "http.response.body", "body": rest[:-2] + b"zz", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    # A body that is not ended has its connection closed.
