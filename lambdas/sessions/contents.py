"""What of a message is stored, and what of a stored message is sent again: Converse's blocks in, Converse's blocks out.

Stored is everything but bytes: an image, document, video or sound becomes a note that there was one, because its bytes
would be sent, paid for and stored anew with every later turn. Sent again is what Converse accepts: turns that
alternate and begin with the user's, and tool calls only together with their results.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import dropwhile
from typing import Any, Final

from lambdas.sessions.session import Message

Block = dict[str, Any]

_MEDIA: Final = ("image", "document", "video", "audio")


def storable(message: Message) -> Message:
    """Return the message without bytes and cache marks, each medium replaced by a text note."""
    return {"role": message["role"], "content": [kept for block in message["content"] for kept in _storable(block)]}


def _storable(block: Block) -> list[Block]:
    for kind in _MEDIA:
        if kind in block:
            return [{"text": _note(kind, block[kind])}]
    if "cachePoint" in block or "redactedContent" in block.get("reasoningContent", {}):
        return []
    if "toolResult" in block:
        result = block["toolResult"]
        content = [kept for part in result["content"] for kept in _storable(part)]
        return [{"toolResult": {**result, "content": content}}]
    return [block]


def _note(kind: str, medium: Block) -> str:
    name = f" {medium['name']}" if "name" in medium else ""
    return f"[{medium.get('format', 'unknown')} {kind}{name}, not kept]"


def sendable(messages: Sequence[Message], *, tools: bool) -> list[Message]:
    """Return stored messages, followed by new ones, as Converse accepts them.

    A tool call without its results and a result without its call become text, as do all of them without ``tools``,
    since Converse refuses such blocks when the request brings no tools. Reasoning is left out except with the calls
    that the last message answers, where the model wants it back. Neighbours of one role are joined.

    Args:
        tools: whether the request brings tools.
    """
    begun = list(dropwhile(lambda message: message["role"] == "assistant" or _blank(message), messages))
    sent: list[Message] = []
    for index, message in enumerate(begun):
        blocks = [kept for block in message["content"] for kept in _sendable(block, begun, index, tools=tools)]
        if not blocks:
            continue
        if sent and sent[-1]["role"] == message["role"]:
            sent[-1]["content"] += blocks
        else:
            sent.append({"role": message["role"], "content": blocks})
    return sent


def _blank(message: Message) -> bool:
    return all("text" in block and not block["text"].strip() for block in message["content"])


def _sendable(block: Block, messages: Sequence[Message], index: int, *, tools: bool) -> Iterable[Block]:
    if "text" in block:
        return [block] if block["text"].strip() else []
    if "reasoningContent" in block:
        wanted = tools and index == len(messages) - 2 and _answered(messages, index)
        return [block] if wanted and tool_calls(messages[index]) else []
    if "toolUse" in block:
        return [block] if tools and _answered(messages, index) else [{"text": _call_in_words(block["toolUse"])}]
    if "toolResult" in block:
        return (
            [block] if tools and _answered(messages, index - 1) else [{"text": _result_in_words(block["toolResult"])}]
        )
    return [block]


def _answered(messages: Sequence[Message], index: int) -> bool:
    """Whether the message after ``index`` answers exactly the tool calls of the one there."""
    if not 0 <= index < len(messages) - 1:
        return False
    return tool_calls(messages[index]) == tool_results(messages[index + 1])


def tool_calls(message: Message) -> set[str]:
    """Return the ids of the tool calls that a message makes."""
    return {block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block}


def tool_results(message: Message) -> set[str]:
    """Return the ids of the tool calls that a message answers."""
    return {block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block}


def in_words(message: Message) -> str:
    """Return a stored message as one text, tool calls and results in words."""
    parts = []
    for block in message["content"]:
        if "text" in block:
            parts.append(block["text"])
        elif "guardContent" in block:
            parts.append(block["guardContent"].get("text", {}).get("text", ""))
        elif "toolUse" in block:
            parts.append(_call_in_words(block["toolUse"]))
        elif "toolResult" in block:
            parts.append(_result_in_words(block["toolResult"]))
    return "\n".join(part for part in parts if part.strip())


def result_text(result: Block) -> str:
    """Return what a tool gave back, as one text."""
    return "\n".join(
        part["text"] if "text" in part else json.dumps(part.get("json"), ensure_ascii=False)
        for part in result["content"]
        if "text" in part or "json" in part
    )


def _call_in_words(call: Block) -> str:
    return f"[called {call['name']} with {json.dumps(call['input'], ensure_ascii=False)}]"


def _result_in_words(result: Block) -> str:
    failed = " with an error" if result.get("status") == "error" else ""
    return f"[the tool answered{failed}: {result_text(result)}]"
