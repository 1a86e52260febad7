"""The shipped prompts on the deployed platform: each file's own tests, and values that try to be instructions.

On this machine a stand-in model answers, so the files' tests prove wiring here; against AWS they prove the prompts.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from configuration.prompts import PromptFile, PromptTest, read
from tests.sandbox.platform.conftest import Platform
from tests.waiting import PATIENCE

PROMPTS = read()
CASES = [
    pytest.param(prompt, test, id=f"{prompt.name}-{n}") for prompt in PROMPTS for n, test in enumerate(prompt.tests)
]


@pytest.fixture
def http(platform: Platform) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    with httpx.Client(base_url=platform.base_url, headers=headers, timeout=PATIENCE) as client:
        yield client


def message_of(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    message: dict[str, Any] = response.json()["choices"][0]["message"]
    return message


@pytest.mark.parametrize(("prompt", "test"), CASES)
def test_the_files_own_tests(http: httpx.Client, prompt: PromptFile, test: PromptTest) -> None:
    response = http.post(f"/prompts/{prompt.name}", json={"variables": test.variables})

    message = message_of(response)
    told = json.dumps(message, ensure_ascii=False).lower()
    missing = [words for words in test.contains if words.lower() not in told]
    # A prompt that allows few tokens cuts the stand-in's answer within its disclosure; nothing else excuses a miss.
    cut = response.json()["choices"][0]["finish_reason"] == "length"
    assert not missing or cut
    assert response.headers["x-quarry-prompt"] == f"{prompt.name}@{prompt.compiled().version}"


def test_all_prompts_are_listed_and_shown(http: httpx.Client) -> None:
    listed = http.get("/prompts").json()["data"]

    assert [prompt["name"] for prompt in listed] == sorted(prompt.name for prompt in PROMPTS)
    shown = http.get("/prompts/weather").json()
    assert [tool["function"]["name"] for tool in shown["tools"]] == [
        "get_date_time",
        "get_weather",
        "get_historical_fact",
    ]


def test_another_alias_can_answer(http: httpx.Client) -> None:
    response = http.post(
        "/prompts/translation", json={"variables": {"text": "dog", "language": "French"}, "model": "smart"}
    )

    assert "Claude Haiku 4.5" in message_of(response)["content"]


def test_a_weather_answer_uses_what_the_tool_gave(http: httpx.Client) -> None:
    variables = {"question": "How is the weather in Toronto?"}
    asked = message_of(http.post("/prompts/weather", json={"variables": variables}))
    (call,) = asked["tool_calls"]

    told = http.post(
        "/prompts/weather",
        json={
            "variables": variables,
            "messages": [asked, {"role": "tool", "tool_call_id": call["id"], "content": "21 degrees and fog"}],
        },
    )

    assert json.loads(call["function"]["arguments"]) == {"location": "Toronto"}
    assert "21 degrees and fog" in message_of(told)["content"]


@pytest.mark.parametrize(
    ("variables", "param", "says"),
    [
        ({}, "variables", "`text` is required and missing"),
        ({"text": "x", "labels": "a", "colour": "red"}, "variables.colour", "`colour` is unknown"),
        ({"text": "x" * 20_001, "labels": "a"}, "variables.text", "20,001 characters of at most 20,000"),
    ],
)
def test_a_wrong_variable_is_named(http: httpx.Client, variables: dict[str, str], param: str, says: str) -> None:
    response = http.post("/prompts/classification", json={"variables": variables})

    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert says in response.json()["error"]["message"]


def test_an_unknown_prompt_is_told_what_there_is(http: httpx.Client) -> None:
    response = http.post("/prompts/nope", json={"variables": {}})

    assert response.status_code == 404
    assert "`weather`" in response.json()["error"]["message"]


def test_the_prompts_are_published_in_bedrock(platform: Platform) -> None:
    ssm, bedrock = platform.client("ssm"), platform.client("bedrock-agent")

    for prompt in PROMPTS:
        arn = ssm.get_parameter(Name=f"/quarry/sandbox/prompts/{prompt.name}")["Parameter"]["Value"]
        identifier, _, version = arn.rpartition(":")
        published = bedrock.get_prompt(promptIdentifier=identifier, promptVersion=version)
        assert published["name"] == f"quarry-sandbox-{prompt.name}"
        assert published["variants"][0]["templateType"] == "CHAT"
