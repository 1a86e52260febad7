"""The way from a whole answer to OpenAI's completion."""

import json
from typing import Any

import pytest

from lambdas.api.dialects.chat.completion import to_openai
from lambdas.chat.candidates import Candidate
from lambdas.chat.told import Answered, Called, Completion, Text, Thought, ToldBlock
from tests.lambdas.fakes import NOVA_MICRO

CALL = Called("c1", "get_weather", {"city": "Ulm"})


def choice(*blocks: ToldBlock, stop_reason: str = "end_turn", **told: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the choice of a completion, and all of it."""
    answered = Answered(alias="fast", candidate=Candidate.of(NOVA_MICRO), fallbacks=0)
    completion = to_openai(
        Completion(answered=answered, model="m", blocks=blocks, stop_reason=stop_reason, usage={}, message={}, **told)
    )
    (only,) = completion["choices"]
    return only, completion


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("tool_use", "stop"),
        ("something_new", "stop"),
    ],
)
def test_stop_reasons_become_openais(stop_reason: str, finish_reason: str) -> None:
    told, completion = choice(Text("An open "), Text("pit."), stop_reason=stop_reason)

    assert told["finish_reason"] == finish_reason
    assert told["message"] == {"role": "assistant", "content": "An open pit.", "refusal": None}
    assert completion["model"] == "m"
    assert completion["id"].startswith("chatcmpl-")


def test_tool_calls_become_openais() -> None:
    told, _ = choice(CALL, Called("c2", "dig", [1]), stop_reason="tool_use")

    assert told["finish_reason"] == "tool_calls"
    assert told["message"]["content"] is None
    assert [call["id"] for call in told["message"]["tool_calls"]] == ["c1", "c2"]
    assert [json.loads(call["function"]["arguments"]) for call in told["message"]["tool_calls"]] == [
        {"city": "Ulm"},
        [1],
    ]


def test_thoughts_have_a_member_of_their_own_and_their_tokens_stand_in_the_details() -> None:
    told, completion = choice(Thought("Hm.", "sig"), Thought(redacted=b"x"), Text("Deep."), reasoning_tokens=3)

    assert (told["message"]["content"], told["message"]["reasoning_content"]) == ("Deep.", "Hm.")
    assert completion["usage"]["completion_tokens_details"] == {"reasoning_tokens": 3}
    assert "completion_tokens_details" not in choice(Text("Deep."))[1]["usage"]


def test_what_openai_has_no_word_for_stands_apart() -> None:
    assert choice(quarry={"answered": True})[1]["quarry"] == {"answered": True}
    assert "quarry" not in choice()[1]
