"""CloudFormation properties to API parameters and back, driven by botocore's shapes.

The two differ in the case of the first letters (``URI`` is ``uri``), in the type of a few scalars, and in a few names
that a resource type's row lists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape


class UntranslatableError(ValueError):
    """A property has no counterpart in the operation that is to receive it."""


def to_parameters(
    properties: Mapping[str, Any], shape: Shape, renames: Mapping[str, str], *, ignored: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """API parameters for ``properties``.

    ``renames`` maps dotted property paths (without list indices) to member names; top-level names in ``ignored`` are
    left out where the shape lacks them. Raises UntranslatableError for any other property the shape lacks.
    """
    known = dict(properties)
    members = _members(shape)
    for name in ignored:
        if renames.get(name, name).lower() not in members:
            known.pop(name, None)
    translated: dict[str, Any] = _translated(known, shape, renames, "")
    return translated


def _translated(value: Any, shape: Shape, renames: Mapping[str, str], path: str) -> Any:
    match shape:
        case StructureShape() if isinstance(value, dict):
            return value if shape.is_document_type else _structure(value, shape, renames, path)
        case ListShape() if isinstance(value, list):
            return [_translated(item, shape.member, renames, path) for item in value]
        case ListShape() if isinstance(value, dict):
            # Tags are a map in some schemas where the API has a list of pairs.
            return [{_pair_member(shape, "key"): k, _pair_member(shape, "value"): v} for k, v in value.items()]
        case MapShape() if isinstance(value, dict):
            return {key: _translated(item, shape.value, renames, f"{path}.*") for key, item in value.items()}
        case MapShape() if isinstance(value, list):
            return {item["Key"]: item.get("Value", "") for item in value}
    if shape.type_name == "string" and not isinstance(value, str):
        # A JSON document or a number (Budgets' amounts) where the API takes text.
        return json.dumps(value)
    return value


def _structure(value: dict[str, Any], shape: StructureShape, renames: Mapping[str, str], path: str) -> dict[str, Any]:
    members = _members(shape)
    result = {}
    for key, item in value.items():
        here = f"{path}.{key}" if path else key
        member = members.get(renames.get(here, key).lower())
        if member is None:
            raise UntranslatableError(f"{here} has no counterpart in {shape.name}: this emulator does not support it")
        result[member] = _translated(item, shape.members[member], renames, here)
    return result


def _members(shape: Shape) -> dict[str, str]:
    return {name.lower(): name for name in shape.members} if isinstance(shape, StructureShape) else {}


def _pair_member(shape: ListShape, name: str) -> str:
    return _members(shape.member).get(name, name)


def to_property(value: Any) -> Any:
    """A value of an API reply as a CloudFormation attribute: times as ISO 8601 text, names with a capital letter."""
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case dict():
            return {f"{key[:1].upper()}{key[1:]}": to_property(item) for key, item in value.items()}
        case list():
            return [to_property(item) for item in value]
    return value
