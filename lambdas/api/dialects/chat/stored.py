"""Stored messages as OpenAI has them, so that a client can show them or send them to any OpenAI-compatible endpoint."""

import json
from collections.abc import Iterable
from typing import Any

from lambdas.sessions.contents import result_text
from lambdas.sessions.session import Message


def to_openai_messages(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return OpenAI's messages for Converse's.

    Tool results become messages of the role ``tool``; reasoning is left out.
    """
    return [shown for message in messages for shown in _shown(message)]


def _shown(message: Message) -> list[dict[str, Any]]:
    texts = [_text(block) for block in message["content"] if "text" in block or "guardContent" in block]
    if message["role"] == "assistant":
        calls = [_call(block["toolUse"]) for block in message["content"] if "toolUse" in block]
        said = "".join(texts) if texts or not calls else None
        return [{"role": "assistant", "content": said, **({"tool_calls": calls} if calls else {})}]
    shown: list[dict[str, Any]] = [
        {
            "role": "tool",
            "tool_call_id": block["toolResult"]["toolUseId"],
            "content": result_text(block["toolResult"]),
        }
        for block in message["content"]
        if "toolResult" in block
    ]
    if texts:
        content = texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts]
        shown.append({"role": "user", "content": content})
    return shown


def _text(block: dict[str, Any]) -> str:
    return str(block["text"] if "text" in block else block["guardContent"].get("text", {}).get("text", ""))


def _call(call: dict[str, Any]) -> dict[str, Any]:
    arguments = json.dumps(call["input"], ensure_ascii=False)
    return {"id": call["toolUseId"], "type": "function", "function": {"name": call["name"], "arguments": arguments}}
