"""Cuts text into tokens and counts those of a request: plausible and repeatable, not any real model's.

About four characters make one token, as AWS's own rule of thumb has it: a word of up to five letters is one token, a
longer one is cut every five letters, punctuation and each character of Chinese, Japanese or Korean are tokens of
their own. White space belongs to the token after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from sandbox.model.errors import Json

_PIECE = re.compile(r"\s*(?:[぀-ヿ㐀-鿿가-힯]|[^\W_぀-ヿ㐀-鿿가-힯]{1,5}|[^\w\s]|_)|\s+$")

_PER_MESSAGE = 3  # what a chat template adds for the role marks of one message
_PER_IMAGE = 1000  # order of magnitude of one image or page in the models that take them


def pieces(text: str) -> list[str]:
    """Return the tokens of ``text``; joined they are ``text`` again."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    """Return how many tokens ``text`` has."""
    return len(pieces(text))


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "bytes":
                yield " x" * _PER_IMAGE
            elif key not in ("cachePoint", "toolUseId", "format", "status"):
                yield from _strings(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _strings(inner)
    elif value is not None:
        yield json.dumps(value)


def _block_tokens(block: object) -> int:
    return sum(count(text) for text in _strings(block))


def blocks_in_order(request: Json) -> list[tuple[object, int]]:
    """Return every part of a Converse request with its tokens, in the order a model reads it: tools, system, messages.

    A ``cachePoint`` block is one of the parts, with no tokens.
    """
    parts: list[tuple[object, int]] = []
    for tool in (request.get("toolConfig") or {}).get("tools") or []:
        spec = tool.get("toolSpec") or {}
        schema = json.dumps((spec.get("inputSchema") or {}).get("json") or {})
        parts.append((tool, 0 if "cachePoint" in tool else _block_tokens(spec.get("description")) + count(schema) + 8))
    parts += [(block, _block_tokens(block)) for block in request.get("system") or []]
    for message in request.get("messages") or []:
        parts.append(("", _PER_MESSAGE))
        parts += [(block, _block_tokens(block)) for block in message["content"]]
    return parts


def count_request(request: Json) -> int:
    """Return the input tokens of a Converse request: tools, system and messages."""
    return sum(tokens for _, tokens in blocks_in_order(request))
