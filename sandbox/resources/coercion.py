"""The scalar conversions that CloudFormation makes before it validates: "true" for a boolean, 5 for a string."""

from __future__ import annotations

import re
from typing import Any

_INTEGER = re.compile(r"[+-]?\d+\Z")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")


def coerce(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """``value`` with its scalars converted to the types ``schema`` asks for, where that loses nothing.

    ``document`` is the whole registry schema, whose definitions ``$ref`` names. A scalar that does not convert is
    left as it is, so that validation can refuse it. Nothing is changed in place.
    """
    schema = _resolved(schema, document)
    if isinstance(value, dict):
        return {key: coerce(item, _property(schema, key, document), document) for key, item in value.items()}
    if isinstance(value, list):
        items = schema.get("items")
        return [coerce(item, items if isinstance(items, dict) else {}, document) for item in value]
    types = schema.get("type", ())
    types = (types,) if isinstance(types, str) else tuple(types)
    return _scalar(value, types)


def _scalar(value: Any, types: tuple[str, ...]) -> Any:
    if isinstance(value, str) and "string" not in types:
        if "boolean" in types and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if "integer" in types and _INTEGER.match(value):
            return int(value)
        if "number" in types and _NUMBER.match(value):
            return int(value) if _INTEGER.match(value) else float(value)
    if types == ("string",):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
    return value


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["definitions"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _property(schema: dict[str, Any], key: str, document: dict[str, Any]) -> dict[str, Any]:
    """The schema of one property, looked for in the alternatives too (a union declares its members there)."""
    found = schema.get("properties", {}).get(key)
    if found is None:
        found = next(
            (sub for pattern, sub in schema.get("patternProperties", {}).items() if re.search(pattern, key)), None
        )
    if isinstance(found, dict) and found:
        return found
    for keyword in ("oneOf", "anyOf", "allOf"):
        for alternative in schema.get(keyword, ()):
            nested = _property(_resolved(alternative, document), key, document)
            if nested:
                return nested
    return {}
