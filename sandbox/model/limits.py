"""Cuts an answer where ``maxTokens`` and ``stopSequences`` say, and counts what is left."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sandbox.model import tokens
from sandbox.model.errors import Json


@dataclass(frozen=True)
class Cut:
    """An answer within its limits: content blocks, why it stopped, how many tokens it has, and at which sequence."""

    blocks: list[Json]
    stop_reason: str
    output_tokens: int
    stop_sequence: str | None = None


def output_tokens(blocks: list[Json]) -> int:
    """Return the tokens of an assistant's content blocks."""
    return sum(len(block_pieces(block)) for block in blocks)


def block_pieces(block: Json) -> list[str]:
    """Return a block as tokens: its text, or the JSON of a tool's input."""
    if "reasoningContent" in block:
        return tokens.pieces((block["reasoningContent"].get("reasoningText") or {}).get("text", ""))
    if "toolUse" in block:
        return tokens.pieces(json.dumps(block["toolUse"]["input"], ensure_ascii=False))
    return tokens.pieces(block.get("text", ""))


def apply(blocks: list[Json], stop_reason: str, inference: Json, *, most: int | None = None) -> Cut:
    """Return the answer cut to ``inferenceConfig``; ``most`` is the model's own limit of output tokens.

    A stop sequence is not part of the answer. A tool call that does not fit whole is left out.
    """
    sequences = inference.get("stopSequences") or []
    left = inference.get("maxTokens", most)
    kept: list[Json] = []
    used = 0
    for block in blocks:
        whole, stopped = _before(block, sequences)
        parts = block_pieces(whole)
        room = len(parts) if left is None else left - used
        if len(parts) > room:
            if "text" in whole and room > 0:
                kept.append({"text": "".join(parts[:room])})
                used += room
            return Cut(kept, "max_tokens", used)
        if parts or "reasoningContent" in whole:
            kept.append(whole)
            used += len(parts)
        if stopped is not None:
            return Cut(kept, "stop_sequence", used, stopped)
    return Cut(kept, stop_reason, used)


def _before(block: Json, sequences: list[str]) -> tuple[Json, str | None]:
    """Return a block up to the first sequence in it, and which that is."""
    text = block.get("text", "")
    found = [(place, sequence) for sequence in sequences if sequence and (place := text.find(sequence)) >= 0]
    if not found:
        return block, None
    place, sequence = min(found)
    return {"text": text[:place]}, sequence
