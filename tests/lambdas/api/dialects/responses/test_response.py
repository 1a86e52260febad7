"""The response object: every field, as OpenAI's SDK reads it."""

from typing import Any

import pytest
from openai.types.responses import Response

from lambdas.api.dialects.responses.identity import ResponseId, is_response_id, new_response_id, response_of
from lambdas.api.dialects.responses.output import custom_input
from lambdas.api.dialects.responses.response import answer
from lambdas.api.dialects.responses.thoughts import Thinking, opened
from lambdas.chat.told import Answered, Called, Completion, Text, Thought, ToldBlock
from tests.lambdas.api.dialects.responses.asking import PATCH, WEATHER, head
from tests.lambdas.fakes import ALIASES

# Every field of Open Responses' response resource, which says that none may be missing.
FIELDS = frozenset(
    (
        *("id", "object", "created_at", "completed_at", "status", "incomplete_details", "model", "output", "error"),
        *("previous_response_id", "instructions", "tools", "tool_choice", "truncation", "parallel_tool_calls", "text"),
        *("top_p", "presence_penalty", "frequency_penalty", "top_logprobs", "temperature", "reasoning", "usage"),
        *("max_output_tokens", "max_tool_calls", "store", "background", "service_tier", "metadata"),
        *("safety_identifier", "prompt_cache_key", "user"),
    )
)


def completion(*blocks: ToldBlock, stop_reason: str = "end_turn", **members: Any) -> Completion:
    return Completion(
        answered=Answered(alias="fast", candidate=ALIASES.chatting("fast")[0], fallbacks=0),
        model="fast",
        blocks=blocks,
        stop_reason=stop_reason,
        usage={"inputTokens": 7, "outputTokens": 4},
        message={},
        **members,
    )


def test_every_field_is_there() -> None:
    told = answer(head(), completion(Text("An open pit.")))

    assert set(told) == FIELDS
    found = Response.model_validate(told, strict=True)
    assert found.output_text == "An open pit."
    assert found.status == "completed"
    assert found.temperature == 1.0
    assert (told["store"], found.background) == (True, False)


def test_the_request_is_told_again() -> None:
    schema = {"type": "object"}
    asked: dict[str, Any] = {
        "instructions": "Be brief.",
        "tools": [WEATHER],
        "tool_choice": {"type": "function", "name": "weather"},
        "temperature": 0.2,
        "top_p": 0.5,
        "max_output_tokens": 9,
        "store": False,
        "metadata": {"team": "geology"},
        "text": {"format": {"type": "json_schema", "name": "depth", "schema": schema}},
        "reasoning": {"effort": "low", "summary": "auto"},
        "truncation": "auto",
        "parallel_tool_calls": False,
        "previous_response_id": "resp_1",
        "prompt_cache_key": "k",
        "user": "ann",
    }

    told = answer(head(**asked), completion())

    for name, value in asked.items():
        match name:
            case "tools":
                assert told["tools"] == [{**WEATHER, "description": None, "strict": None}]
            case "text":
                assert told["text"]["format"] == {**value["format"], "description": None, "strict": False}
            case _:
                assert told[name] == value
    Response.model_validate(told)


def test_blocks_are_items_in_their_order() -> None:
    told = answer(
        head(tools=[WEATHER, PATCH], include=["reasoning.encrypted_content"], reasoning={"summary": "auto"}),
        completion(
            Thought("Deep.", "sig"),
            Text("Look."),
            Called("c1", "weather", {"city": "Köln"}),
            Called("c2", "apply_patch", "*** Begin"),
            stop_reason="tool_use",
        ),
    )

    thought, message, call, patch = told["output"]
    assert opened(thought["encrypted_content"]) == Thinking(text="Deep.", signature="sig")
    assert thought["summary"][0]["text"] == "Deep."
    assert message["content"][0]["text"] == "Look."
    assert (call["type"], call["arguments"]) == ("function_call", '{"city": "Köln"}')
    assert (patch["type"], patch["input"]) == ("custom_tool_call", "*** Begin")
    assert len({item["id"] for item in told["output"]}) == 4
    assert told["status"] == "completed"


def test_an_answer_that_was_cut_is_incomplete_in_its_last_item() -> None:
    told = answer(head(), completion(Text("An"), Text("open"), stop_reason="max_tokens"))

    assert told["status"] == "incomplete"
    assert told["incomplete_details"] == {"reason": "max_output_tokens"}
    assert [item["status"] for item in told["output"]] == ["completed", "incomplete"]


def test_what_was_not_recorded_is_told() -> None:
    told = answer(head(), completion(quarry={"answered": True}), {"turn": "unavailable"})

    assert told["quarry"] == {"answered": True, "not_recorded": {"turn": "unavailable"}}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('"a\\nb"', "a\nb"),
        ("{}", ""),
        ('{"a": 1}', '{"a": 1}'),
        ('"cut', '"cut'),
        ("", ""),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_a_custom_tools_input_is_the_text_inside(arguments: str, text: str) -> None:
    assert custom_input(arguments) == text


def test_an_items_id_leads_to_its_response() -> None:
    made = new_response_id(1_800_000_000.0)

    assert is_response_id(made.text)
    assert made.text < new_response_id(1_800_000_001.0).text
    for item in (made.item("msg", 0), made.item("fc", 12), made.input_item("fco", 3)):
        assert response_of(item) == made.text
        assert len(item) <= 64
    for other in ("msg_1", "resp_1", made.text, f"msg_{made.digits}", "", "MSG_" + made.digits + "_1"):
        assert response_of(other) is None
    assert not is_response_id(made.text + "\n")
    assert ResponseId(made.text).digits == made.text[5:]
