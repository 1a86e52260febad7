"""Other ways that applications call: tool loops, schemas, images, embeddings, async, LangChain, compare."""

import asyncio
import base64
import json
import math
from typing import Any

import httpx
import pytest
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openai import AsyncOpenAI, BadRequestError, OpenAI
from pydantic import BaseModel, SecretStr

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.waiting import PATIENCE

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": {field: {"type": "string"}}, "required": [field]},
        },
    }
    for name, description, field in (
        ("get_weather", "The weather in a city", "city"),
        ("get_date_time", "The time in a city", "city"),
        ("get_historical_fact", "A fact about a city", "city"),
    )
]


def test_a_loop_with_three_tools_ends_in_an_answer_that_uses_their_results(openai: OpenAI) -> None:
    question = "Use get_weather, get_date_time and get_historical_fact for the city Toronto."
    messages: list[Any] = [{"role": "user", "content": question}]

    first = openai.chat.completions.create(model="smart", messages=messages, tools=TOOLS).choices[0]
    assert first.finish_reason == "tool_calls"
    calls: list[Any] = first.message.tool_calls or []
    assert [call.function.name for call in calls] == [tool["function"]["name"] for tool in TOOLS]

    messages.append(first.message.model_dump(exclude_none=True))
    for number, call in enumerate(calls):
        assert "city" in json.loads(call.function.arguments)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": f"result {number}"})
    last = openai.chat.completions.create(model="smart", messages=messages, tools=TOOLS).choices[0]

    assert last.finish_reason == "stop"
    assert all(f"result {number}" in (last.message.content or "") for number in range(3))


def test_a_streamed_tool_call_adds_up(openai: OpenAI) -> None:
    stream = openai.chat.completions.create(
        model="smart", messages=[{"role": "user", "content": "Call get_weather."}], tools=TOOLS, stream=True
    )

    deltas = [call for chunk in stream for call in chunk.choices[0].delta.tool_calls or []]

    assert deltas[0].function is not None
    assert deltas[0].function.name == "get_weather"
    assert "city" in json.loads("".join((delta.function.arguments or "") for delta in deltas if delta.function))


class Place(BaseModel):
    """What the answer is to fit."""

    city: str
    population: int
    rivers: list[str]


@pytest.mark.parametrize("model", ["fast", "smart"])
def test_the_parse_helper_gets_an_object_of_the_schema(openai: OpenAI, model: str) -> None:
    reply = openai.chat.completions.parse(
        model=model, messages=[{"role": "user", "content": "Describe Ulm."}], response_format=Place
    )

    assert isinstance(reply.choices[0].message.parsed, Place)


def test_an_image_is_taken_and_a_remote_one_refused(openai: OpenAI) -> None:
    pixel = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 60).decode()

    def show(url: str) -> Any:
        parts: Any = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]
        return openai.chat.completions.create(model="smart", messages=[{"role": "user", "content": parts}])

    assert show(f"data:image/png;base64,{pixel}").choices[0].message.content
    with pytest.raises(BadRequestError, match="Remote images are not fetched"):
        show("https://example.com/cat.png")


def test_embeddings_of_alike_texts_are_close(openai: OpenAI) -> None:
    texts = ["a deep quarry of granite", "the granite quarry is deep", "tax forms for the year"]

    reply = openai.embeddings.create(model="embed", input=texts, dimensions=256)

    one, alike, other = (item.embedding for item in reply.data)
    assert {len(item.embedding) for item in reply.data} == {256}
    assert math.isclose(sum(number * number for number in one), 1, abs_tol=1e-3)
    assert sum(map(float.__mul__, one, alike)) > sum(map(float.__mul__, one, other))


def test_the_async_client_works_side_by_side(platform: Platform) -> None:
    async def ask() -> list[str]:
        async with AsyncOpenAI(base_url=platform.base_url, api_key=platform.api_key, max_retries=0) as client:
            replies = await asyncio.gather(
                *(
                    client.chat.completions.create(
                        model="fast", messages=[{"role": "user", "content": f"Question number {number}"}]
                    )
                    for number in range(8)
                )
            )
        return [reply.choices[0].message.content or "" for reply in replies]

    answers = asyncio.run(ask())

    assert all(f"Question number {number}" in answer for number, answer in enumerate(answers))


def test_langchain_chats_streams_and_embeds(platform: Platform) -> None:
    key = SecretStr(platform.api_key)
    chat = ChatOpenAI(model="fast", base_url=platform.base_url, api_key=key, max_retries=0)
    embeddings = OpenAIEmbeddings(
        model="embed",
        openai_api_base=platform.base_url,
        openai_api_key=key,
        check_embedding_ctx_length=False,
    )

    assert "stand-in" in str(chat.invoke("Hello").content)
    assert "".join(str(chunk.content) for chunk in chat.stream("Hello")).startswith("This is the sandbox's stand-in")
    assert len(embeddings.embed_query("quarry")) == 1024


def test_aliases_are_compared(platform: Platform, model: ModelScript) -> None:
    model.fault("access_denied", model="*haiku*")
    body = {"models": ["fast", "smart"], "messages": [{"role": "user", "content": "Hello"}]}

    response = httpx.post(
        f"{platform.base_url}/compare",
        json=body,
        headers={"Authorization": f"Bearer {platform.api_key}"},
        timeout=PATIENCE,
    )

    fast, smart = response.json()["data"]
    assert (fast["completion"]["model"], fast["answered_by"]) == ("fast", "amazon.nova-micro-v1:0")
    assert fast["micro_dollars"] > 0
    assert smart["error"]["code"] == "model_access_denied"
