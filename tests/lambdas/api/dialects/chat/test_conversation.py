"""What is asked, from OpenAI's chat request to a conversation."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.chat.candidates import Candidate
from lambdas.chat.converse import to_converse
from lambdas.chat.spoken import BEGIN, Spoken
from lambdas.common.errors import InvalidRequestError
from sandbox.model import catalogue, rules
from tests.lambdas.chatting import parse
from tests.lambdas.fakes import HAIKU, HAIKU_ID

USER = {"role": "user", "content": "A"}
PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def call(call_id: Any, arguments: Any = "{}", name: str = "dig") -> dict[str, Any]:
    return {"id": call_id, "function": {"name": name, "arguments": arguments}}


def calling(*calls: Any) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": list(calls)}


def result(call_id: Any, content: Any = "deep") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def spoken(*messages: Any, **fields: Any) -> Spoken:
    return parse(json.dumps({"model": "smart", "messages": messages, **fields}).encode()).spoken


def contents(found: Spoken) -> list[tuple[str, list[Any]]]:
    return [(turn["role"], turn["content"]) for turn in found.turns]


@pytest.mark.parametrize(
    ("messages", "turns"),
    [
        ([{"role": "assistant", "content": "Hello!"}, USER], [("user", BEGIN), ("assistant", "Hello!"), ("user", "A")]),
        ([{"role": "system", "content": "S"}], [("user", BEGIN)]),
        ([USER, {"role": "system", "content": "S"}], [("user", "A")]),
        ([USER, {"role": "assistant", "content": "\n"}, USER], [("user", "A"), ("user", "A")]),
        ([USER, {"role": "assistant", "content": "\u00a0"}, USER], [("user", "A"), ("user", "A")]),
        (
            [USER, {"role": "assistant", "content": None, "refusal": "No."}, USER],
            [("user", "A"), ("assistant", "No."), ("user", "A")],
        ),
        (
            [
                USER,
                {"role": "assistant", "content": ["Hi", {"type": "refusal", "refusal": "no"}, {"type": "x"}, {}]},
                USER,
            ],
            [("user", "A"), ("assistant", "Hi\nno"), ("user", "A")],
        ),
        (
            [{"role": "user", "content": "\u3000"}, {"role": "assistant", "content": "B"}, USER],
            [("user", BEGIN), ("assistant", "B"), ("user", "A")],
        ),
        (
            [{"role": "user", "content": [{"type": "text", "text": " "}, {"type": "text", "text": "A"}]}],
            [("user", "A")],
        ),
    ],
)
def test_turns_are_as_converse_wants_them(messages: list[Any], turns: list[tuple[str, str]]) -> None:
    said = [(role, block["text"]) for role, blocks in contents(spoken(*messages)) for block in blocks]

    assert said == turns


def test_blank_instructions_are_left_out() -> None:
    found = spoken(
        {"role": "system", "content": " "}, {"role": "developer", "content": [{"type": "text", "text": ""}]}, USER
    )

    assert found.system == []


@pytest.mark.parametrize("given", ["a|b", "x" * 100, "größe", "c"])
def test_a_call_and_its_result_go_by_one_id_that_bedrock_takes(given: str) -> None:
    _, (_, [use]), (_, [answer]) = contents(spoken(USER, calling(call(given)), result(given)))

    assert use["toolUse"]["toolUseId"] == answer["toolResult"]["toolUseId"]
    assert (use["toolUse"]["toolUseId"] == given) == (given == "c")


def test_ids_that_come_again_are_told_apart() -> None:
    turns = contents(
        spoken(USER, calling(call("c")), result("c"), calling(call("c"), call("c")), result("c"), result("c"))
    )
    used = [block["toolUse"]["toolUseId"] for _, blocks in turns for block in blocks if "toolUse" in block]
    answered = [block["toolResult"]["toolUseId"] for _, blocks in turns for block in blocks if "toolResult" in block]

    assert len(set(used)) == 3
    assert used == answered


@pytest.mark.parametrize("blank", ["", None])
def test_without_ids_the_order_tells(blank: Any) -> None:
    turns = contents(spoken(USER, calling(call(blank), call(blank)), result(blank, "one"), result(blank, "two")))
    used = [block["toolUse"]["toolUseId"] for block in turns[1][1]]

    assert [(block["toolResult"]["toolUseId"], block["toolResult"]["content"][0]["text"]) for block in turns[2][1]] == [
        (used[0], "one"),
        (used[1], "two"),
    ]


@pytest.mark.parametrize("arguments", ["", " ", "{", '{"a": "b', "[]", "5", "null", "nonsense", [], 5, None])
def test_arguments_that_are_no_object_are_an_empty_one(arguments: Any) -> None:
    turns = contents(spoken(USER, calling(call("c", arguments)), result("c")))

    assert turns[1][1][0]["toolUse"]["input"] == {}


def test_arguments_of_a_tool_that_takes_a_list_are_put_as_its_schema_is() -> None:
    tools = [{"type": "function", "function": {"name": "dig", "parameters": {"type": "array"}}}]
    turns = contents(spoken(USER, calling(call("c", "[1]"), call("d", "[1")), result("c"), result("d"), tools=tools))

    assert [block["toolUse"]["input"] for block in turns[1][1]] == [{"input": [1]}, {}]


def test_images_of_a_tool_go_through() -> None:
    shot = [{"type": "text", "text": "shot"}, {"type": "image_url", "image_url": {"url": PNG}}]
    answer = contents(spoken(USER, calling(call("c")), result("c", shot)))[2][1][0]["toolResult"]["content"]

    assert [next(iter(block)) for block in answer] == ["text", "image"]


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([USER, calling(call("a"), call("b")), result("a"), USER], "messages[1].tool_calls[1].id"),
        ([USER, calling(call("a")), USER], "messages[1].tool_calls[0].id"),
        ([USER, calling(call("a")), {"role": "assistant", "content": "x"}, USER], "messages[1].tool_calls[0].id"),
        ([USER, calling(call("a"), call("b")), result("a")], "messages[1].tool_calls[1].id"),
        ([USER, result("a")], "messages[1].tool_call_id"),
        ([USER, calling(call("a")), result("a"), result("a")], "messages[3].tool_call_id"),
        ([USER, calling(call("a")), result("b")], "messages[2].tool_call_id"),
        ([{"role": "system", "content": " "}], "messages"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(messages: list[Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        spoken(*messages)

    assert refused.value.param == param


def test_marks_of_what_is_to_be_kept_stand_behind_it() -> None:
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    found = spoken(
        {"role": "system", "content": [{"type": "text", "text": "S", **mark}]},
        {"role": "user", "content": [{"type": "text", "text": "A", **mark}, {"type": "text", "text": "", **mark}]},
        {"role": "assistant", "content": "B"},
        {**USER, **mark},
    )

    point = {"cachePoint": {"type": "default"}}
    assert found.system == [{"text": "S"}, point]
    assert [turn["content"][-1] for turn in found.turns if turn["role"] == "user"] == [point, point]
    assert found.last == 2


def test_marks_of_what_the_assistant_said_and_a_tool_gave_stand_behind_it() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    point = {"cachePoint": {"type": "default"}}
    found = spoken(
        USER,
        {"role": "assistant", "content": [{"type": "text", "text": "B", **mark}, {"type": "text", "text": "C"}]},
        USER,
        {"role": "assistant", "content": "D", **mark},
        USER,
        {**calling(call("a")), "cache_control": True},
        result("a", [{"type": "text", "text": "deep", **mark}]),
    )

    said = [turn["content"] for turn in found.turns]
    assert said[1] == [{"text": "B\nC"}, point]
    assert said[3] == [{"text": "D"}, point]
    assert len(said[5]) == 1
    assert said[6] == [{"toolResult": {"toolUseId": "a", "content": [{"text": "deep"}]}}, point]


@pytest.mark.parametrize("given", [{"content": None}, {"content": []}, {}])
def test_a_tool_may_give_nothing(given: dict[str, Any]) -> None:
    found = spoken(USER, calling(call("a")), {"role": "tool", "tool_call_id": "a", **given})

    assert found.turns[-1]["content"] == [{"toolResult": {"toolUseId": "a", "content": [{"text": "(nothing)"}]}}]


def test_a_call_of_another_providers_custom_tool_keeps_its_text() -> None:
    custom = {"id": "a", "type": "custom", "custom": {"name": "grep", "input": "quarry"}}

    found = spoken(USER, calling(custom), result("a"))

    assert found.turns[1]["content"] == [{"toolUse": {"toolUseId": "a", "name": "grep", "input": {"input": "quarry"}}}]
    with pytest.raises(InvalidRequestError, match="function"):
        spoken(USER, calling({"id": "a"}), result("a"))


_text = st.sampled_from(["A", "", " ", "\u3000"])
_id = st.sampled_from(["a", "b", "a|b", "", None])
_message = st.one_of(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "system", "developer", "assistant"]), "content": _text}),
    st.fixed_dictionaries({"role": st.just("tool"), "tool_call_id": _id, "content": _text}),
    st.builds(
        lambda ids, text: {"role": "assistant", "content": text, "tool_calls": [call(one, text) for one in ids]},
        st.lists(_id, max_size=2),
        _text,
    ),
)


@given(st.lists(_message, min_size=1, max_size=8))
def test_whatever_is_not_refused_by_name_is_accepted_by_claude(messages: list[Any]) -> None:
    """AWS's own rules are held against it, as the sandbox knows them."""
    try:
        asked = parse(json.dumps({"model": "smart", "messages": messages}).encode())
        arguments = to_converse(asked, Candidate.of(HAIKU), asked.spoken)
    except InvalidRequestError as refused:
        param = refused.param
    else:
        rules.check(arguments, catalogue.models()[HAIKU_ID])
        return
    assert str(param).startswith("messages")


@pytest.mark.parametrize("member", ["reasoning_content", "reasoning"])
def test_what_the_model_thought_comes_before_what_it_said(member: str) -> None:
    found = spoken(USER, {"role": "assistant", "content": "Deep.", member: "It is a quarry."}, USER)

    thought = {"reasoningContent": {"reasoningText": {"text": "It is a quarry."}}}
    assert found.turns[1] == {"role": "assistant", "content": [thought, {"text": "Deep."}]}


@pytest.mark.parametrize("given", ["", " ", None, 5, ["x"], {"text": "x"}])
def test_thoughts_that_are_no_text_mean_nothing(given: Any) -> None:
    found = spoken(USER, {"role": "assistant", "content": "Deep.", "reasoning_content": given}, USER)

    assert found.turns[1]["content"] == [{"text": "Deep."}]


def test_thoughts_alone_are_no_turn() -> None:
    found = spoken(USER, {"role": "assistant", "content": None, "reasoning_content": "Hm."}, USER)

    assert [turn["role"] for turn in found.turns] == ["user"]
