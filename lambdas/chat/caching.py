"""Where Bedrock is asked to keep what it has read: cache points, as callers set them and as a knob sets them.

Sources: Bedrock user guide, "Prompt caching": four points a request; Claude has them behind tools too, Nova only in the
system text and in messages; from 1,024 tokens on, with some models more, and what is shorter is not kept.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from lambdas.chat.candidates import Candidate
from lambdas.chat.settings import PromptCaching
from lambdas.chat.tools import CACHE_POINT
from lambdas.common.tokens import text_tokens

Block = dict[str, Any]

MOST_POINTS: Final = 4
LEAST_TOKENS: Final = 1_024


def with_cache_points(arguments: Block, candidate: Candidate, caching: PromptCaching) -> Block:
    """Return Converse's arguments with the cache points that the candidate takes; the same ones where none change."""
    tools: Sequence[Block] = arguments.get("toolConfig", {}).get("tools", ())
    system: Sequence[Block] = arguments.get("system", ())
    messages: Sequence[Block] = arguments["messages"]
    contents = [message["content"] for message in messages]
    marked = sum(map(_points, (tools, system, *contents)))
    if not marked and caching != "automatic":
        return arguments
    if caching == "off" or not candidate.has("caching"):
        return _with(arguments, _without(tools), _without(system), [_without(content) for content in contents])
    behind_tools = candidate.base_model_id.startswith("anthropic.")
    if marked:
        left = MOST_POINTS
        kept: list[list[Block]] = []
        # The last ones hold the most; what is before one of them is kept with it.
        for blocks in reversed([tools if behind_tools else _without(tools), system, *contents]):
            last, left = _last(blocks, left)
            kept.insert(0, last)
        return _with(arguments, kept[0], kept[1], kept[2:])
    long_tools = behind_tools and _size(tools) >= LEAST_TOKENS
    long_system = _size(system) >= LEAST_TOKENS
    # What is asked now begins what is said next.
    *before, last_said = contents
    long_past = bool(before) and sum(map(_size, before), _size(system)) >= LEAST_TOKENS
    return _with(
        arguments,
        [*tools, CACHE_POINT] if long_tools else tools,
        [*system, CACHE_POINT] if long_system else system,
        [*before, [*last_said, CACHE_POINT] if long_past else last_said],
    )


def _with(
    arguments: Block, tools: Sequence[Block], system: Sequence[Block], contents: Sequence[Sequence[Block]]
) -> Block:
    changed: Block = {
        **arguments,
        "messages": [
            {**message, "content": list(content)}
            for message, content in zip(arguments["messages"], contents, strict=True)
        ],
    }
    if tools:
        changed["toolConfig"] = {**arguments["toolConfig"], "tools": list(tools)}
    if system:
        changed["system"] = list(system)
    return changed


def _points(blocks: Iterable[Block]) -> int:
    return sum("cachePoint" in block for block in blocks)


def _without(blocks: Iterable[Block]) -> list[Block]:
    return [block for block in blocks if "cachePoint" not in block]


def _last(blocks: Sequence[Block], most: int) -> tuple[list[Block], int]:
    """Return blocks with their last points, so many at most, and how many more there may be."""
    kept: list[Block] = []
    for block in reversed(blocks):
        if "cachePoint" in block:
            if not most:
                continue
            most -= 1
        kept.insert(0, block)
    return kept, most


def _size(blocks: Iterable[Block]) -> int:
    return sum(text_tokens(block["text"] if "text" in block else str(block)) for block in blocks)
