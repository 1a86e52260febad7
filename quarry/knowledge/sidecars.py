"""Sidecars: ``travel.md.metadata.json`` beside ``travel.md`` holds what questions about it can be filtered by.

    {"metadataAttributes": {"department": "Finance", "year": 2025, "public": true, "topics": ["rail", "air"]}}

A value may also be written out, to say whether it is embedded with the text:
``{"value": {"type": "STRING", "stringValue": "Finance"}, "includeForEmbedding": false}``.

https://docs.aws.amazon.com/bedrock/latest/userguide/s3-data-source-connector.html and kb-metadata.html, 2026-11-21.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from lambdas.knowledge.fields import is_bedrocks_own

SUFFIX: Final = ".metadata.json"
MAX_BYTES: Final = 10 * 1024

Type = Literal["string", "number", "boolean", "list"]

_WRITTEN_OUT: Final[dict[str, tuple[str, Type]]] = {
    "STRING": ("stringValue", "string"),
    "NUMBER": ("numberValue", "number"),
    "BOOLEAN": ("booleanValue", "boolean"),
    "STRING_LIST": ("stringListValue", "list"),
}
# A CSV's sidecar may also say which columns are text and which are metadata.
_MEMBERS: Final = {"metadataAttributes"}
_MEMBERS_OF_CSV: Final = {"metadataAttributes", "documentStructureConfiguration"}


class SidecarError(ValueError):
    """A sidecar that Bedrock would not take; the message is what is wrong, without the file's name."""


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """What a sidecar says. ``types``: attribute -> type of its value; ``size``: bytes of all attributes."""

    types: Mapping[str, Type]
    size: int

    def mismatches(self, fields: Mapping[str, str]) -> list[str]:
        """Return a sentence per attribute whose type is not the one that the environment file gives the field.

        Such a document would be left out of every question with a filter on the field, silently. A list of strings goes
        for a string: filters with `contains` look into it.
        """
        return [
            f"{name} is a {kind}; knowledge.metadata of the environment file says {fields[name]}"
            for name, kind in self.types.items()
            if name in fields and fields[name] != ("string" if kind == "list" else kind)
        ]


def parse(content: bytes, *, csv: bool = False) -> Sidecar:
    """Return what a sidecar says.

    Args:
        csv: whether the document is a CSV file, whose sidecar may have `documentStructureConfiguration` too.

    Raises:
        SidecarError: Bedrock would not take it.
    """
    if len(content) > MAX_BYTES:
        raise SidecarError(f"{len(content):,} bytes; Bedrock takes {MAX_BYTES:,} at most")
    if content.startswith(b"\xef\xbb\xbf"):
        raise SidecarError("begins with a byte order mark; save it as UTF-8 without one")
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    # ValueError: also a number with thousands of digits.
    except (ValueError, RecursionError) as error:
        raise SidecarError(f"not valid JSON in UTF-8 ({error})") from error
    attributes = document.get("metadataAttributes") if isinstance(document, dict) else None
    if not isinstance(attributes, dict) or not attributes:
        raise SidecarError('has to be {"metadataAttributes": {"NAME": VALUE, ...}} with at least one attribute')
    unknown = sorted(set(document) - (_MEMBERS_OF_CSV if csv else _MEMBERS))
    if unknown:
        raise SidecarError(f"has {', '.join(unknown)} beside metadataAttributes; Bedrock knows no such member here")
    try:
        written = json.dumps(attributes, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise SidecarError("has half of a surrogate pair (\\ud800 to \\udfff), which is no character") from error
    return Sidecar(types={name: _type(name, value) for name, value in attributes.items()}, size=len(written))


def _type(name: str, value: Any) -> Type:
    if not name.strip() or not name.isprintable():
        raise SidecarError(f"{name!r} cannot be the name of an attribute")
    if is_bedrocks_own(name):
        raise SidecarError(f"{name} is a name that Bedrock keeps for itself; choose another")
    if isinstance(value, dict):
        return _written_out(name, value)
    kind = _plain(value)
    if kind is None:
        raise SidecarError(f"{name} has to be a string, a number, true, false or a list of strings")
    return kind


def _written_out(name: str, value: dict[str, Any]) -> Type:
    inner = value.get("value")
    if isinstance(inner, dict) and set(value) <= {"value", "includeForEmbedding"}:
        member, kind = _WRITTEN_OUT.get(str(inner.get("type")), (None, None))
        embedded = value.get("includeForEmbedding", False)
        if kind and set(inner) == {"type", member} and _plain(inner[member]) == kind and isinstance(embedded, bool):
            return kind
    raise SidecarError(
        f'{name}: an object has to be {{"value": {{"type": "STRING", "stringValue": "..."}}, "includeForEmbedding": '
        f"false}}, with a type of {', '.join(_WRITTEN_OUT)} and the member of that type"
    )


def _plain(value: Any) -> Type | None:
    match value:
        case bool():
            return "boolean"
        case int():
            return "number"
        case float():
            # 1e999 is valid JSON and infinite.
            return "number" if math.isfinite(value) else None
        case str():
            return "string"
        case list() if value and all(isinstance(item, str) for item in value):
            return "list"
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SidecarError(f"has {', '.join(twice)} twice; keep one")
    return dict(pairs)


def _refuse(constant: str) -> Any:
    raise SidecarError(f"{constant} is no number that JSON knows")
