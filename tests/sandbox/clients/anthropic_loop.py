"""The Anthropic SDK: a loop with a tool and thoughts, a stream, a count, and what it raises."""

import os
from typing import Any

import pytest
from anthropic import Anthropic, AuthenticationError, BadRequestError, NotFoundError

URL = os.environ["QUARRY_URL"].removesuffix("/v1")
client = Anthropic(base_url=URL, api_key=os.environ["QUARRY_KEY"], max_retries=0)

TOOLS: list[Any] = [
    {
        "name": "get_weather",
        "description": "The weather in a city",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
]
asked: dict[str, Any] = {"model": "smart", "max_tokens": 2_000, "tools": TOOLS, "thinking": {"type": "adaptive"}}
STOPPING: list[Any] = [{"role": "user", "content": "Hello"}]
messages: list[Any] = [{"role": "user", "content": "Use get_weather for the city Toronto."}]

first = client.messages.create(messages=messages, **asked)
assert first.stop_reason == "tool_use", first
assert first._request_id, first
(call,) = [block for block in first.content if block.type == "tool_use"]
assert "city" in call.input, call
messages += [
    {"role": "assistant", "content": first.content},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "Rain, 4 degrees"}]},
]
last = client.messages.create(messages=messages, **asked)
assert last.stop_reason == "end_turn", last
assert "Rain, 4 degrees" in "".join(block.text for block in last.content if block.type == "text"), last

with client.messages.stream(messages=messages[:1], **asked) as stream:
    events = list(stream)
    kinds = [event.type for event in events]
    whole = stream.get_final_message()
assert kinds[0] == "message_start", kinds
assert kinds[-1] == "message_stop", kinds
assert whole.stop_reason == "tool_use", whole
# An estimate at its beginning, what it was at its end.
assert whole.usage.input_tokens == first.usage.input_tokens > 0, (whole.usage, first.usage)
assert stream.response.headers["request-id"]
(ending,) = [event for event in events if event.type == "message_delta"]
assert ending.quarry["micro_dollars"] > 0, ending
stopped = client.messages.create(model="smart", max_tokens=99, messages=STOPPING, stop_sequences=["nobody", "stand-in"])
assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "stand-in"), stopped

counted = client.messages.count_tokens(model="smart", messages=messages[:1], tools=TOOLS)
assert counted.input_tokens > 0, counted

asked_badly: list[tuple[Any, dict[str, Any]]] = [
    (NotFoundError, {"model": "gpt-4o", "messages": messages[:1]}),
    (BadRequestError, {"model": "smart", "messages": []}),
]
for wanted, bad in asked_badly:
    with pytest.raises(wanted) as refused:
        client.messages.create(max_tokens=9, **bad)
    assert refused.value.type in ("not_found_error", "invalid_request_error")
    assert refused.value.request_id
with pytest.raises(AuthenticationError) as refused:
    Anthropic(base_url=URL, api_key="qk-nobodys", max_retries=0).messages.create(**asked, messages=messages[:1])
assert refused.value.type == "authentication_error"
assert refused.value.request_id

listed = list(client.models.list(limit=1))
assert "smart" in [model.id for model in listed], listed
assert client.models.retrieve("smart") == next(model for model in listed if model.id == "smart")
with pytest.raises(NotFoundError) as refused:
    client.models.retrieve("gpt-4o")
assert refused.value.type == "not_found_error"
bearer = Anthropic(base_url=URL, auth_token=os.environ["QUARRY_KEY"], max_retries=0)
assert bearer.messages.create(model="fast", max_tokens=50, messages=messages[:1]).content

print("all of it")
