"""The way from OpenAI's shapes to Converse's and back."""

import json
from typing import Any

import pytest

from lambdas.common.errors import InvalidRequestError
from lambdas.inference.chat import ChatRequest, parse
from lambdas.inference.converse import to_converse, to_openai, to_usage
from tests.lambdas.inference.fakes import converse_reply


def request(*messages: tuple[str, str], **fields: Any) -> ChatRequest:
    listed = [{"role": role, "content": content} for role, content in messages]
    return parse(json.dumps({"model": "fast", "messages": listed, **fields}).encode())


def test_system_and_developer_text_go_apart() -> None:
    arguments = to_converse(
        request(("system", "A"), ("user", "B"), ("developer", "C"), ("user", "D")), max_output_tokens=10
    )

    assert arguments["system"] == [{"text": "A"}, {"text": "C"}]
    assert arguments["messages"] == [{"role": "user", "content": [{"text": "B"}, {"text": "D"}]}]


def test_turns_alternate_as_converse_wants_them() -> None:
    arguments = to_converse(
        request(("user", "A"), ("assistant", "B"), ("assistant", "C"), ("user", "D")), max_output_tokens=10
    )

    assert [turn["role"] for turn in arguments["messages"]] == ["user", "assistant", "user"]
    assert arguments["messages"][1]["content"] == [{"text": "B"}, {"text": "C"}]
    assert "system" not in arguments


def test_a_conversation_that_the_assistant_begins_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        to_converse(request(("system", "S"), ("assistant", "A"), ("user", "B")), max_output_tokens=10)

    assert refused.value.param == "messages[1].role"


def test_parameters_are_handed_on_and_length_is_cut_to_what_the_model_can() -> None:
    arguments = to_converse(
        request(("user", "A"), temperature=0, top_p=0.5, max_completion_tokens=99, stop="END", metadata={"team": "x"}),
        max_output_tokens=10,
    )

    assert arguments["inferenceConfig"] == {"maxTokens": 10, "temperature": 0.0, "topP": 0.5, "stopSequences": ["END"]}
    assert arguments["requestMetadata"] == {"team": "x"}


def test_without_a_length_the_model_may_write_all_it_can() -> None:
    assert to_converse(request(("user", "A")), max_output_tokens=10)["inferenceConfig"] == {"maxTokens": 10}


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("something_new", "stop"),
    ],
)
def test_stop_reasons_become_openais(stop_reason: str, finish_reason: str) -> None:
    completion = to_openai(converse_reply(stop_reason=stop_reason), model="amazon.nova-micro-v1:0", completion_id="c1")

    assert completion["choices"][0]["finish_reason"] == finish_reason
    assert completion["model"] == "amazon.nova-micro-v1:0"
    assert completion["choices"][0]["message"]["content"] == "An open pit."


def test_prompt_tokens_count_what_came_from_the_cache() -> None:
    usage = to_usage({"inputTokens": 5, "outputTokens": 2, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 10})

    assert usage["prompt_tokens"] == 115
    assert usage["total_tokens"] == 117
    assert usage["prompt_tokens_details"] == {"cached_tokens": 100}
