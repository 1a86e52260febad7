"""Stored responses as callers are told them: whole, and the items of what was asked."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lambdas.api.dialects.responses.identity import ResponseId
from lambdas.api.dialects.responses.output import ENCRYPTED, Item
from lambdas.sessions.contents import result_text
from lambdas.sessions.response_items import Kept, StoredResponse


def told(stored: StoredResponse, *, include: Sequence[str] = ()) -> dict[str, Any]:
    """Return a stored response as it was told; thoughts with what has to come back where that is asked for."""
    kept = stored.kept.told
    return {**kept, "output": [_shown(item, include) for item in kept["output"]]}


def _shown(item: Item, include: Sequence[str]) -> Item:
    if ENCRYPTED in include:
        return item
    return {name: value for name, value in item.items() if name != "encrypted_content"}


def items(stored: StoredResponse) -> list[Item]:
    """Return what a stored response said, with what has to come back."""
    output: list[Item] = stored.kept.told["output"]
    return output


def input_items(stored: StoredResponse) -> list[Item]:
    """Return what was asked, oldest first. Images and files are not kept: a note says that there was one."""
    response = ResponseId(stored.response_id)
    return [{"id": response.input_item(kind, place), **item} for place, (kind, item) in enumerate(_asked(stored.kept))]


def _asked(kept: Kept) -> Iterator[tuple[str, Item]]:
    for text in kept.system:
        yield _message("developer", [{"type": "input_text", "text": text}])
    # The last one is the answer.
    for message in kept.messages[:-1]:
        speak = _answered if message["role"] == "assistant" else _said
        yield from speak(message["content"])


def _said(blocks: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Item]]:
    for block in blocks:
        if "toolResult" in block:
            result = block["toolResult"]
            yield (
                "fco",
                {
                    "type": "function_call_output",
                    "status": "completed",
                    "call_id": result["toolUseId"],
                    "output": result_text(result),
                },
            )
    texts = [{"type": "input_text", "text": block["text"]} for block in blocks if "text" in block]
    if texts:
        yield _message("user", texts)


def _answered(blocks: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Item]]:
    for block in blocks:
        if "text" in block:
            part = {"type": "output_text", "text": block["text"], "annotations": [], "logprobs": []}
            yield _message("assistant", [part])
        elif "toolUse" in block:
            use = block["toolUse"]
            arguments = json.dumps(use["input"], ensure_ascii=False)
            call = {"type": "function_call", "status": "completed", "call_id": use["toolUseId"], "name": use["name"]}
            yield "fc", {**call, "arguments": arguments}


def _message(role: str, content: list[Item]) -> tuple[str, Item]:
    return "msg", {"type": "message", "status": "completed", "role": role, "content": content}
