"""From a whole answer to OpenAI's ``chat.completion``: shapes only. ``chunks.py`` does the same for events."""

import time
import uuid
from typing import Any, Literal

from lambdas.api.usage import to_usage
from lambdas.chat.telling import json_text
from lambdas.chat.told import CUT, STOPPED, Completion, Text, Thought

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


def to_openai(completion: Completion) -> dict[str, Any]:
    """Return OpenAI's ``chat.completion`` object.

    Thoughts that were asked for are its message's ``reasoning_content``, which OpenAI has not and many clients read.
    A guardrail's intervention is a completion with ``finish_reason`` "content_filter" and the policy's own message.
    """
    texts = [block.text for block in completion.blocks if isinstance(block, Text)]
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None, "refusal": None}
    thought = "".join(block.text for block in completion.blocks if isinstance(block, Thought))
    if thought:
        message["reasoning_content"] = thought
    calls = [
        {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": json_text(one.input)}}
        for one in completion.calls
    ]
    if calls:
        message["tool_calls"] = calls
    finish = finish_reason(completion.stop_reason, has_calls=bool(calls))
    return {
        "id": new_id(),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": completion.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": to_usage(completion.usage, reasoning_tokens=completion.reasoning_tokens),
        **({"quarry": dict(completion.quarry)} if completion.quarry else {}),
    }


def finish_reason(stop_reason: str, *, has_calls: bool) -> FinishReason:
    """Return OpenAI's word for Converse's; an answer given by the JSON tool is no tool call to the caller.

    Those that OpenAI has no word for end the answer in the ordinary way: "stop".
    """
    if stop_reason in STOPPED:
        return "content_filter"
    if stop_reason in CUT:
        return "length"
    return "tool_calls" if stop_reason == "tool_use" and has_calls else "stop"


def new_id() -> str:
    """Return an answer's id."""
    return f"chatcmpl-{uuid.uuid4().hex}"
