"""JSON schemas that callers write for OpenAI, as Bedrock takes them."""

import copy
from typing import Any

import pytest

from lambdas.chat.schemas import InexpressibleError, answer_schema, tool_schema

TEXT = {"type": "string"}
CITY = {"type": "object", "properties": {"city": TEXT}, "required": ["city"]}
ZIP = {"type": "object", "properties": {"zip": TEXT}, "required": ["zip"]}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (None, {"type": "object", "properties": {}}),
        ({}, {"type": "object", "properties": {}}),
        ({"type": "object"}, {"type": "object", "properties": {}}),
        ({"properties": {"city": TEXT}}, {"type": "object", "properties": {"city": TEXT}}),
        ({"type": ["object", "null"], "properties": None}, {"type": "object", "properties": {}}),
        ({"type": "OBJECT", **{k: v for k, v in CITY.items() if k != "type"}}, CITY),
        (CITY, CITY),
        ({"$ref": "#/$defs/a", "$defs": {"a": CITY}}, {**CITY, "$defs": {"a": CITY}}),
        (
            {"allOf": [CITY, ZIP]},
            {"type": "object", "properties": {"city": TEXT, "zip": TEXT}, "required": ["city", "zip"]},
        ),
        (
            {"anyOf": [CITY, ZIP]},
            {"type": "object", "properties": {"city": TEXT, "zip": TEXT}, "description": "Needs `city` or `zip`."},
        ),
        (
            {"type": "object", "description": "Where.", "oneOf": [{"required": ["a"]}, {"required": ["a", "b"]}]},
            {"type": "object", "properties": {}, "required": ["a"], "description": "Where. Needs `a` or `a`, `b`."},
        ),
        (
            {"anyOf": [CITY, {"type": "object", "properties": {"city": {"type": "integer"}}}]},
            {
                "type": "object",
                "properties": {"city": {"anyOf": [TEXT, {"type": "integer"}]}},
                "description": "Needs `city`.",
            },
        ),
        ({"anyOf": [{"anyOf": [CITY]}]}, CITY),
    ],
)
def test_a_tools_root_is_an_object_without_alternatives(given: Any, made: dict[str, Any]) -> None:
    before = copy.deepcopy(given)

    assert tool_schema(given) == (made, False)
    assert given == before


@pytest.mark.parametrize(
    "given",
    [
        {"type": "array", "items": TEXT},
        {"type": "string"},
        {"enum": ["a"]},
        {"anyOf": [CITY, {"type": "null"}]},
        {"$ref": "#"},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#/$defs/nowhere"},
        {"allOf": [True]},
    ],
)
def test_what_is_no_object_is_put_into_one(given: dict[str, Any]) -> None:
    assert tool_schema(given) == ({"type": "object", "properties": {"input": given}, "required": ["input"]}, True)


def test_definitions_stay_where_they_are_referred_to() -> None:
    made, _ = tool_schema({"type": "array", "items": {"$ref": "#/$defs/a"}, "$defs": {"a": TEXT}})

    assert made["$defs"] == {"a": TEXT}
    assert made["properties"] == {"input": {"type": "array", "items": {"$ref": "#/$defs/a"}}}


def test_references_in_a_circle_end() -> None:
    assert tool_schema({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})[1]


def test_alternatives_in_a_circle_end() -> None:
    given = {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, CITY]}}}

    assert tool_schema(given)[1]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("part", ["allOf", "anyOf"])
def test_alternatives_that_lead_to_the_same_again_end(part: str) -> None:
    levels = {f"a{level}": {part: [{"$ref": f"#/$defs/a{level + 1}"}] * 2} for level in range(19)}

    assert tool_schema({"$ref": "#/$defs/a0", "$defs": {**levels, "a19": CITY}})[1]


def test_a_property_of_many_kinds_has_them_side_by_side() -> None:
    kinds = [{"type": "object", "properties": {"kind": {"const": kind}}} for kind in range(300)]

    made, wrapped = tool_schema({"anyOf": kinds})

    assert not wrapped
    assert made["properties"] == {"kind": {"anyOf": [{"const": kind} for kind in range(300)]}}


@pytest.mark.timeout(30)
def test_references_that_lead_to_the_same_again_are_followed_once() -> None:
    levels = {f"a{level}": of({"$ref": f"#/$defs/a{level + 1}"}, required=[]) for level in range(19)}
    for level in levels.values():
        level["properties"] |= dict.fromkeys("bcdefgh", level["properties"]["a"])

    made = answer_schema(of({"$ref": "#/$defs/a0"}, **{"$defs": {**levels, "a19": TEXT}}))

    assert made["properties"] == {"a": {"$ref": "#/$defs/a0"}}


def of(inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": inner}, **more}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (of(TEXT), of(TEXT)),
        (of(TEXT, additionalProperties=True), of(TEXT)),
        (of({"type": "array", "maxItems": 3}), of({"type": "array", "description": "(maxItems: 3)"})),
        (of({"type": "array", "minItems": 1}), of({"type": "array", "minItems": 1})),
        (of({"type": "array", "minItems": 2}), of({"type": "array", "description": "(minItems: 2)"})),
        (
            of({"type": "integer", "minimum": 1, "maximum": 5, "description": "How many."}),
            of({"type": "integer", "description": "How many. (minimum: 1; maximum: 5)"}),
        ),
        (of({"type": "string", "format": "date"}), of({"type": "string", "format": "date"})),
        (of({"type": "string", "format": "phone"}), of({"type": "string", "description": '(format: "phone")'})),
        (of({"type": "string", "pattern": "^a+$"}), of({"type": "string", "pattern": "^a+$"})),
        (of({"type": "string", "pattern": "(?=a)"}), of({"type": "string", "description": '(pattern: "(?=a)")'})),
        (of({"oneOf": [TEXT, {"type": "null"}]}), of({"anyOf": [TEXT, {"type": "null"}]})),
        ({"$schema": "x", "properties": {"a": TEXT}}, of(TEXT)),
        (of({"$ref": "#/$defs/x"}, **{"$defs": {"x": of(TEXT)}}), None),
    ],
)
def test_an_answers_schema_is_closed_and_the_rest_is_told_in_words(given: Any, made: Any) -> None:
    before = copy.deepcopy(given)
    if made is None:
        made = of({"$ref": "#/$defs/x"}, **{"$defs": {"x": of(TEXT, additionalProperties=False)}})

    assert answer_schema(given) == {**made, "additionalProperties": False}
    assert given == before


@pytest.mark.parametrize(
    "given",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": TEXT},
        of({"type": "object", "properties": {}}),
        of({"enum": [{"b": 1}]}),
        of({"$ref": "#"}),
        of({"$ref": "https://example.com"}),
        of({"$ref": "#/$defs/x"}, **{"$defs": {"x": of({"$ref": "#/$defs/x"})}}),
        of({"type": "array", "items": {"$ref": "#/properties/a"}}),
    ],
)
def test_what_would_become_another_schema_is_not_enforced_so(given: dict[str, Any]) -> None:
    with pytest.raises(InexpressibleError):
        answer_schema(given)
