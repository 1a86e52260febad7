"""The way from Converse's reply to OpenAI's completion."""

import json

import pytest

from lambdas.chat.completion import Telling, as_told, to_message, to_openai, to_usage
from lambdas.chat.tools import ANSWER_TOOL
from tests.lambdas.fakes import converse_reply

USE = {"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": {"city": "Ulm"}}}
ANSWER = {"toolUse": {"toolUseId": "c9", "name": ANSWER_TOOL, "input": {"city": "Ulm"}}}


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
    completion = to_openai(converse_reply(stop_reason=stop_reason), model="m", completion_id="c1")

    assert completion["choices"][0]["finish_reason"] == finish_reason
    assert completion["model"] == "m"
    assert completion["choices"][0]["message"]["content"] == "An open pit."


def test_tool_calls_become_openais() -> None:
    reply = converse_reply(stop_reason="tool_use")
    reply["output"]["message"]["content"] = [USE, {"toolUse": {**USE["toolUse"], "toolUseId": "c2"}}]

    both = to_openai(reply, model="m", completion_id="c")["choices"][0]
    first = to_openai(reply, model="m", completion_id="c", parallel_tool_calls=False)["choices"][0]

    assert both["finish_reason"] == "tool_calls"
    assert both["message"]["content"] is None
    assert [call["id"] for call in both["message"]["tool_calls"]] == ["c1", "c2"]
    assert json.loads(both["message"]["tool_calls"][0]["function"]["arguments"]) == {"city": "Ulm"}
    assert [call["id"] for call in first["message"]["tool_calls"]] == ["c1"]


def test_an_answer_by_the_json_tool_is_plain_content() -> None:
    reply = converse_reply(stop_reason="tool_use")
    reply["output"]["message"]["content"] = [{"text": "Here it is:"}, ANSWER]

    choice = to_openai(reply, model="m", completion_id="c")["choices"][0]

    assert json.loads(choice["message"]["content"]) == {"city": "Ulm"}
    assert choice["finish_reason"] == "stop"
    assert "tool_calls" not in choice["message"]


def test_a_session_keeps_what_the_caller_was_told() -> None:
    streamed = {"toolUse": {**USE["toolUse"], "input": '{"city": "Ulm"}'}}

    assert as_told([{"text": "So:"}, ANSWER]) == [{"text": '{"city": "Ulm"}'}]
    assert as_told([streamed, streamed]) == [USE, USE]
    assert as_told([USE, USE], parallel_tool_calls=False) == [USE]


def test_prompt_tokens_count_what_came_from_the_cache() -> None:
    usage = to_usage({"inputTokens": 5, "outputTokens": 2, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 10})

    assert usage["prompt_tokens"] == 115
    assert usage["total_tokens"] == 117
    assert usage["prompt_tokens_details"] == {"cached_tokens": 100}


@pytest.mark.parametrize("cut", ['{"city": "Tor', "", "[1", "nonsense"])
def test_a_call_that_was_cut_is_kept_with_an_empty_object(cut: str) -> None:
    use = {"toolUseId": "t", "name": "w", "input": cut}

    assert as_told([{"toolUse": use}]) == [{"toolUse": {**use, "input": {}}}]


def test_an_answer_that_stands_inside_of_the_tools_input_is_told_and_kept_by_itself() -> None:
    blocks = [{"toolUse": {"toolUseId": "t", "name": ANSWER_TOOL, "input": {"input": ["a"]}}}]
    telling = Telling(answer_is_wrapped=True)

    assert to_message(blocks, telling)[0]["content"] == '["a"]'
    assert as_told(blocks, telling=telling) == [{"text": '["a"]'}]
