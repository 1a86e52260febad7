"""What is accepted as a chat request, and how the rest is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.api.dialects.chat.messages import TextPart
from lambdas.api.dialects.chat.reading import parse, read
from lambdas.api.dialects.chat.request import ChatRequest
from lambdas.common.errors import InvalidRequestError

USER = {"role": "user", "content": "Hello"}


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "fast", "messages": [USER], **fields}).encode()


def test_a_minimal_request_is_accepted() -> None:
    request = parse(body())

    assert request.model == "fast"
    assert request.messages[0].content == "Hello"


def test_everything_that_is_offered_is_accepted_together() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}], "name": "ann"},
        {"role": "assistant", "content": "Yes?", "refusal": None},
        USER,
    ]

    request = parse(
        body(
            messages=messages, temperature=0, top_p=1, max_tokens=5, stop=["a", "b"], user="u", metadata={"k": "v"}, n=1
        )
    )

    parts = request.messages[2].content
    assert isinstance(parts, list)
    assert [part.text for part in parts if isinstance(part, TextPart)] == ["One", "Two"]
    assert request.temperature == 0


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"messages": []}, "messages", "length >= 1"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role", "`assistant` and `tool`"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "required"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "required"),
        ({"messages": [{"role": "user", "content": " \n"}]}, "messages[0].content", "must not be empty"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "length >= 1"),
        ({"messages": [USER, {"role": "assistant", "content": "x"}]}, "messages[1].role", "last message"),
        ({"messages": "Hello"}, "messages", "Expected `array`"),
        ({"temperature": 2.5}, "temperature", "<= 1.0"),
        ({"temperature": -0.1}, "temperature", ">= 0.0"),
        ({"temperature": "hot"}, "temperature", "`float | null`"),
        ({"top_p": 2}, "top_p", "<= 1.0"),
        ({"max_tokens": 0}, "max_tokens", ">= 1"),
        ({"stop": list("abcde")}, "stop", "length <= 4"),
        ({"n": 2}, "n", "<= 1"),
        ({"tool_choice": "required"}, "tool_choice", "has none"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "`json_schema`."),
        ({"system": "Be brief."}, "system", "role `system`"),
        ({"instructions": "Be brief."}, "instructions", "role `system`"),
        ({"max_output_tokens": 5}, "max_output_tokens", "`max_completion_tokens`"),
        ({"stop_sequences": ["a"]}, "stop_sequences", "`stop`"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config", "`response_format`"),
        ({"quarry": {"top_k": 0}}, "quarry.top_k", ">= 1"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage", "Expected `bool`"),
        ({"logprobs": True}, "logprobs", "not supported"),
        ({"model": ""}, "model", "must not be empty"),
        ({"model": None}, "model", "Expected `str`"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str, says: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        parse(body(**fields))

    assert refused.value.param == param
    assert says in refused.value.message


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b'{"model": "\\ud800"}', b"nonsense"])
def test_what_is_not_json_is_told_so(text: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="not valid JSON"):
        parse(text)


def test_a_missing_model_is_named() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        parse(json.dumps({"messages": [USER]}).encode())

    assert refused.value.param == "model"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_fields = st.dictionaries(
    st.sampled_from(["model", "messages", "temperature", "top_p", "stop", "max_tokens", "user", "metadata", "n", "x"]),
    _json,
    max_size=5,
)


@given(_fields)
def test_any_json_is_either_a_request_or_refused_in_one_way(fields: dict[str, Any]) -> None:
    try:
        request: ChatRequest | None = parse(json.dumps(fields).encode())
    except InvalidRequestError as refused:
        request, status = None, refused.status
    assert isinstance(request, ChatRequest) or status == 400


@given(st.binary(max_size=200))
def test_any_bytes_are_either_a_request_or_refused_in_one_way(text: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        parse(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"seed": 1},
        {"presence_penalty": 0},
        {"temperature": 1.2},
        {"quarry": None},
        {"tools": []},
        {"max_tokens": 1, "max_completion_tokens": 1},
        {"user": "a|b"},
        {"metadata": {"q": "it's"}},
    ],
)
def test_strict_mode_brings_the_refusals_back(fields: dict[str, Any]) -> None:
    read(body(**fields))

    with pytest.raises(InvalidRequestError) as refused:
        read(body(**fields), strict=True)

    assert str(refused.value.param).split(".")[0] in fields


def test_an_assistants_message_may_come_back_as_it_is_in_strict_mode_too() -> None:
    said: dict[str, Any] = {"role": "assistant", "content": "{}", "parsed": {}, "audio": None, "tool_calls": []}

    assert read(body(messages=[USER, said, USER]), strict=True).dropped == ()


@pytest.mark.parametrize(
    ("given", "kept", "dropped"),
    [
        ("\n", None, ("stop",)),
        ("", None, ()),
        (["", "END"], ["END"], ()),
        (["END", " "], ["END"], ("stop",)),
        ("END", "END", ()),
    ],
)
def test_stop_texts_of_white_space_are_left_out(given: Any, kept: Any, dropped: tuple[str, ...]) -> None:
    found = read(body(stop=given))

    assert (found.body.stop, found.dropped) == (kept, dropped)


@pytest.mark.parametrize(
    ("fields", "dropped"),
    [
        ({"user": 5}, ("user",)),
        ({"user": {"id": "a"}, "metadata": "x"}, ("user", "metadata")),
        ({"metadata": ["a"]}, ("metadata",)),
        ({"metadata": [], "user": False}, ()),
        ({"tool_choice": {}, "reasoning_effort": ""}, ()),
    ],
)
def test_labels_of_another_kind_are_dropped_and_what_is_empty_means_nothing(
    fields: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    assert read(body(**fields)).dropped == dropped


@pytest.mark.parametrize(
    ("quarry", "param", "name"),
    [
        ({"knowledge": {"filters": {"year": 2024}}}, "quarry.knowledge.filters", "`filter`"),
        ({"knowledge": {"where": {"year": 2024}}}, "quarry.knowledge.where", "`filter`"),
        ({"session_id": "sess_1"}, "quarry.session_id", "`session`"),
    ],
)
def test_another_name_of_what_decides_the_answer_is_refused(quarry: Any, param: str, name: str) -> None:
    with pytest.raises(InvalidRequestError, match=name) as refused:
        read(body(quarry=quarry))

    assert refused.value.param == param


def test_another_name_that_says_nothing_is_passed_over() -> None:
    assert read(body(quarry={"knowledge": {"filters": {}}, "session_id": None})).dropped == ()


@pytest.mark.parametrize("members", [{"n": 2}, {"tools": [{"type": "web_search"}]}])
def test_what_would_be_another_answer_is_what_is_not_supported(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        parse(body(**members))

    assert refused.value.code == "unsupported_parameter"
