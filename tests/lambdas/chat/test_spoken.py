"""What is said, from any dialect's messages to Converse's turns."""

from collections.abc import Callable
from typing import Any

import pytest

from lambdas.chat.blocks import redacted, text, thought
from lambdas.chat.documents import document
from lambdas.chat.spoken import BEGIN, NOTHING, Answering, Call, SpokenBuilder, Words
from lambdas.chat.tools import CACHE_POINT, NO_TOOLS, Toolbox, bedrock_id
from lambdas.common.errors import InvalidRequestError

WORDS = Words(
    messages="input",
    call_id="call_id",
    arguments="arguments",
    result_of="call_id",
    unanswered="An output has to follow it.",
)
BYTES = {"type": "string"}


def builder(*, goes_on: bool = False, toolbox: Toolbox = NO_TOOLS) -> SpokenBuilder:
    return SpokenBuilder(toolbox, words=WORDS, goes_on=goes_on)


def call(call_id: str | None = "c1", arguments: Any = "{}", **more: Any) -> Call:
    return Call(id=call_id, name="dig", arguments=arguments, param="input[1]", **more)


def test_neighbours_of_one_role_are_one_turn_that_begins_with_the_user() -> None:
    said = builder()
    said.instruct(text("Be brief."))
    said.assistant(text("Hello!"), param="input[1]")
    said.user(text("A"), param="input[2]")
    said.user([*text("B"), *text("C")], param="input[3]")

    found = said.spoken()

    assert found.system == [{"text": "Be brief."}]
    assert found.turns == [
        {"role": "user", "content": [{"text": BEGIN}]},
        {"role": "assistant", "content": [{"text": "Hello!"}]},
        {"role": "user", "content": [{"text": "A"}, {"text": "B"}, {"text": "C"}]},
    ]
    assert (found.last, found.last_param) == (2, "input[3]")
    assert found.said == [
        *found.turns[:2],
        {"role": "user", "content": [{"text": "A"}]},
        {"role": "user", "content": [{"text": "B"}, {"text": "C"}]},
    ]


def test_messages_behind_a_result_stay_next_to_the_call_and_later_ones_are_by_themselves() -> None:
    said = builder()
    said.user(text("A"), param="input[0]")
    said.assistant([call("c1"), call("c2")], param="input[1]")
    said.result("c1", text("x"), param="input[2]", kept=True)
    said.result("c2", text("y"), param="input[3]")
    for place, words in enumerate(("B", "C", "D"), 4):
        said.user(text(words), param=f"input[{place}]")

    found = said.spoken()

    assert [len(turn["content"]) for turn in found.turns] == [1, 2, 6]
    assert found.said[:2] == found.turns[:2]
    assert [[next(iter(block)) for block in turn["content"]] for turn in found.said[2:]] == [
        ["toolResult", "cachePoint", "toolResult", "text"],
        ["text"],
        ["text"],
    ]


def test_a_blank_message_is_left_out_and_still_the_last_one() -> None:
    said = builder()
    said.user(text("A"), param="input[0]")
    said.user(text(" \u3000"), param="input[1]")

    found = said.spoken()

    assert found.turns == [{"role": "user", "content": [{"text": "A"}]}]
    assert found.last_param == "input[1]"


def test_instructions_alone_begin_a_conversation_in_which_nobody_has_said_anything() -> None:
    said = builder()
    said.instruct(text("Tell a story."))

    found = said.spoken()

    assert found.turns == [{"role": "user", "content": [{"text": BEGIN}]}]
    assert (found.last, found.last_param) == (0, "input")


def test_of_nothing_at_all_nothing_is_asked() -> None:
    said = builder()
    said.user(text(""), param="input[0]")

    with pytest.raises(InvalidRequestError) as refused:
        said.spoken()
    assert refused.value.param == "input"


def test_thoughts_calls_and_results_keep_their_order_and_go_by_bedrocks_ids() -> None:
    said = builder()
    said.user(text("A"), param="input[0]")
    said.assistant([thought("Hm.", "sig"), redacted(b"\x00"), call("c 1", '{"deep": 2}')], param="input[1]")
    said.result("c 1", [], param="input[2]", failed=True)

    _, answer, results = said.spoken().turns

    assert answer["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": b"\x00"}},
        {"toolUse": {"toolUseId": bedrock_id("c 1"), "name": "dig", "input": {"deep": 2}}},
    ]
    result = {"toolUseId": bedrock_id("c 1"), "content": [{"text": NOTHING}], "status": "error"}
    assert results["content"] == [{"toolResult": result}]


@pytest.mark.parametrize(
    ("given", "put"),
    [('{"a": 1}', {"a": 1}), ({"a": 1}, {"a": 1}), ('{"a": ', {}), ("", {}), (None, {}), ([1], {}), ("7", {})],
)
def test_an_input_that_is_no_object_is_an_empty_one(given: Any, put: dict[str, Any]) -> None:
    said = builder()
    said.assistant([call(arguments=given)], param="input[1]")
    said.result("c1", [], param="input[2]")

    assert said.spoken().turns[1]["content"][0]["toolUse"]["input"] == put


def test_an_input_whose_schema_is_no_objects_stands_in_one() -> None:
    said = builder(toolbox=Toolbox([("dig", None, BYTES, False)]))
    said.assistant([call(arguments='"deep"'), call("c2", "as it is", is_text=True)], param="input[1]")
    said.result("c1", [], param="input[2]")
    said.result("c2", [], param="input[3]")

    calls = said.spoken().turns[1]["content"]

    assert [block["toolUse"]["input"] for block in calls] == [{"input": "deep"}, {"input": "as it is"}]


def test_without_ids_the_order_tells_which_result_is_whose() -> None:
    said = builder()
    said.assistant([call(None), call(None)], param="input[1]")
    said.result(None, text("1"), param="input[2]")
    said.result(None, text("2"), param="input[3]")

    _, calls, results = said.spoken().turns

    assert [block["toolUse"]["toolUseId"] for block in calls["content"]] == [
        block["toolResult"]["toolUseId"] for block in results["content"]
    ]


@pytest.mark.parametrize(
    "goes_on",
    [
        lambda said: said.user(text("B"), param="input[2]"),
        lambda said: said.assistant(text("B"), param="input[2]"),
        lambda said: said.spoken(),
    ],
)
def test_nobody_goes_on_while_a_call_is_open(goes_on: Callable[[SpokenBuilder], Any]) -> None:
    said = builder()
    said.assistant([call()], param="input[1]")

    with pytest.raises(InvalidRequestError, match=r"has no result\. An output has to follow it") as refused:
        goes_on(said)
    assert refused.value.param == "input[1].call_id"


def test_a_result_of_no_call_is_refused_unless_it_may_answer_a_sessions() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        builder().result("c1", [], param="input[0]")
    assert refused.value.param == "input[0].call_id"

    said = builder(goes_on=True)
    said.result("c1", text("deep"), param="input[0]")
    found = said.spoken()
    assert found.answering == (Answering("c1", "c1", "input[0].call_id"),)

    found.check_answers({"c1"})
    with pytest.raises(InvalidRequestError, match="`c1` answers no tool call") as refused:
        found.check_answers({"c2"})
    assert refused.value.param == "input[0].call_id"


def test_after_the_assistant_has_spoken_a_result_answers_nothing_of_before() -> None:
    said = builder(goes_on=True)
    said.assistant(text("Hello!"), param="input[0]")

    with pytest.raises(InvalidRequestError):
        said.result("c1", [], param="input[1]")


def test_what_is_to_be_kept_is_marked_once_and_behind_a_result() -> None:
    said = builder()
    said.instruct([*text("S"), CACHE_POINT], kept=True)
    said.user([], param="input[0]", kept=True)
    said.assistant([call()], param="input[1]", kept=True)
    said.result("c1", [*text("deep"), CACHE_POINT], param="input[2]")

    found = said.spoken()

    assert found.system == [{"text": "S"}, CACHE_POINT]
    assert found.turns[1]["content"][-1] == CACHE_POINT
    assert found.turns[2]["content"] == [
        {"toolResult": {"toolUseId": "c1", "content": [{"text": "deep"}]}},
        CACHE_POINT,
    ]


def test_documents_are_told_apart_and_have_words_beside_them() -> None:
    said = builder()
    said.user([document(b"x", "txt", name="notes")], param="input[0]")
    said.assistant([call()], param="input[1]")
    said.result("c1", [document(b"y", "txt", name="notes")], param="input[2]")

    first, _, last = said.spoken().turns

    assert first["content"][0] == {"text": "Here is what was sent:"}
    assert first["content"][1]["document"]["name"] == "notes"
    assert last["content"][0]["toolResult"]["content"][0]["document"]["name"] == "notes (2)"
