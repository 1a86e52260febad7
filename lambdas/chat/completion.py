"""From Converse's reply to OpenAI's ``chat.completion``: shapes only.

``stream.py`` does the same for ConverseStream's events.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from lambdas.chat.schemas import WRAPPED
from lambdas.chat.tools import ANSWER_TOOL, NO_TOOLS, Toolbox

# Converse's stopReason -> OpenAI's finish_reason. Those not listed end the answer in the ordinary way: "stop".
FINISH_REASONS: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


@dataclass(frozen=True, kw_only=True)
class Telling:
    """How calls of an answer are told to who asked for it.

    Attributes:
        tools: those that the request brought: calls go by the caller's names.
        answer_is_wrapped: whether an answer that is given by the JSON tool stands inside the tool's input.
    """

    tools: Toolbox = NO_TOOLS
    answer_is_wrapped: bool = False

    def given(self, called: str, given: Any) -> Any:
        """Return what a tool was called with, as its own schema has it."""
        if called == ANSWER_TOOL and self.answer_is_wrapped and isinstance(given, dict):
            return given.get(WRAPPED, given)
        return self.tools.unwrapped(called, given)

    def is_wrapped(self, called: str) -> bool:
        """Whether what is told of a call's input is a part of it."""
        return self.answer_is_wrapped if called == ANSWER_TOOL else called in self.tools.wrapped


AS_IT_IS: Final = Telling()


def to_openai(
    reply: dict[str, Any],
    *,
    model: str,
    completion_id: str,
    parallel_tool_calls: bool = True,
    telling: Telling = AS_IT_IS,
) -> dict[str, Any]:
    """Return OpenAI's ``chat.completion`` object for Converse's reply.

    ``model`` is what it is said to be from. A guardrail's intervention is a completion with ``finish_reason``
    "content_filter" and the policy's own message.
    """
    blocks = reply.get("output", {}).get("message", {}).get("content", [])
    message, calls = to_message(blocks, telling)
    if calls and not parallel_tool_calls:
        message["tool_calls"] = calls[:1]
    finish = finish_reason(reply["stopReason"], has_calls=bool(calls))
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": to_usage(reply.get("usage", {})),
    }


def finish_reason(stop_reason: str, *, has_calls: bool) -> str:
    """Return OpenAI's word; an answer given by the JSON tool is no tool call to the caller."""
    finish = FINISH_REASONS.get(stop_reason, "stop")
    return "stop" if finish == "tool_calls" and not has_calls else finish


def to_message(
    blocks: list[dict[str, Any]], telling: Telling = AS_IT_IS
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return OpenAI's assistant message for Converse's content blocks, and its tool calls."""
    texts = [block["text"] for block in blocks if "text" in block]
    calls = []
    for block in blocks:
        if "toolUse" not in block:
            continue
        use = block["toolUse"]
        arguments = json.dumps(telling.given(use["name"], use["input"]), ensure_ascii=False)
        if use["name"] == ANSWER_TOOL:
            # What was said beside the answer would break its JSON.
            texts = [arguments]
        else:
            function = {"name": telling.tools.told(use["name"]), "arguments": arguments}
            calls.append({"id": use["toolUseId"], "type": "function", "function": function})
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None, "refusal": None}
    if calls:
        message["tool_calls"] = calls
    return message, calls


def as_told(
    blocks: list[dict[str, Any]], *, parallel_tool_calls: bool = True, telling: Telling = AS_IT_IS
) -> list[dict[str, Any]]:
    """Return Converse's content blocks as the caller was told them, for a session to keep.

    An answer given by the JSON tool is text, and of parallel calls that were not wanted only the first was told: what
    the caller never saw could never be answered. Calls stay as Bedrock has them, because they are sent again.
    """
    told: list[dict[str, Any]] = []
    calls = 0
    for block in blocks:
        use = block.get("toolUse")
        if use is None:
            told.append(block)
            continue
        given = input_of(use["input"])
        if use["name"] == ANSWER_TOOL:
            return [{"text": json.dumps(telling.given(ANSWER_TOOL, given), ensure_ascii=False)}]
        calls += 1
        if calls == 1 or parallel_tool_calls:
            told.append({"toolUse": {**use, "input": given if isinstance(given, dict) else {}}})
    return told


def input_of(given: Any) -> Any:
    """Return a call's input. A stream's is JSON text still, and none at all where the answer was cut in it."""
    if not isinstance(given, str):
        return given
    try:
        return msgspec.json.decode(given)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}


def to_usage(usage: dict[str, Any]) -> dict[str, Any]:
    """Return OpenAI's ``usage`` (token counts) for Converse's.

    Bedrock's ``inputTokens`` leave out what was read from or written to its prompt cache; OpenAI's ``prompt_tokens``
    are everything, with the cached part named in the details.
    """
    cached = usage.get("cacheReadInputTokens", 0)
    prompt = usage.get("inputTokens", 0) + cached + usage.get("cacheWriteInputTokens", 0)
    completion = usage.get("outputTokens", 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
