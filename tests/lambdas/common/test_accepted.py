"""Callers who sent a word that a type does not know are told those that it does."""

import json
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from lambdas.common.accepted import accepted
from lambdas.common.errors import InvalidRequestError
from lambdas.common.tolerance import Reader


class Colour(Enum):
    """Of an enumeration."""

    GREY = "grey"


class Round(Struct, tag_field="type", tag="round", forbid_unknown_fields=True):
    """One of two by its tag."""

    size: Literal["small", "large"] | None = None


class Square(Struct, tag_field="type", tag="square", forbid_unknown_fields=True):
    """The other one."""

    colour: Colour | None = None


class Body(Struct, forbid_unknown_fields=True):
    """A body."""

    mode: Literal["auto", "none"] = "auto"
    count: int = 0
    stones: Annotated[list[Round | Square], Meta(max_length=2)] = []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("mode", ["auto", "none"]),
        ("stones[0].type", ["round", "square"]),
        ("stones[1].size", ["large", "small"]),
        ("stones[1].colour", ["grey"]),
        ("count", []),
        ("stones", []),
        ("nothing.of.it", []),
        ("", []),
    ],
)
def test_what_may_stand_at_a_place(path: str, words: list[str]) -> None:
    assert accepted(Body, path) == words


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mode": "fast"}, "`mode`: Invalid enum value 'fast'. Accepted: `auto`, `none`."),
        ({"stones": [{"type": "oval"}]}, "`stones[0].type`: Invalid value 'oval'. Accepted: `round`, `square`."),
        (
            {"stones": [{"type": "square", "colour": "red"}]},
            "`stones[0].colour`: Invalid enum value 'red'. Accepted: `grey`.",
        ),
        ({"count": "many"}, "`count`: Expected `int`, got `str`. Count them."),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_a_reader_tells_them_where_its_table_has_no_better_advice(
    given: dict[str, Any], message: str, strict: bool
) -> None:
    reader = Reader(Body, advice=[("count", "Count them.")])

    with pytest.raises(InvalidRequestError) as raised:
        reader.read(json.dumps(given).encode(), strict=strict)

    assert raised.value.message == message
