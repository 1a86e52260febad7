"""What may be judged."""

import json
from typing import Any

import pytest

from lambdas.common.errors import InvalidRequestError
from lambdas.moderation.request import READER


def texts(given: Any, **members: Any) -> list[str]:
    return READER.read(json.dumps({"input": given, **members}).encode()).body.texts


def test_a_text_texts_and_parts_of_one_are_judged() -> None:
    assert texts("a", model="omni-moderation-latest") == ["a"]
    assert texts(["a", "b"]) == ["a", "b"]
    assert texts([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]) == ["a\nb"]
    assert texts(["a", {"type": "text", "text": "b"}], model=None) == ["a", "b"]


def test_who_is_asked_is_dropped_where_it_is_no_name() -> None:
    assert READER.read(b'{"input": "a", "model": 5}').dropped == ("model",)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ("", "input"),
        ([], "input"),
        ([""], "input[0]"),
        (["x"] * 33, "input"),
        ("x" * 100_001, "input"),
        ([["a"]], "input[0]"),
        ([{"type": "image_url", "image_url": {"url": "data:,"}}], "input[0].type"),
        (None, "input"),
        (5, "input"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_name(given: Any, param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        texts(given)

    assert refused.value.param == param
