"""From a Messages request to what is asked of a model."""

import base64
import json
from typing import Any

import pytest

from lambdas.api.dialects.messages import thoughts
from lambdas.api.dialects.messages.conversation import not_taken, omits_thoughts, to_conversation
from lambdas.api.dialects.messages.reading import read
from lambdas.chat.conversation import Conversation, JsonOf, NamedTool, Reasoning
from lambdas.chat.tools import CACHE_POINT
from lambdas.common.errors import InvalidRequestError
from tests.lambdas import service_model

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 20).decode()
PDF = base64.b64encode(b"%PDF-1.7 ...").decode()
HELLO = {"role": "user", "content": "Hello"}
TOOL = {"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {"at": {}}}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "it"}}
KEPT = {"cache_control": {"type": "ephemeral"}}


def asked(*messages: Any, **members: Any) -> Conversation:
    """What is asked, with what is said in a form that Converse takes."""
    body = {"model": "smart", "max_tokens": 2_000, "messages": messages or [HELLO], **members}
    found = to_conversation(read(json.dumps(body).encode()).body)
    spoken = {"system": found.spoken.system, "messages": found.spoken.turns}
    service_model.check("bedrock-runtime", "Converse", {"modelId": "m", **spoken})
    return found


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def test_a_plain_question_is_one_turn() -> None:
    found = asked(system="Be brief.", temperature=0.5, top_p=0.9, top_k=40, stop_sequences=["END"])

    assert found.spoken.system == [{"text": "Be brief."}]
    assert found.spoken.turns == [{"role": "user", "content": [{"text": "Hello"}]}]
    assert (found.alias, found.max_tokens, found.temperature, found.top_p, found.top_k) == (
        "smart",
        2_000,
        0.5,
        0.9,
        40,
    )
    assert found.stop == ("END",)
    assert (found.reasoning, found.answer, found.tool_choice, found.parallel_tool_calls) == (None, None, "auto", True)


def test_a_tools_loop_keeps_its_order_whatever_stands_beside_the_results() -> None:
    found = asked(
        HELLO,
        assistant({"type": "text", "text": "I look."}, USE, {**USE, "id": "toolu_2"}),
        user(
            {"type": "text", "text": "And be quick."},
            {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": True, "content": "gone"},
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "content": [
                    {"type": "text", "text": "seen"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": PNG}},
                ],
            },
        ),
        tools=[TOOL],
    )

    _, said, given = found.spoken.turns
    assert [next(iter(block)) for block in said["content"]] == ["text", "toolUse", "toolUse"]
    first, second, text = given["content"]
    assert first["toolResult"] == {"toolUseId": "toolu_2", "content": [{"text": "gone"}], "status": "error"}
    assert [next(iter(part)) for part in second["toolResult"]["content"]] == ["text", "image"]
    # By its first bytes, not by its label.
    assert second["toolResult"]["content"][1]["image"]["format"] == "png"
    assert text == {"text": "And be quick."}


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([HELLO, assistant(USE), HELLO], "messages[1].content[0].id"),
        ([user({"type": "tool_result", "tool_use_id": "t"})], "messages[0].content[0].tool_use_id"),
        (
            [HELLO, assistant(USE), user({"type": "tool_result", "tool_use_id": "t"})],
            "messages[2].content[0].tool_use_id",
        ),
    ],
)
def test_calls_and_results_belong_together(messages: list[Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        asked(*messages, tools=[TOOL])

    assert refused.value.param == param


def test_instructions_in_the_middle_join_those_before() -> None:
    found = asked(HELLO, {"role": "system", "content": "More."}, system=[{"type": "text", "text": "First.", **KEPT}])

    assert found.spoken.system == [{"text": "First."}, CACHE_POINT, {"text": "More."}]
    assert len(found.spoken.turns) == 1


def test_marks_become_cache_points() -> None:
    found = asked(
        user({"type": "text", "text": "Long.", **KEPT}, {"type": "text", "text": "Short."}),
        assistant({"type": "text", "text": "Yes.", **KEPT}, USE),
        user({"type": "tool_result", "tool_use_id": "toolu_1", "content": "seen", **KEPT}),
        tools=[TOOL, {**TOOL, "name": "other", **KEPT}],
    )

    assert [CACHE_POINT in turn["content"] for turn in found.spoken.turns] == [True, True, True]
    assert found.spoken.turns[0]["content"] == [{"text": "Long."}, CACHE_POINT, {"text": "Short."}]
    assert found.toolbox.specs[-1] == CACHE_POINT


@pytest.mark.parametrize(
    "last", [user({"type": "text", "text": "Now?"}), user({"type": "tool_result", "tool_use_id": "toolu_1"})]
)
def test_a_mark_of_the_whole_request_goes_to_its_end(last: dict[str, Any]) -> None:
    before = [HELLO, assistant(USE)] if last["content"][0]["type"] == "tool_result" else [HELLO]

    found = asked(*before, last, tools=[TOOL], cache_control={"type": "ephemeral"})

    assert found.spoken.turns[-1]["content"][-1] == CACHE_POINT
    assert sum(CACHE_POINT in turn["content"] for turn in found.spoken.turns) == 1


def test_documents_and_search_results_are_told() -> None:
    found = asked(
        user(
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                "title": "Travel: 2026",
                "context": "The rules.",
            },
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}},
            {"type": "document", "source": {"type": "text", "data": " "}},
            {"type": "document", "title": "Parts", "source": {"type": "content", "content": "whole"}},
            {
                "type": "document",
                "source": {
                    "type": "content",
                    "content": [
                        {"type": "text", "text": "part"},
                        {"type": "image", "source": {"type": "base64", "data": PNG}},
                    ],
                },
            },
            {"type": "search_result", "source": "s", "title": "T", "content": [{"type": "text", "text": "found"}]},
        )
    )

    about, pdf, txt, title, whole, part, image, result = found.spoken.turns[0]["content"]
    assert about == {"text": "The rules."}
    assert (pdf["document"]["format"], pdf["document"]["name"]) == ("pdf", "Travel 2026")
    assert txt["document"] == {"format": "txt", "name": "document", "source": {"bytes": b"a"}}
    assert [block["text"] for block in (title, whole, part, result)] == ["Parts", "whole", "part", "T (s):\nfound"]
    assert image["image"]["format"] == "png"


@pytest.mark.parametrize(
    ("block", "param"),
    [
        ({"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}, "source.url"),
        ({"type": "image", "source": {"type": "file", "file_id": "f"}}, "source.file_id"),
        ({"type": "image", "source": {"type": "base64", "data": "!"}}, "source.data"),
        ({"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}}, "source.url"),
        ({"type": "document", "source": {"type": "base64", "data": PNG}}, "source.data"),
    ],
)
def test_what_is_elsewhere_or_cannot_be_read_is_refused(block: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        asked(user({"type": "text", "text": "?"}, block))

    assert refused.value.param == f"messages[0].content[1].{param}"


def test_thoughts_come_back_with_their_signatures() -> None:
    found = asked(
        HELLO,
        assistant(
            {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
            {"type": "thinking", "thinking": "", "signature": thoughts.sealed("Secretly.", "EqQC")},
            {"type": "thinking", "thinking": "", "signature": thoughts.sealed("Unsigned.", None)},
            {"type": "thinking", "thinking": "Not signed.", "signature": ""},
            {"type": "redacted_thinking", "data": base64.b64encode(b"\x00\x01").decode()},
            USE,
        ),
        user({"type": "tool_result", "tool_use_id": "toolu_1", "content": "seen"}),
        tools=[TOOL],
        thinking={"type": "enabled", "budget_tokens": 1_500},
    )

    *thought, _ = (block["reasoningContent"] for block in found.spoken.turns[1]["content"] if "toolUse" not in block)
    told = [block["reasoningText"] for block in thought]
    assert told == [
        {"text": "Hm.", "signature": "EqQB"},
        {"text": "Secretly.", "signature": "EqQC"},
        {"text": "Unsigned."},
    ]
    assert found.spoken.turns[1]["content"][3] == {"reasoningContent": {"redactedContent": b"\x00\x01"}}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "", "signature": "quarry.!!!"},
        {"type": "thinking", "thinking": "", "signature": "quarry.e30="},
        {"type": "redacted_thinking", "data": "é"},
    ],
)
def test_a_thought_that_was_changed_is_refused(block: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="damaged"):
        asked(HELLO, assistant(block), HELLO)


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ({}, None),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}, None),
        ({"output_config": {"effort": "high"}}, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 1_500}}, Reasoning(budget=1_500, told=True)),
        ({"thinking": {"type": "adaptive"}}, Reasoning(effort="high", told=True)),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "low"}},
            Reasoning(effort="low", told=True),
        ),
        ({"thinking": {"type": "between_tools"}}, Reasoning(effort="high", told=True)),
    ],
)
def test_how_much_is_thought(members: dict[str, Any], wanted: Reasoning | None) -> None:
    request = read(json.dumps({"model": "m", "max_tokens": 2_000, "messages": [HELLO], **members}).encode()).body

    assert to_conversation(request).reasoning == wanted
    assert not_taken(request) == (["output_config.effort"] if members.get("output_config") and wanted is None else [])
    assert omits_thoughts(request) is (members.get("thinking", {}).get("display") == "omitted")


@pytest.mark.parametrize(
    ("choice", "wanted", "parallel"),
    [
        ({"type": "auto"}, "auto", True),
        ({"type": "auto", "disable_parallel_tool_use": True}, "auto", False),
        ({"type": "any", "disable_parallel_tool_use": False}, "required", True),
        ({"type": "tool", "name": "look", "disable_parallel_tool_use": True}, NamedTool("look"), False),
        ({"type": "none"}, "none", True),
    ],
)
def test_which_tool_is_called(choice: dict[str, Any], wanted: Any, parallel: bool) -> None:
    found = asked(tools=[TOOL], tool_choice=choice)

    assert (found.tool_choice, found.parallel_tool_calls) == (wanted, parallel)


def test_a_tool_that_is_kept_back_is_told_once_a_result_names_it() -> None:
    late = {**TOOL, "name": "late", "defer_loading": True}
    before = asked(tools=[TOOL, late])
    after = asked(
        HELLO,
        assistant(USE),
        user(
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "content": [{"type": "tool_reference", "tool_name": "late"}],
            }
        ),
        tools=[TOOL, late],
    )

    def names(found: Conversation) -> list[str]:
        return [spec["toolSpec"]["name"] for spec in found.toolbox.specs]

    assert (names(before), names(after)) == (["look"], ["look", "late"])
    assert after.spoken.turns[-1]["content"][0]["toolResult"]["content"] == [{"text": "There is a tool `late` now."}]


def test_a_tool_that_is_kept_back_is_told_where_it_has_to_be_called() -> None:
    # A choice of what the model is not told of is refused by Bedrock.
    late = {**TOOL, "name": "late", "defer_loading": True}

    found = asked(tools=[TOOL, late], tool_choice={"type": "tool", "name": "late"})

    assert [spec["toolSpec"]["name"] for spec in found.toolbox.specs] == ["look", "late"]
    assert found.tool_choice == NamedTool("late")


@pytest.mark.parametrize(
    "members",
    [
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        {"output_format": {"type": "json_schema", "schema": {"type": "object"}}},
    ],
)
def test_an_answer_may_have_a_schema(members: dict[str, Any]) -> None:
    found = asked(**members).answer

    assert isinstance(found, JsonOf)
    assert found.schema == {"type": "object"}


def test_what_anthropics_api_has_no_word_for_is_asked_for_as_in_chat() -> None:
    result = {"type": "tool_result", "tool_use_id": "before", "content": "seen"}
    found = asked(
        user(result),
        tools=[TOOL],
        metadata={"user_id": "ann"},
        quarry={"session": "sess_1", "guardrail_trace": True, "knowledge": {"results": 3}},
    )

    assert (found.session, found.guardrail_trace, found.labels) == ("sess_1", True, {"user": "ann"})
    assert found.documents is not None
    assert [one.call for one in found.spoken.answering] == ["before"]
    assert (found.named("stop"), found.named("top_k"), found.named("alias")) == ("stop_sequences", "top_k", "model")


def test_an_answer_may_be_begun_for_the_model() -> None:
    found = asked(HELLO, assistant({"type": "text", "text": "The best answer is ( "}))

    assert [turn["role"] for turn in found.spoken.turns] == ["user", "assistant"]
    assert found.spoken.turns[1]["content"] == [{"text": "The best answer is ("}]
