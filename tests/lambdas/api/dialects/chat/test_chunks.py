"""The way from neutral events to OpenAI's chunks, as they go on the wire."""

import json
from typing import Any

import pytest

from lambdas.api.dialects.chat.chunks import ChunkTable
from lambdas.chat.events import (
    Began,
    BlockEnded,
    CallBegan,
    CallDelta,
    Counted,
    Ended,
    Event,
    ReasoningDelta,
    ReasoningRedacted,
    ReasoningSigned,
    TextDelta,
)
from lambdas.common.errors import UpstreamError
from tests.lambdas.chatting import chunks, frames

USED = {"inputTokens": 5, "outputTokens": 2}


def choices(*events: Event) -> list[dict[str, Any]]:
    return [chunk["choices"][0] for chunk in chunks(events)]


def test_text_comes_piece_by_piece_between_role_and_reason() -> None:
    told = choices(Began(), TextDelta(0, "An "), TextDelta(0, '"|" ü\n'), BlockEnded(0), Ended("end_turn"))

    assert [choice["delta"] for choice in told] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "An "},
        {"content": '"|" ü\n'},
        {},
    ]
    assert [choice["finish_reason"] for choice in told] == [None, None, None, "stop"]
    assert {choice["logprobs"] for choice in told} == {None}


def test_a_chunk_is_the_same_in_every_part_but_its_own() -> None:
    table = ChunkTable(model='a"|"b', usage=False)
    first, second = (frames(table.told(event))[0] for event in (Began(), TextDelta(0, "x")))

    assert list(second) == ["id", "object", "created", "model", "choices"]
    assert {**first, "choices": []} == {**second, "choices": []}
    assert first["model"] == 'a"|"b'


def test_calls_are_numbered_by_themselves() -> None:
    told = choices(
        TextDelta(0, "So:"), CallBegan(1, "c1", "dig"), CallDelta(1, '{"a":'), CallDelta(1, "1}"), BlockEnded(1),
        CallBegan(2, "c2", "dig"), CallDelta(2, "{}"), BlockEnded(2), Ended("tool_use"),
    )  # fmt: skip

    calls = [choice["delta"]["tool_calls"][0] for choice in told[1:-1]]
    assert calls[0] == {"index": 0, "id": "c1", "type": "function", "function": {"name": "dig", "arguments": ""}}
    assert [call["index"] for call in calls] == [0, 0, 0, 1, 1]
    assert "".join(call["function"]["arguments"] for call in calls) == '{"a":1}{}'
    assert told[-1]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("event", [BlockEnded(0), ReasoningSigned(0, "s"), ReasoningRedacted(0, b"x")])
def test_what_openai_has_no_word_for_is_not_told(event: Event) -> None:
    assert ChunkTable(model="m", usage=True).told(event) == b""


def test_thoughts_have_a_member_of_their_own_and_their_tokens_stand_in_the_details() -> None:
    (thought,) = choices(ReasoningDelta(0, "Hm."))
    (last,) = chunks([Counted(USED, reasoning_tokens=1)], usage=True)

    assert thought["delta"] == {"reasoning_content": "Hm."}
    assert last["usage"]["completion_tokens_details"] == {"reasoning_tokens": 1}


@pytest.mark.parametrize("usage", [False, True])
def test_the_last_chunk_has_what_was_asked_for_and_else_there_is_none(usage: bool) -> None:
    assert len(list(chunks([Counted(USED)], usage=usage))) == usage
    (found,) = chunks([Counted(USED, guardrail={}, not_recorded={"turn": "x"})], usage=usage)

    assert found["choices"] == []
    assert found["quarry"] == {"guardrail": {}, "not_recorded": {"turn": "x"}}
    assert ("usage" in found) is usage
    if usage:
        assert found["usage"]["total_tokens"] == 7


def test_what_it_cost_comes_with_the_count_unless_nobody_knows() -> None:
    (told,) = chunks([Counted(USED, micro_dollars=0, answered_by="m")], usage=True)
    (unpriced,) = chunks([Counted(USED, answered_by="m")], usage=True)

    assert told["quarry"] == {"answered_by": "m", "micro_dollars": 0}
    assert unpriced["quarry"] == {"answered_by": "m"}
    assert list(chunks([Counted(USED, micro_dollars=1)], usage=False)) == []


def test_what_the_ingredients_tell_comes_with_the_reason() -> None:
    (finish,) = chunks([Ended("end_turn", {"answered": True})])

    assert (finish["choices"][0]["finish_reason"], finish["quarry"]) == ("stop", {"answered": True})


def test_a_failure_is_the_error_as_an_event() -> None:
    sent = ChunkTable(model="m", usage=False).broken(UpstreamError("No."), request_id="r")

    assert json.loads(sent.removeprefix(b"data: "))["error"]["code"] == "upstream_error"
