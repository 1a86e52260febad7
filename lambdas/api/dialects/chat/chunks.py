"""From neutral events to OpenAI's ``chat.completion.chunk`` objects, as they go on the wire."""

import time
from typing import Any

import msgspec

from lambdas.api.dialects.chat.completion import finish_reason, new_id
from lambdas.api.dialects.chat.wire import CHAT
from lambdas.api.dialects.server_sent import frame
from lambdas.api.usage import to_usage
from lambdas.chat.events import Began, CallBegan, CallDelta, Counted, Ended, Event, ReasoningDelta, TextDelta
from lambdas.common.errors import ApiError

_encode = msgspec.json.Encoder().encode


class ChunkTable:
    """The chunks of one answer.

    Args:
        model: what it is said to be from.
        usage: whether the token counts are told, in a last chunk.
    """

    def __init__(self, *, model: str, usage: bool) -> None:
        self._head: dict[str, Any] = {
            "id": new_id(),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        # Of a token's chunk only the token is made anew: all before and behind it is the same for all of them.
        before, behind = _encode(self._chunk({"content": "|"})).rsplit(b'"|"', 1)
        self._before, self._behind = b"data: " + before, behind + b"\n\n"
        self._usage = usage
        # The place of a call's block -> its number among the calls.
        self._calls: dict[int, int] = {}

    def told(self, event: Event) -> bytes:
        """Return the chunks of an event."""
        if isinstance(event, TextDelta):
            return self._before + _encode(event.text) + self._behind
        match event:
            case CallDelta(index, part):
                return self._call({"index": self._calls[index], "function": {"arguments": part}})
            case CallBegan(index, call_id, name):
                self._calls[index] = number = len(self._calls)
                function = {"name": name, "arguments": ""}
                return self._call({"index": number, "id": call_id, "type": "function", "function": function})
            case ReasoningDelta(_, text):
                return frame(self._chunk({"reasoning_content": text}))
            case Began():
                return frame(self._chunk({"role": "assistant", "content": "", "refusal": None}))
            case Ended(stop_reason, quarry):
                chunk = self._chunk({}, finish=finish_reason(stop_reason, has_calls=bool(self._calls)))
                return frame({**chunk, "quarry": dict(quarry)} if quarry else chunk)
            case Counted():
                return self._last(event)
            case _:
                return b""

    def broken(self, error: ApiError, *, request_id: str) -> bytes:
        """Return the error as the stream's last event."""
        return CHAT.broken(error, request_id=request_id)

    def _last(self, counted: Counted) -> bytes:
        """Return the chunk after the answer: what it took, and what the guardrail found, as far as asked for."""
        chunk: dict[str, Any] = {**self._head, "choices": []}
        if self._usage:
            chunk["usage"] = to_usage(counted.usage, reasoning_tokens=counted.reasoning_tokens)
        quarry: dict[str, Any] = {} if counted.guardrail is None else {"guardrail": counted.guardrail}
        if self._usage:
            quarry |= counted.charged
        if counted.not_recorded:
            quarry["not_recorded"] = dict(counted.not_recorded)
        if quarry:
            chunk["quarry"] = quarry
        return frame(chunk) if self._usage or quarry else b""

    def _call(self, call: dict[str, Any]) -> bytes:
        return frame(self._chunk({"tool_calls": [call]}))

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self._head, "choices": [choice]}
