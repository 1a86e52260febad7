"""The metadata file beside a document, ``<document>.metadata.json`` (Bedrock guide, "Include metadata").

Two spellings of a field are accepted: its plain value, and ``{"value": {"type": "STRING", "stringValue": ...},
"includeForEmbedding": ...}``.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.knowledge.formats import UnreadableDocumentError

SUFFIX = ".metadata.json"
MAX_BYTES = 10 * 1024
"""Bedrock's limit for one metadata file."""

Metadata = dict[str, str | float | bool | list[str]]

_TYPED: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "STRING": ("stringValue", str),
    "NUMBER": ("numberValue", (int, float)),
    "BOOLEAN": ("booleanValue", bool),
    "STRING_LIST": ("stringListValue", list),
}
_VECTORS_MAX_BYTES = 1024
_VECTORS_MAX_KEYS = 35


def parse(data: bytes) -> Metadata:
    """Return the fields of a metadata file.

    Raises:
        UnreadableDocumentError: it is too large, no JSON, or not of the shape above; names what is wrong.
    """
    if len(data) > MAX_BYTES:
        raise _broken(f"it has {len(data)} bytes, the limit is {MAX_BYTES} (10 KB)")
    try:
        document = json.loads(data)
    except ValueError as error:
        raise _broken(f"it is not JSON ({error})") from error
    fields = document.get("metadataAttributes") if isinstance(document, dict) else None
    if not isinstance(fields, dict):
        raise _broken('it must be {"metadataAttributes": {...}}')
    if "documentStructureConfiguration" in document:
        raise _broken("documentStructureConfiguration is not supported by this local AWS")
    return {name: _value(name, value) for name, value in fields.items()}


def check_for_vectors(metadata: Metadata) -> None:
    """Check that metadata fits into an S3 vector index: at most 1 KB and 35 fields of a document's own.

    Raises:
        UnreadableDocumentError: it does not.
    """
    size = len(json.dumps(metadata, ensure_ascii=False).encode())
    if size > _VECTORS_MAX_BYTES:
        raise _too_much(
            f"Filterable metadata must have at most 2048 bytes: Bedrock leaves {_VECTORS_MAX_BYTES} to a document's "
            f"own fields, this one has {size} (Service: S3Vectors, Status Code: 400)"
        )
    if len(metadata) > _VECTORS_MAX_KEYS:
        raise _too_much(
            f"A vector may have at most {_VECTORS_MAX_KEYS} metadata fields of its own, this document has "
            f"{len(metadata)} (Service: S3Vectors, Status Code: 400)"
        )


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        typed = value.get("value")
        kind = typed.get("type") if isinstance(typed, dict) else None
        if not isinstance(typed, dict) or kind not in _TYPED:
            raise _broken(f"the value of {name!r} has no type of {', '.join(_TYPED)}")
        member, accepted = _TYPED[kind]
        value = typed.get(member)
        if not isinstance(value, accepted) or (kind == "NUMBER" and isinstance(value, bool)):
            raise _broken(f"{name!r} is a {kind} and needs {member}")
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        raise _broken(f"the list {name!r} may hold strings only")
    if not isinstance(value, (str, int, float, list)):  # a bool is an int
        raise _broken(f"the value of {name!r} must be a string, a number, a boolean or a list of strings")
    return value


def _broken(what: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(
        f"The metadata file is invalid: {what}.", summary="their metadata files were invalid"
    )


def _too_much(reason: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(reason, summary="their metadata exceeded the limits of S3 Vectors")
