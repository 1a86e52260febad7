"""What of an answer's blocks a caller is told, and what a session keeps of them."""

import json
from typing import Any

import pytest

from lambdas.chat.telling import Telling, thought_tokens
from lambdas.chat.told import Called, Text, Thought
from lambdas.chat.tools import ANSWER_TOOL, Toolbox, bedrock_name
from lambdas.common.tokens import likely_tokens

USE = {"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": {"city": "Ulm"}}}
OTHER = {"toolUse": {"toolUseId": "c2", "name": "get_weather", "input": {}}}
ANSWER = {"toolUse": {"toolUseId": "c9", "name": ANSWER_TOOL, "input": {"city": "Ulm"}}}
SIGNED = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}}
REDACTED = {"reasoningContent": {"redactedContent": b"\x00" * 30}}


def test_blocks_are_told_in_their_order_with_the_callers_names() -> None:
    use = {"toolUse": {"toolUseId": "c1", "name": bedrock_name("weather.get"), "input": {"input": [1]}}}
    tools = Toolbox([("weather.get", None, {"type": "array"}, False)])

    assert Telling(tools=tools).told([{"text": "So:"}, use]) == [Text("So:"), Called("c1", "weather.get", [1])]


def test_of_parallel_calls_that_were_not_wanted_the_first_is_told_and_kept() -> None:
    telling = Telling(parallel_tool_calls=False)

    assert telling.told([USE, OTHER, {"text": "!"}]) == [Called("c1", "get_weather", {"city": "Ulm"}), Text("!")]
    assert telling.kept([USE, OTHER]) == [USE]
    assert len(Telling().told([USE, OTHER])) == 2


def test_an_answer_by_the_json_tool_is_text_and_nothing_is_said_beside_it() -> None:
    told = Telling(thoughts=True).told([SIGNED, {"text": "Here it is:"}, ANSWER])

    assert told == [Thought("Hm.", "sig"), Text('{"city": "Ulm"}')]


def test_thoughts_are_told_where_they_are_asked_for() -> None:
    assert Telling(thoughts=True).told([SIGNED, REDACTED]) == [
        Thought("Hm.", "sig"),
        Thought(redacted=b"\x00" * 30),
    ]
    assert Telling().told([SIGNED, REDACTED]) == []


def test_thoughts_count_by_their_length_and_never_as_more_than_was_written() -> None:
    assert thought_tokens([{"text": "Deep."}]) == 0
    assert thought_tokens([SIGNED, REDACTED]) == likely_tokens("Hm.") + likely_tokens("x" * 30)
    # Of what was written, what is not seen was thought.
    assert thought_tokens([REDACTED, {"text": "Deep."}], {"outputTokens": 50}) == 50 - likely_tokens("Deep.")
    assert thought_tokens([SIGNED, {"text": "Deep."}], {"outputTokens": 0}) == 0


def test_a_session_keeps_what_the_caller_was_told() -> None:
    streamed = {"toolUse": {**USE["toolUse"], "input": '{"city": "Ulm"}'}}

    assert Telling().kept([{"text": "So:"}, ANSWER]) == [{"text": '{"city": "Ulm"}'}]
    assert Telling().kept([streamed, streamed]) == [USE, USE]


@pytest.mark.parametrize("cut", ['{"city": "Tor', "", "[1", "nonsense"])
def test_a_call_that_was_cut_is_kept_with_an_empty_object(cut: str) -> None:
    use = {"toolUseId": "t", "name": "w", "input": cut}

    assert Telling().kept([{"toolUse": use}]) == [{"toolUse": {**use, "input": {}}}]


def test_an_answer_that_stands_inside_of_the_tools_input_is_told_and_kept_by_itself() -> None:
    blocks: list[Any] = [{"toolUse": {"toolUseId": "t", "name": ANSWER_TOOL, "input": {"input": ["a"]}}}]
    telling = Telling(answer_is_wrapped=True)

    assert telling.told(blocks) == [Text('["a"]')]
    assert telling.kept(blocks) == [{"text": json.dumps(["a"])}]
