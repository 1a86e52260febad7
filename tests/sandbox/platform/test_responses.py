"""The Responses API on the deployed platform, with the unmodified OpenAI client: what is kept, and every fault."""

from typing import Any

import pytest
from openai import APIError, NotFoundError, OpenAI, RateLimitError

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform

WORD = "project-nightshade"
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Returns the weather at a place",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    "strict": False,
}


def client(platform: Platform, *limits: str) -> OpenAI:
    """Return a client with a key of its own."""
    key: dict[str, Any] = platform.quarry("keys", "create", "another", *limits)
    return OpenAI(base_url=platform.base_url, api_key=key["api_key"], max_retries=0)


def test_a_conversation_goes_on_and_is_its_keys_own(platform: Platform, openai: OpenAI, model: ModelScript) -> None:
    model.answer("Ada.", contains="my name is Ada")
    previous: str | None = None
    for said in ("Hello, my name is Ada.", "I work in a quarry.", "What is my name?"):
        response = openai.responses.create(model="fast", input=said, previous_response_id=previous)
        previous = response.id

    assert response.output_text == "Ada."
    found = openai.responses.retrieve(response.id)
    assert (found.output_text, found.previous_response_id) == ("Ada.", response.previous_response_id)
    (asked,) = openai.responses.input_items.list(response.id).data
    assert asked.type == "message"
    other = client(platform)
    for refused in (
        lambda: other.responses.retrieve(response.id),
        lambda: other.responses.delete(response.id),
        lambda: other.responses.create(model="fast", input="Who?", previous_response_id=response.id),
    ):
        with pytest.raises(NotFoundError):
            refused()
    openai.responses.delete(response.id)
    with pytest.raises(NotFoundError):
        openai.responses.retrieve(response.id)


def test_a_call_is_answered_in_the_next_response(openai: OpenAI, model: ModelScript) -> None:
    model.tool_calls([{"name": "get_weather", "input": {"location": "Bonn"}}], times=1)
    first = openai.responses.create(model="fast", input="The weather?", tools=[WEATHER])
    (call,) = [item for item in first.output if item.type == "function_call"]

    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "Rain in Bonn"}
    second = openai.responses.create(model="fast", input=[result], previous_response_id=first.id, tools=[WEATHER])

    assert "Rain in Bonn" in second.output_text


@pytest.mark.parametrize("kept", [True, False])
def test_thoughts_go_back_with_their_signature(openai: OpenAI, model: ModelScript, kept: bool) -> None:
    model.tool_calls([{"name": "get_weather", "input": {"location": "Bonn"}}], times=1)
    shared: Any = {
        "model": "smart",
        "tools": [WEATHER],
        "reasoning": {"effort": "low", "summary": "auto"},
        "max_output_tokens": 4_000,
        "store": kept,
        "include": ["reasoning.encrypted_content"],
    }
    question: Any = {"role": "user", "content": "The weather?"}
    first = openai.responses.create(input=[question], **shared)
    assert first.output[0].type == "reasoning"
    assert first.usage is not None
    assert first.usage.output_tokens_details.reasoning_tokens > 0

    (call,) = [item for item in first.output if item.type == "function_call"]
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "Rain in Bonn"}
    # The stand-in refuses a signature that is not its own, as Claude does.
    if kept:
        second = openai.responses.create(input=[result], previous_response_id=first.id, **shared)
    else:
        items: Any = [question, *(item.model_dump(exclude_none=True) for item in first.output), result]
        second = openai.responses.create(input=items, **shared)

    assert "Rain in Bonn" in second.output_text


def test_a_throttled_model_is_openais_rate_limit(openai: OpenAI, model: ModelScript) -> None:
    model.throttle()

    for stream in (False, True):
        with pytest.raises(RateLimitError):
            openai.responses.create(model="smart", input="Hello", stream=stream)


def test_an_error_in_mid_stream_is_raised(openai: OpenAI, model: ModelScript) -> None:
    model.error_mid_stream(after_tokens=3)

    said: list[str] = []
    stream = openai.responses.create(model="fast", input="Hello", stream=True)
    with pytest.raises(APIError):
        said.extend(event.delta for event in stream if event.type == "response.output_text.delta")

    assert "".join(said)


def test_the_guardrail_in_a_stream_is_a_result(openai: OpenAI) -> None:
    *_, last = openai.responses.create(model="fast", input=f"Tell me of {WORD}", stream=True)

    assert last.type == "response.incomplete"
    assert last.response.incomplete_details is not None
    assert last.response.incomplete_details.reason == "content_filter"
    assert "content policy" in last.response.output_text


def test_an_allowance_that_is_used_up_is_refused(platform: Platform) -> None:
    poor = client(platform, "--usd", "0.000001")

    for stream in (False, True):
        with pytest.raises(RateLimitError) as refused:
            poor.responses.create(model="fast", input="Hello", stream=stream)
        assert refused.value.code == "insufficient_quota"


def test_documents_are_cited(openai: OpenAI) -> None:
    search: Any = {"type": "file_search", "vector_store_ids": ["any"]}
    response = openai.responses.create(
        model="smart",
        input="How many days ahead does the travel desk want a flight booked?",
        tools=[search],
        include=["file_search_call.results"],
    )

    found, message = response.output
    assert found.type == "file_search_call"
    assert message.type == "message"
    assert found.results
    assert message.content[0].type == "output_text"
    cited = {note.filename for note in message.content[0].annotations if note.type == "file_citation"}
    assert cited == {result.filename for result in found.results}


def test_notes_stand_in_the_place_of_what_was_said(openai: OpenAI, model: ModelScript) -> None:
    model.answer("- The pit is three metres deep.", times=1, contains="careful summariser")
    model.answer("Three metres.", contains="The pit is three metres deep.")

    made = openai.responses.compact(model="fast", input="The pit is three metres deep, by the way.")
    items: Any = [item.model_dump(exclude_none=True) for item in made.output]
    response = openai.responses.create(model="fast", input=[*items, {"role": "user", "content": "How deep is it?"}])

    assert response.output_text == "Three metres."
    counted = openai.responses.input_tokens.count(model="smart", input="How deep is it?")
    assert counted.input_tokens > 0
