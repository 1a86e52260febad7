"""Request bodies: what is wrong is told by the field's name."""

from typing import Any

import msgspec
import pytest
from msgspec import Struct

from lambdas.common.errors import InvalidRequestError
from lambdas.common.json_body import decode


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
    with pytest.raises(InvalidRequestError, match="not valid JSON"):
        decode(b"[" * 100_000 + b"]" * 100_000, msgspec.json.Decoder(list[Any]))
