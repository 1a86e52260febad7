"""Reads a Converse request: who said what, which tools were called, what came back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sandbox.model.errors import Json

Blocks = list[Json]

# The sentence that an answer begins with, of the stand-in or of a model on this machine.
_DISCLOSURE = re.compile(r"This is the sandbox's [^\n]{1,99}?, not [^\n]{1,99}?\.(?=\s|$)\s*")


def without_disclosure(text: str) -> str:
    """Return ``text`` without what the sandbox says of itself: for who judges it or goes on from it, it is noise."""
    return _DISCLOSURE.sub("", text)


def text_of(blocks: Blocks) -> str:
    """Return the text of content blocks, guarded text included, one block a line."""
    found = []
    for block in blocks:
        if "text" in block:
            found.append(block["text"])
        elif "guardContent" in block and "text" in block["guardContent"]:
            found.append(block["guardContent"]["text"]["text"])
    return "\n".join(found)


def last_user_blocks(request: Json) -> Blocks:
    """Return the content of the newest user message, or [] where there is none."""
    for message in reversed(request.get("messages") or []):
        if message["role"] == "user":
            return list(message["content"])
    return []


def last_said(request: Json) -> str:
    """Return the newest user message that has words, however far back: the question that tools were called for."""
    for message in reversed(request.get("messages") or []):
        if message["role"] == "user" and (text := text_of(message["content"])):
            return text
    return ""


def system_text(request: Json) -> str:
    """Return the system prompt's text."""
    return text_of(request.get("system") or [])


def turns(request: Json) -> Iterator[tuple[str, str]]:
    """Yield (role, text) of each message that has words, oldest first."""
    for message in request.get("messages") or []:
        if text := text_of(message["content"]):
            yield message["role"], text


def tool_results(request: Json) -> list[tuple[str, str]]:
    """Return (tool name, result as text) of each tool result in the newest message."""
    messages = request.get("messages") or []
    if not messages or messages[-1]["role"] != "user":
        return []
    names = {
        block["toolUse"]["toolUseId"]: block["toolUse"]["name"]
        for message in messages
        for block in message["content"]
        if "toolUse" in block
    }
    return [
        (names.get(block["toolResult"]["toolUseId"], "tool"), result_text(block["toolResult"]))
        for block in messages[-1]["content"]
        if "toolResult" in block
    ]


def result_text(result: Json) -> str:
    """Return what a tool gave, as text; an error is said to be one."""
    parts = []
    for block in result["content"]:
        if "text" in block:
            parts.append(block["text"])
        elif "json" in block:
            parts.append(json.dumps(block["json"], ensure_ascii=False))
        else:
            parts.append(f"({next(iter(block), 'empty')})")
    text = " ".join(parts)
    return f"error: {text}" if result.get("status") == "error" else text
