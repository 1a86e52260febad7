"""The training day's four notebooks, as flows through the API, with what the notebooks got wrong put right."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.waiting import PATIENCE

Json = dict[str, Any]


@pytest.fixture
def http(platform: Platform) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    with httpx.Client(base_url=platform.base_url, headers=headers, timeout=PATIENCE) as client:
        yield client


def chat(http: httpx.Client, content: str, session: str | None = None) -> str:
    body: Json = {"model": "fast", "messages": [{"role": "user", "content": content}]}
    if session:
        body["quarry"] = {"session": session}
    response = http.post("/chat/completions", json=body)
    assert response.status_code == 200, response.text
    answer: str = response.json()["choices"][0]["message"]["content"]
    return answer


def call(http: httpx.Client, prompt: str, **body: Any) -> Json:
    response = http.post(f"/prompts/{prompt}", json=body)
    assert response.status_code == 200, response.text
    choice: Json = response.json()["choices"][0]
    return choice


def test_first_notebook_a_question_without_examples(http: httpx.Client) -> None:
    question = "Which gas do plants give off, oxygen or nitrogen?"

    answer = call(http, "science-question", variables={"question": question})["message"]["content"]

    assert "oxygen" in answer
    # The notebook's prompt was the error text when a file was missing; here a missing value is refused by its name.
    refused = http.post("/prompts/science-question", json={"variables": {}})
    assert (refused.status_code, "question" in refused.json()["error"]["message"]) == (400, True)


def test_second_notebook_sentiment_from_examples(http: httpx.Client, model: ModelScript) -> None:
    model.answer("Positive")

    assert call(http, "tweet-sentiment", variables={"tweet": "Best day ever!"})["message"]["content"] == "Positive"


def test_third_notebook_a_teacher_who_remembers_both_sides_of_each_of_two_talks(http: httpx.Client) -> None:
    ann, bob = (http.post("/sessions", json={"system": "You teach Japanese."}).json()["id"] for _ in range(2))
    chat(http, "My raven is called Kuro.", ann)
    chat(http, "My cat is called Mike.", bob)

    for session, mine, other in ((ann, "Kuro", "Mike"), (bob, "Mike", "Kuro")):
        kept = http.get(f"/sessions/{session}").json()["messages"]
        assert [message["role"] for message in kept] == ["user", "assistant"]
        assert mine in str(kept)
        assert other not in str(kept)


def test_third_notebook_a_long_talk_is_summarised_and_nothing_is_lost(http: httpx.Client) -> None:
    session = http.post("/sessions", json={}).json()["id"]
    chat(http, "Remember: the code of the gate is 4711.", session)
    for number in range(14):
        chat(http, f"Sentence number {number}. " + "Ravens watch gardens in the morning. " * 30, session)

    kept = http.get(f"/sessions/{session}").json()["messages"]

    assert len(kept) == 30
    assert "4711" in str(kept[0])


def test_fourth_notebook_the_tools_results_are_used(http: httpx.Client) -> None:
    question = {"question": "Use get_weather and get_date_time for Toronto."}
    first = call(http, "weather", variables=question)
    assert first["finish_reason"] == "tool_calls"

    results = [
        {"role": "tool", "tool_call_id": made["id"], "content": f"measured: {number + 20}"}
        for number, made in enumerate(first["message"]["tool_calls"])
    ]
    last = call(http, "weather", variables=question, messages=[first["message"], *results])

    assert last["finish_reason"] == "stop"
    assert "measured: 20" in last["message"]["content"]
