"""JSON schemas as Bedrock takes them, made of those that callers write for OpenAI.

A tool's schema has to be an object at its root, without alternatives there; a schema of the answer that Claude enforces
may have part of JSON Schema only, which Anthropic's documentation of structured outputs lists. Nothing is changed in
place.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

Schema = dict[str, Any]

# Where a schema that is no object is put.
WRAPPED: Final = "input"
_DEFINITIONS: Final = ("$defs", "definitions")
_EITHER: Final = ("anyOf", "oneOf")
_COMPOSED: Final = (*_EITHER, "allOf")
_ROOTLESS: Final = frozenset((*_COMPOSED, "$ref"))
# Steps in which a root has to be an object, all alternatives together, and references that may stand in one another:
# those that lead to the same again double with each level.
_STEPS: Final = 1_000
_DEEPEST: Final = 20
# What structured outputs know; everything else is put into the description.
_KNOWN: Final = frozenset(
    (
        *("type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "allOf", "$ref"),
        *("$defs", "definitions", "default", "description", "title", "format", "pattern", "minItems"),
    )
)
_SILENT: Final = frozenset(("$schema", "$id", "$comment", "examples", "strict", "readOnly", "writeOnly", "deprecated"))
_FORMATS: Final = frozenset(
    ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
)
# Lookaround and references back are not enforced.
_HARD_PATTERN: Final = re.compile(r"\(\?|\\[1-9bB]")
_MOST_LEAST_ITEMS: Final = 1
_MOST_SAID: Final = 200


class InexpressibleError(Exception):
    """A schema of the answer that cannot be enforced as it is: free objects, or one that refers to itself."""


def tool_schema(given: Mapping[str, Any] | None) -> tuple[Schema, bool]:
    """Return a tool's input schema, and whether what the caller wants stands under ``WRAPPED`` in it."""
    if not given:
        return {"type": "object", "properties": {}}, False
    if given.get("type") == "object" and given.keys().isdisjoint(_ROOTLESS):
        # Nearly all are so.
        return ({**given} if isinstance(given.get("properties"), dict) else {**given, "properties": {}}), False
    flat = _flat(dict(given), given, iter(range(_STEPS)))
    if flat is None:
        inner = {name: value for name, value in given.items() if name not in _DEFINITIONS}
        shared = {name: value for name, value in given.items() if name in _DEFINITIONS}
        return {"type": "object", "properties": {WRAPPED: inner}, "required": [WRAPPED], **shared}, True
    properties = flat.get("properties")
    return {**flat, "type": "object", "properties": properties if isinstance(properties, dict) else {}}, False


def _flat(schema: Schema, root: Mapping[str, Any], steps: Iterator[int], depth: int = 0) -> Schema | None:
    """Return an object's schema without references and alternatives at its root; None where it is no object's.

    Args:
        steps: those that are left, for this and all that it is made of.
    """
    if depth > _DEEPEST:
        return None
    for _ in steps:
        if "$ref" in schema:
            target = _found(schema["$ref"], root)
            if target is None:
                return None
            schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
        elif name := next((name for name in _COMPOSED if name in schema), None):
            merged = _merged(schema, name, root, steps, depth)
            if merged is None:
                return None
            schema = merged
        else:
            return schema if _is_object(schema) else None
    return None


def _found(reference: object, root: Mapping[str, Any]) -> Schema | None:
    """Return what a reference inside the document refers to."""
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    found: Any = root
    for part in reference[2:].split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _is_object(schema: Schema) -> bool:
    kind = schema.get("type")
    if isinstance(kind, list):
        return "object" in kind
    if kind in ("object", None):
        # Without a type it says what else it is, if it is anything else.
        return kind == "object" or not ({"items", "enum", "const", "prefixItems"} & schema.keys())
    return "properties" in schema


def _merged(schema: Schema, name: str, root: Mapping[str, Any], steps: Iterator[int], depth: int) -> Schema | None:
    """Return the schema with its alternatives, or parts, in one object; None where one of them is none."""
    objects: list[Schema] = []
    for one in _list(schema[name]):
        flat = _flat(dict(one), root, steps, depth + 1) if isinstance(one, dict) else None
        if flat is None:
            return None
        objects.append(flat)
    rest = {key: value for key, value in schema.items() if key != name}
    properties = _together([rest, *objects], "allOf" if name == "allOf" else "anyOf")
    needs = [_list(one.get("required")) for one in objects]
    needed = [key for group in needs for key in group if name == "allOf" or all(key in other for other in needs)]
    merged: Schema = {**rest, "type": "object", "properties": properties}
    if required := list(dict.fromkeys([*_list(rest.get("required")), *needed])):
        merged["required"] = required
    told = " or ".join(dict.fromkeys(f"`{'`, `'.join(map(str, group))}`" for group in needs if group))
    if name in _EITHER and len(objects) > 1 and told:
        merged["description"] = _said(rest.get("description"), f"Needs {told}.")
    return merged


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _together(schemas: Iterable[Schema], name: str) -> Schema:
    """Return all their properties; of one that they have otherwise, each other way side by side."""
    ways: dict[str, dict[str, Any]] = {}
    for schema in schemas:
        given = schema.get("properties")
        for key, value in given.items() if isinstance(given, dict) else ():
            ways.setdefault(key, {})[json.dumps(value, sort_keys=True)] = value
    return {key: one[0] if len(one := list(found.values())) == 1 else {name: one} for key, found in ways.items()}


def _said(description: object, more: str) -> str:
    return f"{description.rstrip()} {more}" if isinstance(description, str) and description.strip() else more


def answer_schema(given: Mapping[str, Any]) -> Schema:
    """Return a schema of the answer with what structured outputs know: objects closed, the rest told in descriptions.

    Raises:
        InexpressibleError: what would be left of it is another schema.
    """
    _refuse_circles(given, given, (), set())
    return _closed(given)


def _closed(schema: Mapping[str, Any]) -> Schema:
    made: Schema = {}
    told: list[str] = []
    for name, value in schema.items():
        if name in _SILENT:
            continue
        if name == "oneOf":
            made["anyOf"] = [*_list(made.get("anyOf")), *map(_inner, _list(value))]
        elif name in ("anyOf", "allOf"):
            made[name] = [*_list(made.get(name)), *map(_inner, _list(value))]
        elif name in ("properties", *_DEFINITIONS) and isinstance(value, dict):
            made[name] = {key: _inner(one) for key, one in value.items()}
        elif name == "items" and isinstance(value, dict):
            made[name] = _inner(value)
        elif _is_enforced(name, value):
            made[name] = value
        else:
            told.append(f"{name}: {json.dumps(value, ensure_ascii=False)}"[:_MOST_SAID])
    if isinstance(schema.get("enum"), list) and any(isinstance(one, dict | list) for one in schema["enum"]):
        raise InexpressibleError
    if "properties" in made:
        made.setdefault("type", "object")
    if made.get("type") == "object" or (isinstance(made.get("type"), list) and "object" in made["type"]):
        if not made.get("properties") and schema.get("additionalProperties") is not False:
            raise InexpressibleError
        made["additionalProperties"] = False
    if told:
        made["description"] = _said(made.get("description"), f"({'; '.join(told)})")
    return made


def _inner(schema: Any) -> Any:
    return _closed(schema) if isinstance(schema, dict) else {}


def _is_enforced(name: str, value: Any) -> bool:
    match name:
        case "format":
            return value in _FORMATS
        case "pattern":
            return isinstance(value, str) and not _HARD_PATTERN.search(value)
        case "minItems":
            return isinstance(value, int) and value <= _MOST_LEAST_ITEMS
        case _:
            return name in _KNOWN


def _refuse_circles(schema: Any, root: Mapping[str, Any], seen: Sequence[str], done: set[str]) -> None:
    """Refuse references that leave the document, lead nowhere or come back to where they are.

    Args:
        seen: references that lead here.
        done: those that were followed to their end.
    """
    if isinstance(schema, list):
        for one in schema:
            _refuse_circles(one, root, seen, done)
    if not isinstance(schema, Mapping):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in done:
        target = _found(reference, root)
        if target is None or reference in seen or len(seen) > _DEEPEST:
            raise InexpressibleError
        _refuse_circles(target, root, (*seen, reference), done)
        done.add(reference)
    for name, one in schema.items():
        # Definitions are looked at where they are referred to.
        if name not in (*_DEFINITIONS, "enum", "const", "default", "examples"):
            _refuse_circles(one, root, seen, done)
