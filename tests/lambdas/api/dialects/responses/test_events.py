"""The events of a streamed response, in order, as OpenAI's SDK reads them."""

from collections.abc import Iterable
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from lambdas.api.dialects.responses.events import ResponseEvents
from lambdas.api.dialects.responses.thoughts import Thinking, opened
from lambdas.api.dialects.responses.wire import DIALECT
from lambdas.chat import events as neutral
from lambdas.common.errors import UpstreamError
from tests.lambdas.api.dialects.responses.asking import PATCH, WEATHER, head, sent

USAGE = {"inputTokens": 7, "outputTokens": 4, "totalTokens": 11, "cacheReadInputTokens": 2}
ENDED = neutral.Ended("end_turn")
COUNTED = neutral.Counted(USAGE, reasoning_tokens=1)
TEXT: list[neutral.Event] = [neutral.TextDelta(0, "An open"), neutral.TextDelta(0, " pit."), neutral.BlockEnded(0)]
ADAPTER: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def told(*events: neutral.Event, **members: Any) -> list[dict[str, Any]]:
    table = ResponseEvents(head(**members))
    found = sent(b"".join(table.told(event) for event in events))
    for number, event in enumerate(found):
        ADAPTER.validate_python(event)
        assert event["sequence_number"] == number
    return found


def kinds(events: Iterable[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def test_a_text() -> None:
    found = told(neutral.Began(), *TEXT, ENDED, COUNTED)

    assert kinds(found) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [found[4]["delta"], found[5]["delta"]] == ["An open", " pit."]
    (item,) = found[-1]["response"]["output"]
    assert item == found[8]["item"]
    assert item["id"] == found[2]["item"]["id"] == found[4]["item_id"]
    assert item["content"][0]["text"] == found[6]["text"] == "An open pit."
    assert found[0]["response"]["status"] == "in_progress"
    assert found[0]["response"]["usage"] is None
    assert found[-1]["response"]["usage"] == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 0},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 13,
    }
    assert Response.model_validate(found[-1]["response"]).output_text == "An open pit."


def test_text_of_any_kind_is_one_line_of_json() -> None:
    odd = 'a"\n\r\u2028\\\x00é😀'

    assert told(neutral.Began(), neutral.TextDelta(0, odd))[-1]["delta"] == odd


def test_calls_follow_one_another() -> None:
    calls: list[neutral.Event] = [
        part
        for index in (0, 1)
        for part in (
            neutral.CallBegan(index, f"c{index}", "weather"),
            neutral.CallDelta(index, '{"city": '),
            neutral.CallDelta(index, '"Bonn"}'),
            neutral.BlockEnded(index),
        )
    ]
    found = told(neutral.Began(), *calls, neutral.Ended("tool_use"), COUNTED, tools=[WEATHER])

    one = ["output_item.added", *["function_call_arguments.delta"] * 2, "function_call_arguments.done"]
    assert kinds(found)[2:-1] == [*one, "output_item.done", *one, "output_item.done"]
    assert found[2]["item"]["arguments"] == ""
    assert found[2]["item"]["status"] == "in_progress"
    assert found[-1]["response"]["status"] == "completed"
    assert [(item["call_id"], item["name"], item["arguments"]) for item in found[-1]["response"]["output"]] == [
        ("c0", "weather", '{"city": "Bonn"}'),
        ("c1", "weather", '{"city": "Bonn"}'),
    ]
    assert [event["output_index"] for event in found if event["type"].endswith("added")] == [0, 1]


def test_a_custom_tools_input_is_told_as_text() -> None:
    found = told(
        neutral.Began(),
        neutral.CallBegan(0, "c1", "apply_patch"),
        neutral.CallDelta(0, '"*** Begin\\n'),
        neutral.CallDelta(0, '+hi"'),
        neutral.BlockEnded(0),
        neutral.Ended("tool_use"),
        COUNTED,
        tools=[PATCH],
    )

    assert kinds(found)[2:-1] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]
    assert found[2]["item"]["type"] == "custom_tool_call"
    assert found[2]["item"]["input"] == ""
    assert found[-1]["response"]["output"][0]["input"] == found[4]["input"] == "*** Begin\n+hi"


def test_a_grouped_tool_is_called_by_its_own_name_and_its_groups() -> None:
    found = told(
        neutral.Began(),
        neutral.CallBegan(0, "c1", "agents__weather"),
        neutral.CallDelta(0, "{}"),
        neutral.BlockEnded(0),
        ENDED,
        tools=[{"type": "namespace", "name": "agents", "tools": [WEATHER], "description": "x"}],
    )

    assert (found[-1]["item"]["namespace"], found[-1]["item"]["name"]) == ("agents", "weather")
    (done,) = (event for event in found if event["type"] == "response.function_call_arguments.done")
    assert done["name"] == "weather"


THOUGHT: list[neutral.Event] = [
    neutral.ReasoningDelta(0, "Deep"),
    neutral.ReasoningDelta(0, "."),
    neutral.ReasoningSigned(0, "sig"),
]


def test_thoughts_are_told_where_the_caller_wants_them() -> None:
    found = told(
        neutral.Began(),
        *THOUGHT,
        neutral.BlockEnded(0),
        neutral.TextDelta(1, "Hi"),
        neutral.BlockEnded(1),
        ENDED,
        COUNTED,
        reasoning={"summary": "auto"},
        include=["reasoning.encrypted_content"],
    )

    assert kinds(found)[2:9] == [
        "output_item.added",
        "reasoning_summary_part.added",
        *["reasoning_summary_text.delta"] * 2,
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    thought, message = found[-1]["response"]["output"]
    assert thought["summary"] == [{"type": "summary_text", "text": "Deep."}]
    assert opened(thought["encrypted_content"]) == Thinking(text="Deep.", signature="sig")
    assert message["id"].endswith("_1")


@pytest.mark.parametrize("signed", [True, False])
def test_where_they_do_not_there_is_an_item_that_says_nothing(signed: bool) -> None:
    found = told(neutral.Began(), *THOUGHT[: 3 if signed else 2], neutral.BlockEnded(0), ENDED, COUNTED)

    assert kinds(found)[2:-1] == ["output_item.added", "output_item.done"]
    (item,) = found[-1]["response"]["output"]
    assert item == {"id": item["id"], "type": "reasoning", "summary": []}


def test_redacted_thoughts_are_an_item_that_comes_back() -> None:
    events: list[neutral.Event] = [
        neutral.Began(),
        neutral.ReasoningRedacted(0, b"\x00"),
        neutral.BlockEnded(0),
        ENDED,
        COUNTED,
    ]
    found = told(*events, include=["reasoning.encrypted_content"])

    (item,) = found[-1]["response"]["output"]
    assert opened(item["encrypted_content"]) == Thinking(redacted=b"\x00")


def test_a_signature_without_words_is_an_item_too() -> None:
    found = told(neutral.Began(), neutral.ReasoningSigned(0, "sig"), neutral.BlockEnded(0), ENDED, COUNTED)

    assert kinds(found)[2:-1] == ["output_item.added", "output_item.done"]


@pytest.mark.parametrize(
    ("stop_reason", "reason"),
    [
        ("max_tokens", "max_output_tokens"),
        ("model_context_window_exceeded", "max_output_tokens"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
    ],
)
def test_an_answer_that_was_cut_or_stopped_is_incomplete(stop_reason: str, reason: str) -> None:
    *_, done, last = told(neutral.Began(), *TEXT, neutral.Ended(stop_reason), COUNTED)

    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": reason}
    assert last["response"]["completed_at"] is None
    assert last["response"]["output"][0]["status"] == "incomplete"
    assert done["item"] == last["response"]["output"][0]


def test_of_several_items_only_the_last_one_was_cut() -> None:
    call: list[neutral.Event] = [
        neutral.CallBegan(1, "c1", "weather"),
        neutral.CallDelta(1, '{"a'),
        neutral.BlockEnded(1),
    ]

    found = told(neutral.Began(), *TEXT, *call, neutral.Ended("max_tokens"), COUNTED, tools=[WEATHER])

    items = [event["item"] for event in found if event["type"] == "response.output_item.done"]
    assert [(item["type"], item["status"]) for item in items] == [
        ("message", "completed"),
        ("function_call", "incomplete"),
    ]
    assert items == found[-1]["response"]["output"]
    begun = [event["type"] for event in found].index("response.output_item.added", 5)
    assert found[begun - 1]["type"] == "response.output_item.done"


def test_what_was_said_whole_before_a_failure_is_told_so() -> None:
    table = ResponseEvents(head())
    begun = b"".join(table.told(event) for event in [neutral.Began(), *TEXT])

    found = sent(begun + table.broken(UpstreamError("Bedrock broke off."), request_id="r1"))

    assert kinds(found)[-3:] == ["output_item.done", "error", "failed"]
    assert found[-1]["response"]["output"] == [found[-3]["item"]]
    assert [event["sequence_number"] for event in found] == list(range(len(found)))


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_failure_in_mid_stream_is_raised_by_sdks_and_fails_the_response(before: int) -> None:
    table = ResponseEvents(head())
    begun = b"".join(table.told(event) for event in [neutral.Began(), *TEXT][:before])
    error = UpstreamError("Bedrock broke off.", code="upstream_error")

    found = sent(begun + table.broken(error, request_id="r1"))

    assert kinds(found)[-2:] == ["error", "failed"]
    assert found[-2]["error"]["message"] == found[-2]["message"] == "Bedrock broke off."
    assert found[-2]["code"] == "upstream_error"
    assert found[-1]["response"]["status"] == "failed"
    assert found[-1]["response"]["error"] == {"code": "server_error", "message": "Bedrock broke off."}
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    ADAPTER.validate_python(found[-1])


def test_what_fails_before_it_begins_is_an_error_alone() -> None:
    (event,) = sent(DIALECT.broken(UpstreamError("No."), request_id="r1"))

    assert event["error"]["message"] == "No."
    assert DIALECT.error(UpstreamError("No."), request_id="r1")["error"]["type"] == "api_error"


def test_documents_are_searched_first_and_cited_behind_the_text() -> None:
    citations = [
        {"number": 2, "document": "travel.md", "passage": "...", "score": 0.9, "metadata": {}, "location": "s3://a"},
        {"number": 1, "document": "it.md", "passage": "...", "score": 0.8, "metadata": {"year": 2024}, "location": ""},
    ]
    quarry = {"citations": citations, "answered": True, "search_query": "flights"}
    found = told(
        neutral.Began(),
        neutral.TextDelta(0, "Ten days [2], or [1, 2]."),
        neutral.BlockEnded(0),
        neutral.Ended("end_turn", quarry),
        COUNTED,
        tools=[{"type": "file_search", "vector_store_ids": []}],
        include=["file_search_call.results"],
    )

    assert kinds(found)[2:] == [
        "output_item.added",
        "file_search_call.in_progress",
        "file_search_call.searching",
        "file_search_call.completed",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_item.done",
        *["output_text.annotation.added"] * 2,
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    search, message = found[-1]["response"]["output"]
    assert search["queries"] == ["flights"]
    assert [(one["filename"], one["attributes"]) for one in search["results"]] == [
        ("travel.md", {}),
        ("it.md", {"year": 2024}),
    ]
    assert message["content"][0]["annotations"] == [
        {"type": "file_citation", "index": 9, "file_id": "travel.md", "filename": "travel.md"},
        {"type": "file_citation", "index": 17, "file_id": "it.md", "filename": "it.md"},
    ]
    assert found[-1]["response"]["quarry"] == quarry


def test_what_openais_api_has_no_word_for_is_told_beside() -> None:
    counted = neutral.Counted(USAGE, guardrail={"a": 1}, not_recorded={"turn": "unavailable"})
    last = told(neutral.Began(), *TEXT, ENDED, counted)[-1]["response"]

    assert last["quarry"] == {"guardrail": {"a": 1}, "not_recorded": {"turn": "unavailable"}}
