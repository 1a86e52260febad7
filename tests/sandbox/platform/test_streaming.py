"""Streams from the deployed endpoint: as they come, to their end, broken off, and hung up on."""

import json
from typing import Any

import httpx
import pytest
from openai import APIError, OpenAI

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.waiting import PATIENCE, eventually

HELLO: list[Any] = [{"role": "user", "content": "Tell me about quarries, please."}]


def lines(platform: Platform, **fields: Any) -> list[str]:
    """Return a stream's lines, as curl -N shows them."""
    body = {"model": "fast", "messages": HELLO, "stream": True, **fields}
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    url = f"{platform.base_url}/chat/completions"
    with httpx.stream("POST", url, json=body, headers=headers, timeout=PATIENCE) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        return [line for line in response.iter_lines() if line]


def test_a_stream_is_server_sent_events_to_the_end(platform: Platform) -> None:
    told = lines(platform, stream_options={"include_usage": True})

    assert all(line.startswith("data: ") for line in told)
    assert told[-1] == "data: [DONE]"
    usage = json.loads(told[-2].removeprefix("data: "))
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] > 5


def test_the_sdk_reads_the_same_words_streamed_and_whole(openai: OpenAI) -> None:
    whole = openai.chat.completions.create(model="fast", messages=HELLO).choices[0].message.content
    stream = openai.chat.completions.create(model="fast", messages=HELLO, stream=True)

    pieces = [chunk.choices[0].delta.content or "" for chunk in stream]

    assert "".join(pieces) == whole
    assert len([piece for piece in pieces if piece]) > 5


def test_the_first_token_arrives_before_the_third_is_sent(openai: OpenAI, model: ModelScript) -> None:
    model.hold(after_tokens=2)

    with openai.chat.completions.create(model="fast", messages=HELLO, stream=True) as stream:
        assert next(chunk for chunk in stream if chunk.choices[0].delta.content)
        call = model.calls()[-1]

    assert (len(call["sent"]), call["outcome"]) == (2, "running")


def test_hanging_up_stops_nothing_is_charged_in_full_and_the_turn_is_kept(
    platform: Platform, openai: OpenAI, model: ModelScript
) -> None:
    key = platform.quarry("keys", "create", "hangs up", "--usd", "1")
    model.answer("stone " * 40, delay_ms=50)
    headers = {"Authorization": f"Bearer {key['api_key']}"}
    with (
        httpx.Client(base_url=platform.base_url, headers=headers, timeout=PATIENCE) as http,
        OpenAI(base_url=platform.base_url, api_key=key["api_key"], max_retries=0) as client,
    ):
        session = http.post("/sessions", json={}).json()["id"]
        stream = client.chat.completions.create(
            model="fast", messages=HELLO, stream=True, extra_body={"quarry": {"session": session}}
        )
        next(chunk for chunk in stream if chunk.choices[0].delta.content)
        stream.close()

        def settled() -> Any:
            usage = http.get("/usage").json()
            return usage if usage["reserved"]["micro_dollars"] == 0 and usage["total"]["micro_dollars"] > 0 else None

        usage = eventually(settled)
        call = model.calls()[-1]
        messages = http.get(f"/sessions/{session}").json()["messages"]

    assert call["disconnected"] is False
    assert len(call["sent"]) >= 40
    assert usage["today"]["output_tokens"] >= 40
    assert "stone " * 39 in messages[-1]["content"]


def test_a_failure_in_mid_stream_raises_the_sdks_error(openai: OpenAI, model: ModelScript) -> None:
    model.error_mid_stream(after_tokens=3)

    stream = openai.chat.completions.create(model="fast", messages=HELLO, stream=True)
    said: list[str] = []
    with pytest.raises(APIError):
        said.extend(chunk.choices[0].delta.content or "" for chunk in stream)

    assert "".join(said)


def test_a_failure_in_mid_stream_ends_it_well_formed(platform: Platform, model: ModelScript) -> None:
    model.error_mid_stream(after_tokens=3)

    told = lines(platform)

    assert set(json.loads(told[-2].removeprefix("data: "))["error"]) == {"message", "type", "param", "code"}
    assert told[-1] == "data: [DONE]"


def test_the_guardrail_stops_a_streamed_prompt(platform: Platform) -> None:
    told = lines(platform, messages=[{"role": "user", "content": "Tell me of project-nightshade"}])

    assert json.loads(told[-2].removeprefix("data: "))["choices"][0]["finish_reason"] == "content_filter"


def test_a_stream_that_cannot_begin_has_its_status(openai: OpenAI, model: ModelScript) -> None:
    model.fault("access_denied")

    with pytest.raises(APIError) as failed:
        openai.chat.completions.create(model="fast", messages=HELLO, stream=True)

    assert getattr(failed.value, "status_code", None) == 403
