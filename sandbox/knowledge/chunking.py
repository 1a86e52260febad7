"""Cuts a document into the passages that are indexed, by the strategies of a data source's ChunkingConfiguration.

Tokens are those of :mod:`sandbox.model.tokens`. Sentences stay whole where they fit (Bedrock guide, "How content
chunking works"); one that does not is cut between tokens.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.model import embeddings, tokens

DEFAULT_TOKENS = 300
DEFAULT_OVERLAP_PERCENT = 20
"""What Bedrock does when the data source says nothing."""

_DIMENSIONS = 256  # of the embeddings that semantic chunking compares
_SENTENCE = re.compile(r"\s*.+?(?:[.!?]+(?=\s|$)|[。！？]|(?=\n)|$)", re.DOTALL)


@dataclass(frozen=True)
class Chunk:
    """A passage to search in; ``parent`` is what is answered in its place, with hierarchical chunking."""

    text: str
    parent: str | None = None


def chunk(text: str, configuration: dict[str, Any] | None) -> list[Chunk]:
    """Return the chunks of ``text`` in order. ``configuration`` is the API's ChunkingConfiguration."""
    settings = configuration or {}
    match settings.get("chunkingStrategy"):
        case "NONE":
            return [Chunk(text.strip())]
        case "HIERARCHICAL":
            return _hierarchical(text, settings["hierarchicalChunkingConfiguration"])
        case "SEMANTIC":
            return _chunks(_semantic(text, settings["semanticChunkingConfiguration"]))
    fixed = settings.get("fixedSizeChunkingConfiguration") or {}
    most = fixed.get("maxTokens", DEFAULT_TOKENS)
    percent = fixed.get("overlapPercentage", DEFAULT_OVERLAP_PERCENT)
    return _chunks(_packed(text, most, overlap=most * percent // 100))


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of ``text`` with the white space before them; joined they are ``text``."""
    return _SENTENCE.findall(text)


def _chunks(texts: Sequence[str]) -> list[Chunk]:
    return [Chunk(text.strip()) for text in texts if text.strip()]


def _packed(text: str, most: int, *, overlap: int) -> list[str]:
    """Fill pieces of at most ``most`` tokens with sentences; each repeats the last ``overlap`` of the one before."""
    found: list[str] = []
    kept: list[str] = []
    for sentence in (part for whole in sentences(text) for part in _cut(whole, most)):
        if kept and _count(kept) + tokens.count(sentence) > most:
            found.append("".join(kept))
            kept = _tail(kept, min(overlap, most - tokens.count(sentence)))
        kept.append(sentence)
    return [*found, "".join(kept)] if kept else found


def _count(parts: Sequence[str]) -> int:
    return sum(tokens.count(part) for part in parts)


def _cut(sentence: str, most: int) -> list[str]:
    pieces = tokens.pieces(sentence)
    return ["".join(pieces[start : start + most]) for start in range(0, len(pieces), most)]


def _tail(parts: Sequence[str], most: int) -> list[str]:
    """The last whole sentences of at most ``most`` tokens, or the end of the last one where none is so short."""
    tail: list[str] = []
    for part in reversed(parts):
        if _count([part, *tail]) > most:
            break
        tail.insert(0, part)
    if tail or most <= 0:
        return tail
    return ["".join(tokens.pieces(parts[-1])[-most:])]


def _hierarchical(text: str, settings: dict[str, Any]) -> list[Chunk]:
    parent_tokens, child_tokens = (level["maxTokens"] for level in settings["levelConfigurations"])
    overlap = settings["overlapTokens"]
    return [
        Chunk(child.strip(), parent=parent.strip())
        for parent in _packed(text, parent_tokens, overlap=overlap)
        for child in _packed(parent, child_tokens, overlap=overlap)
        if child.strip()
    ]


def _semantic(text: str, settings: dict[str, Any]) -> list[str]:
    """Cut between neighbouring sentences that are further apart than the given percentile of all neighbours."""
    parts = sentences(text)
    buffer = settings["bufferSize"]
    around = ["".join(parts[max(0, i - buffer) : i + buffer + 1]) for i in range(len(parts))]
    vectors = [embeddings.vector(each, _DIMENSIONS) for each in around]
    apart = [1 - sum(a * b for a, b in zip(*pair, strict=True)) for pair in itertools.pairwise(vectors)]
    limit = _percentile(apart, settings["breakpointPercentileThreshold"])
    groups: list[list[str]] = []
    for place, part in enumerate(parts):
        if place == 0 or apart[place - 1] > limit:
            groups.append([])
        groups[-1].append(part)
    most = settings["maxTokens"]
    return [piece for group in groups for piece in _packed("".join(group), most, overlap=0)]


def _percentile(values: Sequence[float], percent: float) -> float:
    """The value below which ``percent`` of all lie, between two neighbours where it falls there; 0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
