"""Makes a value that is valid for a JSON schema: always the same one for the same schema and hints.

Knows ``$ref`` inside the document, ``allOf``, ``anyOf``/``oneOf`` (the first), ``const``, ``enum``, every type,
lengths, bounds, ``multipleOf``, ``minItems``, ``prefixItems`` and common formats. A ``pattern`` is not solved.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
Hint = Callable[[str, Schema], Any]
"""Given a property's name and schema, a value for it, or None where it has none to offer."""

_MAX_DEPTH = 12  # a schema that refers to itself is followed this far
_MOST = 10_000  # values of one answer, whatever the schema asks for
_MOST_PARTS = 50_000  # references and parts that are followed for one answer
_PIECE = 8  # characters that count as a value
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "stand-in@example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
}


def no_hint(name: str, schema: Schema) -> None:
    """Offer no value."""


def generate(schema: Schema, hint: Hint = no_hint, *, text: str = "stand-in", most: int = _MOST) -> Any:
    """Return a value for ``schema``.

    Args:
        text: what a free string says.
        most: values, and pieces of so many characters of a string, that are made; the rest is left out as a model would
            that has reached its ``maxTokens``.
    """
    return _Generator(schema, hint, text, min(most, _MOST)).value(schema, "", 0)


class _Generator:
    def __init__(self, root: Schema, hint: Hint, text: str, most: int) -> None:
        self._left = most
        self._parts = _MOST_PARTS
        self._root = root
        self._hint = hint
        self._text = text

    def _resolved(self, schema: Schema) -> dict[str, Any]:
        if "$ref" in schema:
            self._follow()
            target: Any = self._root
            for part in str(schema["$ref"]).lstrip("#/").split("/") if schema["$ref"] != "#" else ():
                key = part.replace("~1", "/").replace("~0", "~")
                if not isinstance(target, Mapping) or key not in target:
                    raise ValueError(f"the schema refers to {schema['$ref']}, which it does not have")
                target = target[key]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        for part in schema.get("allOf") or []:
            self._follow()
            inner = self._resolved(part)
            both = {**schema.get("properties", {}), **inner.get("properties", {})}
            needed = [*schema.get("required", []), *inner.get("required", [])]
            schema = {**inner, **schema}
            schema = {**schema, **({"properties": both} if both else {}), **({"required": needed} if needed else {})}
        return dict(schema)

    def _follow(self) -> None:
        self._parts -= 1
        if self._parts < 0:
            raise ValueError("the schema is made of too many parts, as one that refers to itself")

    def _taken(self, given: Any) -> Any:
        """Return what the schema gives as it is, counted by its length."""
        self._left -= len(json.dumps(given)) // _PIECE
        return given

    def value(self, schema: Schema | bool, name: str, depth: int) -> Any:
        self._left -= 1
        if isinstance(schema, bool) or not schema or depth > _MAX_DEPTH:
            return self._text if not isinstance(schema, Mapping) or depth <= _MAX_DEPTH else None
        schema = self._resolved(schema)
        if "const" in schema:
            return self._taken(schema["const"])
        if name and (offered := self._hint(name, schema)) is not None:
            return offered
        if "enum" in schema:
            return self._taken(schema["enum"][0])
        for either in ("anyOf", "oneOf"):
            if schema.get(either):
                rest = {key: value for key, value in schema.items() if key != either}
                return self.value({**rest, **self._resolved(schema[either][0])}, name, depth + 1)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0]
        if kind is None:
            kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
        makers = {"object": self._object, "array": self._array}
        if kind in makers:
            return makers[kind](schema, name, depth)
        return self._scalar(kind, schema)

    def _object(self, schema: Schema, _name: str, depth: int) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties") or {}
        required = list(dict.fromkeys(schema.get("required") or []))
        made = {}
        for name, inner in properties.items():
            if self._left <= 0:
                break
            if name in required or not required:
                made[name] = self.value(inner, name, depth + 1)
            elif (offered := self._hint(name, self._resolved(inner))) is not None:
                made[name] = offered
        for name in required:
            if name not in made:
                made[name] = self._text
        wanted = int(schema.get("minProperties", 0)) - len(made)
        for number in range(min(wanted, max(self._left, 0))):
            self._left -= 1
            made[f"key{number + 1}"] = self._text
        return made

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        made: list[Any] = []
        for inner in schema.get("prefixItems") or []:
            if self._left <= 0:
                break
            made.append(self.value(inner, name, depth + 1))
        items = schema.get("items", {})
        wanted = max(int(schema.get("minItems", 1)), 0)
        wanted = min(wanted, int(schema.get("maxItems", wanted)))
        if items is False or depth > _MAX_DEPTH - 2:
            return made
        choices = list(self._resolved(items).get("enum") or []) if isinstance(items, Mapping) else []
        while len(made) < wanted and self._left > 0:
            self._left -= 1
            value = self.value(items, name, depth + 1)
            if schema.get("uniqueItems") and value in made:
                value = _another(value, len(made), choices)
            made.append(value)
        return made

    def _scalar(self, kind: str, schema: Schema) -> Any:
        if kind == "null":
            return None
        if kind == "boolean":
            return True
        if kind in ("integer", "number"):
            return bounded(0, schema)
        text = _FORMATS.get(str(schema.get("format")), self._text)
        text = text.ljust(min(int(schema.get("minLength", 0)), max(self._left, 1) * _PIECE), ".")
        self._left -= len(text) // _PIECE
        return text[: int(schema["maxLength"])] if "maxLength" in schema else text


def _another(value: Any, place: int, choices: list[Any]) -> Any:
    if len(choices) > place:
        return choices[place]
    return value + place if isinstance(value, int) and not isinstance(value, bool) else f"{value}-{place + 1}"


def bounded(value: float, schema: Schema) -> float:
    """Return the number nearest to ``value`` that the schema's bounds and ``multipleOf`` allow; whole for integers."""
    step = schema.get("multipleOf") or (1 if schema.get("type") == "integer" else 0)
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    if (above := schema.get("exclusiveMinimum")) is not None and not isinstance(above, bool):
        low = max(low, above + (step or 0.5))
    if (below := schema.get("exclusiveMaximum")) is not None and not isinstance(below, bool):
        high = min(high, below - (step or 0.5))
    value = min(max(value, low), high)
    if step:
        value = math.ceil(value / step) * step
        value = value - step if value > high else value
    return int(value) if schema.get("type") == "integer" or float(value).is_integer() else value
