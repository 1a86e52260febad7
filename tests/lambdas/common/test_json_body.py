"""Request bodies: what is wrong is told by the field's name."""

from typing import Any

import msgspec
import pytest
from msgspec import Struct

from lambdas.common import nesting
from lambdas.common.errors import InvalidRequestError
from lambdas.common.json_body import decode, decode_text


class Inner(Struct, forbid_unknown_fields=True):
    size: int


class Outer(Struct, forbid_unknown_fields=True):
    inner: Inner


DECODER = msgspec.json.Decoder(Outer)


def test_a_good_body_is_decoded() -> None:
    assert decode(b'{"inner": {"size": 1}}', DECODER) == Outer(Inner(1))


@pytest.mark.parametrize(
    ("body", "param", "code", "says"),
    [
        (b'{"inner": {"size": "x"}}', "inner.size", None, "Expected `int`, got `str`"),
        (b'{"inner": {"size": 1, "colour": 2}}', "inner.colour", "unsupported_parameter", "not supported"),
        (b'{"inner": {}}', "inner.size", None, "required and missing"),
        (b"{}", "inner", None, "required and missing"),
        (b"[]", None, None, "`body`: Expected `object`"),
        (b"{", None, None, "not valid JSON"),
        (b"\xff", None, None, "not valid JSON"),
        (b"", None, None, "not valid JSON"),
    ],
)
def test_a_bad_body_is_refused(body: bytes, param: str | None, code: str | None, says: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        decode(body, DECODER)

    assert (refused.value.param, refused.value.code) == (param, code)
    assert says in refused.value.message


def test_what_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="more than 100 levels"):
        decode(b"[" * 100_000 + b"]" * 100_000, msgspec.json.Decoder(list[Any]))


@pytest.mark.parametrize("beyond", [0, 1, 10_000])
def test_a_body_is_nested_so_deep_and_no_deeper(beyond: int) -> None:
    levels = nesting.MOST + nesting.AROUND + beyond
    body = b'{"a":' * levels + b"1" + b"}" * levels

    if not beyond:
        decode(body, msgspec.json.Decoder(dict[str, Any]))
        return
    with pytest.raises(InvalidRequestError, match="more than 100 levels") as refused:
        decode(body, msgspec.json.Decoder(dict[str, Any]))
    assert str(refused.value.param).startswith("a.a.a")


@pytest.mark.parametrize("text", ["{", "", " ", "\ud800", '{"a": 1} and more'])
def test_a_text_that_is_no_json_is_nothing(text: str) -> None:
    assert decode_text(text, param="arguments") is None


@pytest.mark.parametrize("text", ['{"a": ' * 101 + "1" + "}" * 101, '{"a":' * 5000, "[" * 10_000])
def test_a_text_that_is_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        decode_text(text, param="arguments")

    assert refused.value.param == "arguments"


def test_a_text_may_be_nested_a_hundred_deep() -> None:
    assert decode_text('{"a": ' * 100 + "1" + "}" * 100, param="arguments")


def test_a_name_of_the_callers_is_cut() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        decode(b'{"inner": {"size": 1, "' + b"Z" * 900_000 + b'": 1}}', DECODER)

    assert len(refused.value.message) < 300
    assert refused.value.param is not None
    assert len(refused.value.param) == 200
    assert "not supported" in refused.value.message
