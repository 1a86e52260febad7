"""LiteLLM by each of the three APIs: a loop with a tool, whole and streamed, and what it raises."""

import os
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
import pytest
from litellm import completion, responses

URL, KEY = os.environ["QUARRY_URL"], os.environ["QUARRY_KEY"]
WEATHER: dict[str, Any] = {
    "name": "weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
ASKED = {"role": "user", "content": "Use weather for Bonn"}
STREAM = [{"role": "user", "content": "Stream, please."}]

for provider, base in (("openai", URL), ("anthropic", URL.removesuffix("/v1"))):
    to: dict[str, Any] = {"model": f"{provider}/smart", "api_base": base, "api_key": KEY, "max_retries": 0}
    tools = [{"type": "function", "function": WEATHER}]

    first = completion(messages=[ASKED], tools=tools, **to).choices[0]
    assert first.finish_reason == "tool_calls", first
    (call,) = first.message.tool_calls
    assert call.function.arguments == '{"city": "Bonn"}', call
    result = {"role": "tool", "tool_call_id": call.id, "content": "Rain in Bonn"}
    last = completion(messages=[ASKED, first.message, result], tools=tools, **to)
    assert "Rain in Bonn" in last.choices[0].message.content, last
    assert last.usage.prompt_tokens > last.usage.completion_tokens > 0, last.usage

    chunks = list(completion(messages=STREAM, stream=True, stream_options={"include_usage": True}, **to))
    whole = litellm.stream_chunk_builder(chunks)
    assert whole.choices[0].message.content == "Piece by piece.", whole
    assert whole.usage.prompt_tokens > 0, whole.usage
    called = litellm.stream_chunk_builder(list(completion(messages=[ASKED], tools=tools, stream=True, **to)))
    assert called.choices[0].message.tool_calls[0].function.arguments == '{"city": "Bonn"}', called

    for wanted, bad in (
        (litellm.NotFoundError, {"model": f"{provider}/nobody"}),
        (litellm.AuthenticationError, {"api_key": "qk-nobodys"}),
    ):
        with pytest.raises(wanted):
            completion(messages=[ASKED], **{**to, **bad})

to = {"model": "openai/smart", "api_base": URL, "api_key": KEY}
flat = [{"type": "function", **WEATHER}]
asked = responses(input="Use weather for Bonn", tools=flat, **to)
(call,) = [item for item in asked.output if item.type == "function_call"]
gave = [{"type": "function_call_output", "call_id": call.call_id, "output": "Rain in Bonn"}]
went_on = responses(input=gave, previous_response_id=asked.id, tools=flat, **to)
assert "Rain in Bonn" in went_on.output_text, went_on
events = list(responses(input="Stream, please.", stream=True, **to))
assert events[-1].type == "response.completed", events[-1]
assert events[-1].response.output[0].content[0].text == "Piece by piece.", events[-1]

print("all of it")
