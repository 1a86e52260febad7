"""The way from ConverseStream's events to neutral ones."""

from typing import Any

import pytest

from lambdas.chat.events import (
    Began,
    BlockEnded,
    CallBegan,
    CallDelta,
    Ended,
    Event,
    ReasoningDelta,
    ReasoningRedacted,
    ReasoningSigned,
    TextDelta,
)
from lambdas.chat.stream import ToldStream
from lambdas.chat.telling import Telling
from lambdas.chat.tools import ANSWER_TOOL, Toolbox, bedrock_name
from lambdas.common.tokens import likely_tokens
from tests.lambdas.fakes import stream_events

STOP: Any = {"contentBlockStop": {"contentBlockIndex": 0}}
OVER: Any = {"messageStop": {"stopReason": "tool_use"}}


def told(stream: ToldStream, *events: Any) -> list[Event]:
    return [one for event in events for one in stream.events(event)]


def use(index: int, name: str = "get_weather") -> dict[str, Any]:
    start = {"toolUse": {"toolUseId": f"c{index}", "name": name}}
    return {"contentBlockStart": {"contentBlockIndex": index, "start": start}}


def given(index: int, text: str) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"toolUse": {"input": text}}}}


def said(index: int, text: str) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"text": text}}}


def thought(index: int, **part: Any) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"reasoningContent": part}}}


def stop(index: int) -> dict[str, Any]:
    return {"contentBlockStop": {"contentBlockIndex": index}}


def test_text_comes_piece_by_piece_between_the_beginning_and_the_end() -> None:
    stream = ToldStream()

    assert told(stream, *stream_events("An ", "", "open pit.")) == [
        Began(),
        TextDelta(0, "An "),
        TextDelta(0, "open pit."),
        BlockEnded(0),
        Ended("end_turn"),
    ]
    assert stream.content() == [{"text": "An open pit."}]
    assert (stream.stop_reason, stream.usage["outputTokens"]) == ("end_turn", 3)


def test_calls_come_in_pieces_and_each_block_has_its_place() -> None:
    events = [
        said(0, "So:"), stop(0),
        use(1), given(1, '{"city":'), given(1, '"Ulm"}'), stop(1),
        use(3), given(3, "{}"), stop(3), OVER,
    ]  # fmt: skip

    assert told(ToldStream(), *events) == [
        TextDelta(0, "So:"),
        BlockEnded(0),
        CallBegan(1, "c1", "get_weather"),
        CallDelta(1, '{"city":'),
        CallDelta(1, '"Ulm"}'),
        BlockEnded(1),
        CallBegan(2, "c3", "get_weather"),
        CallDelta(2, "{}"),
        BlockEnded(2),
        Ended("tool_use"),
    ]


def test_only_the_first_call_is_told_where_parallel_calls_are_not_wanted() -> None:
    stream = ToldStream(Telling(parallel_tool_calls=False))

    events = told(stream, use(1), given(1, "{}"), stop(1), use(2), given(2, "{}"), stop(2), said(3, "!"), stop(3))

    assert events == [
        CallBegan(0, "c1", "get_weather"),
        CallDelta(0, "{}"),
        BlockEnded(0),
        TextDelta(1, "!"),
        BlockEnded(1),
    ]


def test_an_answer_by_the_json_tool_is_text_and_nothing_is_said_beside_it() -> None:
    stream = ToldStream(Telling(by_answer_tool=True))
    events = [said(0, "Here:"), stop(0), use(1, ANSWER_TOOL), given(1, '{"city": '), given(1, '"Ulm"}'), OVER]

    assert told(stream, *events) == [
        TextDelta(0, '{"city": '),
        TextDelta(0, '"Ulm"}'),
        BlockEnded(0),
        Ended("tool_use"),
    ]


def test_an_answer_that_was_to_come_by_the_json_tool_and_came_in_words_is_told_at_its_end() -> None:
    stream = ToldStream(Telling(by_answer_tool=True))

    assert told(stream, said(0, '{"city": '), said(0, '"Ulm"}'), stop(0), {"messageStop": {"stopReason": "x"}}) == [
        TextDelta(0, '{"city": "Ulm"}'),
        BlockEnded(0),
        Ended("x"),
    ]


THOUGHT = [thought(0, text="Hm."), thought(0, text=" Deep."), thought(0, signature="sig"), stop(0)]


def test_thoughts_are_told_with_their_signature_where_they_are_asked_for() -> None:
    stream = ToldStream(Telling(thoughts=True))

    events = told(stream, *THOUGHT, thought(1, redactedContent=b"\x00"), stop(1), said(2, "Yes."), stop(2))

    assert events == [
        ReasoningDelta(0, "Hm."),
        ReasoningDelta(0, " Deep."),
        ReasoningSigned(0, "sig"),
        BlockEnded(0),
        ReasoningRedacted(1, b"\x00"),
        BlockEnded(1),
        TextDelta(2, "Yes."),
        BlockEnded(2),
    ]
    assert stream.content() == [
        {"reasoningContent": {"reasoningText": {"text": "Hm. Deep.", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": b"\x00"}},
        {"text": "Yes."},
    ]


def test_thoughts_that_nobody_asked_for_have_no_place() -> None:
    stream = ToldStream()

    events = told(stream, *THOUGHT, thought(1, redactedContent=b"\x00"), stop(1), said(2, "Yes."), stop(2))

    assert events == [TextDelta(0, "Yes."), BlockEnded(0)]
    assert len(stream.content()) == 3


def test_thoughts_that_are_kept_from_us_count_as_long_as_they_are() -> None:
    stream = ToldStream()
    told(stream, thought(0, text="Hm…"), thought(0, signature="x"), thought(1, redactedContent=bytes(100)))

    assert stream.written() == likely_tokens("Hm…" + "x" * 100)
    assert stream.thought_tokens() == likely_tokens("Hm…") + likely_tokens("x" * 100)
    stream.events({"metadata": {"usage": {"outputTokens": 300}}})
    assert stream.thought_tokens() == 300


def test_pieces_of_a_call_that_never_began_and_pieces_of_other_kinds_are_passed_over() -> None:
    stream = ToldStream()
    other = {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"citation": {"title": "x"}}}}

    assert told(stream, given(7, "{}"), stop(7), {"unheard": {}}) == []
    assert told(stream, use(0)) != []
    assert told(stream, other) == []


def called(state: ToldStream, *events: Any) -> tuple[str, str]:
    """Return the name and the arguments that a caller puts together."""
    sent = told(state, *events)
    assert sum(isinstance(event, BlockEnded) for event in sent) == 1
    names = [event.name for event in sent if isinstance(event, CallBegan)]
    return "".join(names), "".join(event.part for event in sent if isinstance(event, CallDelta))


@pytest.mark.parametrize(
    "events",
    [
        [use(0, "now"), given(0, ""), STOP, OVER],
        [use(0, "now"), STOP, OVER],
        [use(0, "now"), OVER],
        [use(0, "now"), given(0, ""), given(0, ""), OVER],
    ],
)
def test_a_call_without_input_has_an_empty_object(events: list[Any]) -> None:
    assert called(ToldStream(), *events) == ("now", "{}")


def test_a_call_with_input_has_no_more_than_that() -> None:
    events = [use(0, "now"), given(0, ""), given(0, '{"a"'), given(0, ": 1}"), STOP, OVER]

    assert called(ToldStream(), *events) == ("now", '{"a": 1}')


@pytest.mark.parametrize(
    ("text", "arguments"),
    [('{"input": [1, 2]}', "[1, 2]"), ('{"input": [1', "{}"), ("", "{}"), ('{"other": 1}', '{"other": 1}')],
)
def test_what_stands_inside_of_an_object_is_told_once_it_is_whole(text: str, arguments: str) -> None:
    tools = Toolbox([("list.all", None, {"type": "array"}, False)])
    events = [use(0, bedrock_name("list.all")), *(given(0, sign) for sign in text), STOP, OVER]

    assert called(ToldStream(Telling(tools=tools)), *events) == ("list.all", arguments)
