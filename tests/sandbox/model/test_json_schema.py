"""Values for JSON schemas."""

import json
from contextlib import suppress
from typing import Any

import pytest

from sandbox.model.json_schema import generate


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "minimum": 5, "multipleOf": 4}, 8),
        ({"type": "integer", "exclusiveMaximum": -2}, -3),
        ({"type": "number", "exclusiveMinimum": 0}, 0.5),
        ({"type": "string", "minLength": 12}, "stand-in...."),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": ["string", "null"], "maxLength": 3}, "sta"),
        ({"const": 4}, 4),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True}, ["a", "b"]),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 0}, []),
        (
            {"allOf": [{"properties": {"a": {"type": "null"}}, "required": ["a"]}, {"required": ["b"]}]},
            {"a": None, "b": "stand-in"},
        ),
        ({"type": "object", "properties": {"a": {}, "b": {"type": "null"}}, "required": ["b"]}, {"b": None}),
        ({}, "stand-in"),
    ],
)
def test_generate(schema: dict[str, Any], expected: Any) -> None:
    assert generate(schema) == expected


def test_a_schema_that_refers_to_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["next"]}
    assert "next" in generate({"$ref": "#/$defs/node", "$defs": {"node": node}})


def test_a_reference_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="refers to #/x"):
        generate({"$ref": "#/x"})


@pytest.mark.parametrize("word", ["allOf", "anyOf"])
def test_parts_that_double_are_refused_or_end(word: str) -> None:
    doubled = {f"d{one}": {word: [{"$ref": f"#/$defs/d{one + 1}"}] * 2} for one in range(40)}
    schema = {"$ref": "#/$defs/d0", "$defs": {**doubled, "d40": {"type": "string"}}}

    with suppress(ValueError):
        assert generate(schema) is None


BOMBS: dict[str, dict[str, Any]] = {
    "items": {"type": "array", "minItems": 10**9, "items": {"type": "integer"}},
    "items of items": {"type": "array", "minItems": 10**6, "items": {"type": "array", "minItems": 10**6}},
    "length": {"type": "object", "properties": {"a": {"type": "string", "minLength": 2 * 10**9}}},
    "properties": {"type": "object", "minProperties": 10**9},
    "branches": {"type": "object", "properties": {name: {"$ref": "#"} for name in "abcdefghij"}},
    "places": {"type": "array", "prefixItems": [{"$ref": "#"}] * 10},
    "constants": {"type": "array", "minItems": 10**9, "items": {"const": "y" * 1_000}},
    "choices": {"type": "array", "minItems": 10**9, "items": {"enum": ["y" * 1_000]}},
    "texts": {"type": "array", "minItems": 10**9, "items": {"type": "string", "minLength": 10**9}},
}


@pytest.mark.parametrize("schema", BOMBS.values(), ids=BOMBS.keys())
@pytest.mark.parametrize("most", [20, 10**9])
def test_a_schema_that_asks_for_too_much_gets_what_a_model_may_write(schema: dict[str, Any], most: int) -> None:
    written = json.dumps(generate(schema, most=most))

    assert len(written) < (5_000 if most == 20 else 500_000)
