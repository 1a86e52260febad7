"""The bound on nesting: exact, quick, and blind to brackets in texts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.nesting import is_too_deep, path_beyond

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text('[]{}\\",:a'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}\\"a'), inner, max_size=3),
    max_leaves=8,
)


def depth(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(value=JSON)
def test_a_value_is_as_deep_as_it_is(value: Any) -> None:
    text = json.dumps(value).encode()

    assert not is_too_deep(text, most=depth(value))
    assert not depth(value) or is_too_deep(text, most=depth(value) - 1)


@pytest.mark.parametrize("text", [b"[" * 500_000, b'{"a":' * 300_000, b'["' + b"\\" * 99, b"]" * 1000, b""])
def test_what_is_no_json_is_measured_too(text: bytes) -> None:
    assert is_too_deep(text, most=100) == (len(text) > 5000)


@pytest.mark.parametrize(
    ("text", "most", "path"),
    [
        ('{"tools": [1, {"function": {"parameters": {"a": {"b": {}}}}}]}', 5, "tools[1].function.parameters.a"),
        ('{"filter": {"a": [[1]]}}', 2, "filter.a"),
        ('{"x": {"y": 1}, "q\\"[": [[2], [[3]]]}', 3, 'q\\"[[1][0]'),
        ("[[[]]]", 2, "[0][0]"),
    ],
)
def test_the_place_is_named(text: str, most: int, path: str) -> None:
    assert path_beyond(text.encode(), most=most) == path
