"""Documents of a request: base64 becomes Converse's document blocks; everything else is refused with a reason.

What kind of document it is, its first bytes tell where they do; else its media type, its name or its text.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from lambdas.chat.images import decoded
from lambdas.common.errors import InvalidRequestError

# Source: Converse's DocumentBlock (its formats, its names, five of at most 4.5 MB in a request).
MAX_BYTES: Final = 4_500_000
_BY_NAME: Final = frozenset(("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"))
_BY_TYPE: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
}
_DATA_URL: Final = re.compile(r"data:(?P<type>[^,;]*)[^,]*;base64,(?P<data>.*)", re.DOTALL | re.IGNORECASE)
_NOT_IN_NAME: Final = re.compile(r"[^a-zA-Z0-9\-()\[\]]+")
_MOST_IN_NAME: Final = 100
# What the user says of documents that nobody says anything about.
_HERE: Final = "Here is what was sent:"


def to_document(data: str, *, name: str | None = None, media_type: str | None = None, param: str) -> dict[str, Any]:
    """Return Converse's block for base64, or for a data URL of it.

    Args:
        name: the file's, with its ending.
        media_type: as ``application/pdf``; a data URL has its own.

    Raises:
        InvalidRequestError: damaged base64, too large, or of a kind that no model reads; ``param`` is the field.
    """
    found = _DATA_URL.fullmatch(data)
    if found is not None:
        media_type, data = found["type"].lower() or media_type, found["data"]
    content = decoded(data, param=param, what="document")
    if not 0 < len(content) <= MAX_BYTES:
        raise InvalidRequestError(
            f"The document has {len(content):,} bytes; 1 to {MAX_BYTES:,} are accepted.", param=param
        )
    stem, _, ending = (name or "document").rpartition(".")
    kind = _kind(content, ending.lower(), media_type)
    if kind is None:
        raise InvalidRequestError(
            f"Of what kind the document is cannot be told, or models do not read it. Accepted are "
            f"{', '.join(sorted(_BY_NAME))}: give its name with the ending.",
            param=param,
        )
    return document(content, kind, name=stem or ending)


def document(content: bytes, kind: str, *, name: str | None = None) -> dict[str, Any]:
    """Return Converse's block for a document of a known kind."""
    plain = _NOT_IN_NAME.sub(" ", name or "").strip()[:_MOST_IN_NAME].strip()
    return {"document": {"format": kind, "name": plain or "document", "source": {"bytes": content}}}


def accompanied(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a user says with words beside its documents, which Converse demands; the same where there are any."""
    if any("document" in block for block in blocks) and not any("text" in block for block in blocks):
        return [{"text": _HERE}, *blocks]
    return blocks


class OwnNames:
    """The names of a conversation's documents, of which Converse refuses two that are the same."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def given(self, blocks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return blocks with each document under a name that no other one has."""
        return [self._own(block) if "document" in block else block for block in blocks]

    def _own(self, block: dict[str, Any]) -> dict[str, Any]:
        wanted = block["document"]["name"]
        name, number = wanted, 1
        while name in self._known:
            number += 1
            name = f"{wanted} ({number})"
        self._known.add(name)
        return {"document": {**block["document"], "name": name}}


def _kind(content: bytes, ending: str, media_type: str | None) -> str | None:
    if content.startswith(b"%PDF-"):
        return "pdf"
    kind = _BY_TYPE.get((media_type or "").partition(";")[0].strip().lower())
    if kind is None and ending in _BY_NAME:
        kind = ending
    if kind is None and (media_type or "").lower().startswith("text/"):
        kind = "txt"
    # What says that it is a PDF and does not begin like one, Bedrock refuses.
    return None if kind == "pdf" else kind
