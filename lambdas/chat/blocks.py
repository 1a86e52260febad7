"""Converse's content blocks of what is said and thought: the ones that every dialect makes, and what they tell."""

from typing import Any

from lambdas.chat.tools import CACHE_POINT

Block = dict[str, Any]


def text(said: str) -> list[Block]:
    """Return the blocks of a text: one, or none of what is blank, which Converse refuses."""
    return [{"text": said}] if said.strip() else []


def thought(said: str, signature: str | None) -> Block:
    """Return the block of what the model thought; with the signature it came with, unchanged, or it is refused."""
    # One that is empty is refused too, by families that sign nothing (maximhq/bifrost 6942 of Nova).
    signed = {"signature": signature} if signature else {}
    return {"reasoningContent": {"reasoningText": {"text": said, **signed}}}


def unsigned(block: Block) -> str | None:
    """Return the text of a thought that nobody signed, which may be anybody's; None of every other block."""
    said = block.get("reasoningContent", {}).get("reasoningText")
    return str(said["text"]) if said is not None and "signature" not in said else None


def is_unseen(block: Block) -> bool:
    """Return whether Converse shows its guardrail nothing of a block that comes in; ``judged_tools`` does."""
    # A call is never without its result.
    return "toolResult" in block or "document" in block or unsigned(block) is not None


def redacted(data: bytes) -> Block:
    """Return the block of what the model thought and nobody may read."""
    return {"reasoningContent": {"redactedContent": data}}


def marked(blocks: list[Block], kept: bool) -> list[Block]:
    """Return blocks with the mark that Bedrock is to keep what is up to their end, where the caller has it so."""
    if not blocks or not kept or "cachePoint" in blocks[-1]:
        return blocks
    return [*blocks, CACHE_POINT]
