"""Rules of documents in a conversation that no service model states.

Source: API reference of Bedrock Runtime, ``Message`` (five documents, words beside them) and ``DocumentBlock`` (4.5 MB,
names). Where AWS's own words are not known, these are the sandbox's.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from sandbox.model.errors import Json, invalid

_MOST = 5
_MOST_BYTES = 4_500_000
_NAME = re.compile(r"[a-zA-Z0-9\-()\[\]]+( [a-zA-Z0-9\-()\[\]]+)*")


def check(messages: list[Json]) -> None:
    """Check the documents of all messages.

    Raises:
        AwsError: ValidationException, naming the first rule that is broken.
    """
    names: set[str] = set()
    count = 0
    for place, message in enumerate(messages):
        for document in _documents(message):
            count += 1
            _one(document, f"messages.{place}")
            if document["name"] in names:
                raise invalid("The model returned the following errors: Messages contain duplicate document names.")
            names.add(document["name"])
        own = [block for block in message["content"] if "document" in block]
        if own and not any("text" in block for block in message["content"]):
            raise invalid(
                f"The content field in the Message object at messages.{place} has a document and no text. Add a "
                "ContentBlock with text to it and try again."
            )
    if count > _MOST:
        raise invalid(f"The model returned the following errors: too many documents: {count} > {_MOST}")


def _documents(message: Json) -> Iterator[Json]:
    for block in message["content"]:
        for part in (block.get("toolResult") or {}).get("content") or [block]:
            if "document" in part:
                yield part["document"]


def _one(document: Json, where: str) -> None:
    if not _NAME.fullmatch(document["name"]):
        raise invalid(
            f"The document file name at {where} can only contain alphanumeric characters, whitespace characters, "
            "hyphens, parentheses, and square brackets. The name can't contain more than one consecutive whitespace "
            "character."
        )
    size = len(base64.b64decode(document["source"].get("bytes", "")))
    if size > _MOST_BYTES:
        raise invalid(f"The document at {where} has {size} bytes, more than the limit of {_MOST_BYTES}.")
