"""A passage of a document, as Retrieve gives it and as callers are told it."""

from typing import Any

import msgspec
from msgspec import Struct

from lambdas.knowledge.data_bucket import DOCUMENTS_PREFIX
from lambdas.knowledge.fields import is_bedrocks_own


class Passage(Struct, frozen=True, kw_only=True):
    """A part of a document.

    Attributes:
        document: the document's name: its key below ``documents/``.
        location: where it is, as ``s3://bucket/documents/travel.md``.
        passage: its text.
        score: how well it fits, from 0 to 1.
        metadata: the fields that the document was given, without those that Bedrock adds.
    """

    document: str
    location: str
    text: str = msgspec.field(name="passage")
    score: float
    metadata: dict[str, Any]

    def told(self) -> dict[str, Any]:
        """Return what callers are told of it."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told


class Citation(Passage, frozen=True, kw_only=True):
    """A passage that an answer names.

    Attributes:
        number: as the answer's marker has it.
    """

    number: int


def from_results(results: list[dict[str, Any]]) -> list[Passage]:
    """Return the passages of Retrieve's ``retrievalResults``, in their order; what is no text is left out."""
    return [_passage(result) for result in results if result["content"].get("text", "").strip()]


def _passage(result: dict[str, Any]) -> Passage:
    location = _location(result)
    metadata = result.get("metadata", {})
    return Passage(
        document=_document(location),
        location=location,
        text=result["content"]["text"],
        score=float(result.get("score", 0.0)),
        metadata={name: value for name, value in metadata.items() if not is_bedrocks_own(name)},
    )


def _location(result: dict[str, Any]) -> str:
    places = [place for place in result.get("location", {}).values() if isinstance(place, dict)]
    for place in places:
        for value in place.values():
            return str(value)
    return str(result.get("documentId", ""))


def _document(location: str) -> str:
    if not location.startswith("s3://"):
        return location
    key = location.removeprefix("s3://").partition("/")[2]
    return key.removeprefix(DOCUMENTS_PREFIX)
