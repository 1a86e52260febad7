"""Bodies that are not quite as their type wants them: what becomes of each member."""

import json
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from lambdas.common.errors import InvalidRequestError
from lambdas.common.tolerance import MOST_CHARACTERS, MOST_NAMED, Bounds, Reader, Rule


class Dot(Struct, tag_field="kind", tag="dot", forbid_unknown_fields=True):
    at: int = 0


class Line(Struct, tag_field="kind", tag="line", forbid_unknown_fields=True):
    name: str | None = None
    points: list[Dot] = []


class Kept(Struct):
    """Passes over what it does not know."""

    name: str


class Inner(Struct, frozen=True, forbid_unknown_fields=True):
    deep: bool = False


class Body(Struct, forbid_unknown_fields=True):
    name: str
    warm: Annotated[float, Meta(ge=0, le=1)] | None = None
    count: Annotated[int, Meta(ge=1, le=10)] | None = None
    effort: str | None = None
    shapes: list[Dot | Line] | str | None = None
    inner: Inner = Inner()
    kept: Kept | None = None


READER = Reader(
    Body,
    (
        Rule(field="warm", bounds=Bounds(minimum=0, maximum=1, widest=2)),
        Rule(field="count", neutral=(-1,), bounds=Bounds(minimum=1, maximum=10, widest=100)),
        Rule(field="effort", neutral=("none",), replaced={"max": "high"}),
        Rule(field="seed", otherwise="drop"),
        Rule(field="penalty", neutral=(0,), otherwise="drop"),
        Rule(field="label", otherwise="ignore"),
        Rule(field="sound", neutral=(False, ["text"]), otherwise="refuse", about="write it."),
        Rule(field="shapes[].points[].colour", otherwise="ignore"),
    ),
)


def read(strict: bool = False, **members: Any) -> Any:
    return READER.read(json.dumps({"name": "x", **members}).encode(), strict=strict)


@pytest.mark.parametrize(
    ("members", "dropped"),
    [
        ({}, ()),
        ({"warm": 0.5, "count": 3}, ()),
        ({"warm": None, "inner": None, "unknown": None}, ()),
        ({"seed": 5}, ("seed",)),
        ({"seed": None}, ()),
        ({"penalty": 0}, ()),
        ({"penalty": 0.0}, ()),
        ({"penalty": False}, ("penalty",)),
        ({"penalty": 1}, ("penalty",)),
        ({"label": "x"}, ()),
        ({"sound": False}, ()),
        ({"sound": ["text"]}, ()),
        ({"colour": "red"}, ("colour",)),
        ({"colour": "", "size": 0, "shade": False, "tags": [], "map": {}}, ()),
        ({"inner": {"deep": True, "deeper": 1, "deepest": 0}}, ("inner.deeper",)),
        ({"inner": {"deep": None}}, ()),
        (
            {"shapes": [{"kind": "dot", "at": 1, "a": 1}, {"kind": "line", "a": 1, "b": 2}]},
            ("shapes[].a", "shapes[].b"),
        ),
        ({"shapes": [{"kind": "line", "points": [{"kind": "dot", "colour": 1, "c": 1}]}]}, ("shapes[].points[].c",)),
        ({"kept": {"name": "x", "more": 1}, "colour": 1}, ("colour",)),
    ],
)
def test_what_means_nothing_goes_in_silence_and_the_rest_is_named(
    members: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    assert read(**members).dropped == dropped


@pytest.mark.parametrize(
    ("member", "given", "kept", "is_named"),
    [
        ("warm", 1.2, 1, True),
        ("warm", 2, 1, True),
        ("warm", 1, 1, False),
        ("count", 100, 10, True),
        ("count", -1, None, False),
        ("count", 5.0, 5, False),
        ("count", 1e2, 10, True),
        ("warm", 1.0, 1, False),
        ("effort", "max", "high", True),
        ("effort", "none", None, False),
        ("effort", "other", "other", False),
    ],
)
def test_a_value_is_put_to_the_nearest_and_named(member: str, given: Any, kept: Any, is_named: bool) -> None:
    found = read(**{member: given}, seed=None)

    assert getattr(found.body, member) == kept
    assert found.dropped == ((member,) if is_named else ())


@pytest.mark.parametrize(
    ("members", "param", "words"),
    [
        ({"sound": True}, "sound", "`sound` is not supported here: write it."),
        ({"warm": 2.1}, "warm", "<= 1.0"),
        ({"warm": -0.1}, "warm", ">= 0.0"),
        ({"warm": True}, "warm", "Expected"),
        ({"count": 0}, "count", ">= 1"),
        ({"name": None}, "name", "Expected `str`"),
        ({"shapes": [{"kind": "cube"}]}, "shapes[0].kind", "Invalid value"),
        ({"shapes": [{}]}, "shapes[0].kind", "required"),
        ({"inner": []}, "inner", "Expected `object`"),
    ],
)
def test_what_neither_type_nor_table_accepts_is_refused_by_name(members: Any, param: str, words: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read(**members)

    assert refused.value.param == param
    assert words in refused.value.message


@pytest.mark.parametrize("members", [{"seed": 5}, {"colour": 0}, {"warm": 1.2}, {"inner": None}, {"label": "x"}])
def test_strict_mode_accepts_only_what_fits(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read(strict=True, **members)

    assert refused.value.param == next(iter(members))
    assert read(strict=True, warm=1).dropped == ()


@pytest.mark.parametrize("body", [b"", b"[1]", b"5", b"null", b'{"seed": 1', b'{"warm": 1.5, "x": Infinity}', b"\xff"])
def test_what_is_no_body_is_refused_whatever_it_is(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        READER.read(body)


def test_a_callers_names_can_stand_in_a_header() -> None:
    odd: dict[str, Any] = {"größe\r\nx: y": 1, "a" * 300: 1, **{f"n{number}": 1 for number in range(100)}}
    found = read(**odd)

    assert found.dropped[:2] == ("gr??e??x??y", "a" * MOST_CHARACTERS)
    assert len(found.dropped) == MOST_NAMED
    assert all(name.isascii() and name.isprintable() for name in found.dropped)


def test_each_place_is_named_once() -> None:
    shapes = [{"kind": "dot", "a": number} for number in range(1, 100)]

    assert read(shapes=shapes).dropped == ("shapes[].a",)
