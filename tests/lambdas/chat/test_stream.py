"""The way from ConverseStream's events to OpenAI's chunks."""

from typing import Any

import pytest

from lambdas.chat.completion import Telling
from lambdas.chat.stream import ChunkStream
from lambdas.chat.tools import ANSWER_TOOL, Toolbox, bedrock_name
from lambdas.common.tokens import likely_tokens
from tests.lambdas.fakes import stream_events


def chunks(stream: ChunkStream, events: list[Any]) -> list[dict[str, Any]]:
    return [chunk["choices"][0] for event in events for chunk in stream.chunks(event)]


def new(**options: Any) -> ChunkStream:
    return ChunkStream(model="m", completion_id="c", **options)


def use(index: int, name: str = "get_weather") -> dict[str, Any]:
    return {
        "contentBlockStart": {
            "contentBlockIndex": index,
            "start": {"toolUse": {"toolUseId": f"c{index}", "name": name}},
        }
    }


def given(index: int, text: str) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"toolUse": {"input": text}}}}


def test_text_comes_piece_by_piece_between_role_and_reason() -> None:
    stream = new()

    told = chunks(stream, stream_events("An ", "open pit."))

    assert told[0]["delta"]["role"] == "assistant"
    assert [choice["delta"].get("content") for choice in told[1:]] == ["An ", "open pit.", None]
    assert [choice["finish_reason"] for choice in told] == [None, None, None, "stop"]
    assert stream.last_chunk(usage=True)["usage"]["completion_tokens"] == 2
    assert stream.last_chunk(usage=True)["choices"] == []
    assert stream.content() == [{"text": "An open pit."}]


def test_calls_are_numbered_and_their_arguments_come_in_pieces() -> None:
    stream = new()

    told = chunks(stream, [use(1), given(1, '{"city":'), given(1, '"Ulm"}'), use(2), given(2, "{}")])

    calls = [choice["delta"]["tool_calls"][0] for choice in told]
    assert [call["index"] for call in calls] == [0, 0, 0, 1, 1]
    assert (calls[0]["id"], calls[0]["function"]["name"]) == ("c1", "get_weather")
    assert "".join(call["function"]["arguments"] for call in calls[:3]) == '{"city":"Ulm"}'
    assert chunks(stream, [{"messageStop": {"stopReason": "tool_use"}}])[0]["finish_reason"] == "tool_calls"


def test_only_the_first_call_is_told_where_parallel_calls_are_not_wanted() -> None:
    told = chunks(new(parallel_tool_calls=False), [use(1), given(1, "{}"), use(2), given(2, "{}")])

    assert {choice["delta"]["tool_calls"][0]["index"] for choice in told} == {0}
    assert len(told) == 2


def test_an_answer_by_the_json_tool_is_content_and_nothing_is_said_beside_it() -> None:
    stream = new(only_answer_tool=True)
    events = [
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Here:"}}},
        use(1, ANSWER_TOOL),
        given(1, '{"city": '),
        given(1, '"Ulm"}'),
        {"messageStop": {"stopReason": "tool_use"}},
    ]

    told = chunks(stream, events)

    assert "".join(choice["delta"].get("content", "") for choice in told) == '{"city": "Ulm"}'
    assert told[-1]["finish_reason"] == "stop"


def test_thoughts_that_are_kept_from_us_count_as_long_as_they_are() -> None:
    stream = new()
    for thought in ({"text": "Hm…"}, {"redactedContent": bytes(100)}, {"signature": "x"}):
        stream.chunks({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"reasoningContent": thought}}})

    assert stream.written() == likely_tokens("Hm…" + "x" * 100)


def test_pieces_of_a_call_that_never_began_and_pieces_of_other_kinds_are_passed_over() -> None:
    stream = new()
    other = {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"citation": {"title": "x"}}}}

    assert chunks(stream, [given(7, "{}")]) == []
    assert chunks(stream, [use(0)]) != []
    assert chunks(stream, [other]) == []


def start(index: int, name: str) -> dict[str, Any]:
    return {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": {"toolUseId": "t", "name": name}}}}


STOP: Any = {"contentBlockStop": {"contentBlockIndex": 0}}
OVER: Any = {"messageStop": {"stopReason": "tool_use"}}


def told(state: ChunkStream, *events: Any) -> tuple[str, str]:
    """Return the name and the arguments that a caller puts together."""
    calls = [
        call["function"]
        for event in events
        for chunk in state.chunks(event)
        for call in chunk["choices"][0]["delta"].get("tool_calls", [])
    ]
    return "".join(call.get("name", "") for call in calls), "".join(call["arguments"] for call in calls)


@pytest.mark.parametrize(
    "events",
    [
        [start(0, "now"), given(0, ""), STOP, OVER],
        [start(0, "now"), STOP, OVER],
        [start(0, "now"), OVER],
        [start(0, "now"), given(0, ""), given(0, ""), OVER],
    ],
)
def test_a_call_without_input_has_an_empty_object(events: list[Any]) -> None:
    assert told(ChunkStream(model="m", completion_id="c"), *events) == ("now", "{}")


def test_a_call_with_input_has_no_more_than_that() -> None:
    events = [start(0, "now"), given(0, ""), given(0, '{"a"'), given(0, ": 1}"), STOP, OVER]

    assert told(ChunkStream(model="m", completion_id="c"), *events) == ("now", '{"a": 1}')


@pytest.mark.parametrize(
    ("text", "arguments"),
    [('{"input": [1, 2]}', "[1, 2]"), ('{"input": [1', "{}"), ("", "{}"), ('{"other": 1}', '{"other": 1}')],
)
def test_what_stands_inside_of_an_object_is_told_once_it_is_whole(text: str, arguments: str) -> None:
    tools = Toolbox([("list.all", None, {"type": "array"}, False)])
    state = ChunkStream(model="m", completion_id="c", telling=Telling(tools=tools))
    events = [start(0, bedrock_name("list.all")), *(given(0, sign) for sign in text), STOP, OVER]

    assert told(state, *events) == ("list.all", arguments)
