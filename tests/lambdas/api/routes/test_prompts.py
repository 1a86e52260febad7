"""``/v1/prompts`` as API Gateway calls it."""

from typing import Any

import pytest
from msgspec import convert

from lambdas.api.call import Answer
from lambdas.api.dialects.chat.request import ChatRequest
from lambdas.api.routes import prompts
from lambdas.common.caller import Caller
from lambdas.common.tolerance import Read
from tests.lambdas.api.routes.conftest import Send
from tests.lambdas.prompts.examples import TOOLS, TRANSLATION

GOOD = {"text": "cat", "language": "German"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ChatRequest]:
    """The chat requests that reached the model, of an API with two prompts."""
    requests: list[ChatRequest] = []

    def complete(request: Read[ChatRequest], _: Caller) -> Answer[dict[str, Any]]:
        requests.append(request.body)
        return Answer(body={"object": "chat.completion"}, headers={"x-quarry-model": "m"})

    monkeypatch.setattr(prompts, "complete", complete)
    monkeypatch.setattr(
        "lambdas.prompts.definition.load", lambda: {prompt.name: prompt for prompt in (TRANSLATION, TOOLS)}
    )
    return requests


@pytest.mark.usefixtures("asked")
def test_prompts_are_listed_by_name(send: Send) -> None:
    data = send("GET", "/v1/prompts")[1]["data"]

    assert [prompt["name"] for prompt in data] == ["translation", "weather"]
    assert data[0]["variables"][1] == {
        "name": "language",
        "description": "Into what",
        "max_length": 10,
        "required": True,
    }


@pytest.mark.usefixtures("asked")
def test_one_prompt_is_shown_with_all_that_is_sent(send: Send) -> None:
    shown = send("GET", "/v1/prompts/translation")[1]

    assert (shown["version"], shown["model"], shown["system"]) == ("0a1b2c3d", "fast", "You translate.\n")
    assert shown["examples"][0]["assistant"] == "chien"
    assert shown["inference"] == {"temperature": 0.2, "max_tokens": 50, "stop": ["END"]}


def test_a_prompt_is_filled_in_only_and_asks_the_same_as_chat(send: Send, asked: list[ChatRequest]) -> None:
    status, body, headers = send("POST", "/v1/prompts/translation", {"variables": GOOD, "answer": False})
    assert (status, asked) == (200, [])
    assert headers["x-quarry-prompt"] == ["translation@0a1b2c3d"]

    send("POST", "/v1/prompts/translation", {"variables": GOOD})
    assert asked == [convert(body, type=ChatRequest)]
    # What cannot be filled in is refused here too.
    assert send("POST", "/v1/prompts/translation", {"answer": False})[0] == 400
    assert send("POST", "/v1/prompts/translation", {"variables": GOOD, "answer": "no"})[0] == 400


def test_a_prompt_is_filled_in_and_answered(send: Send, asked: list[ChatRequest]) -> None:
    status, body, headers = send("POST", "/v1/prompts/translation", {"variables": GOOD, "model": "smart"})

    assert (status, body) == (200, {"object": "chat.completion"})
    assert (headers["x-quarry-prompt"], headers["x-quarry-model"]) == (["translation@0a1b2c3d"], ["m"])
    assert asked[0].model == "smart"
    assert asked[0].max_tokens == 50
    assert str(asked[0].messages[-1].content).startswith("<text>cat</text>")


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("nope", {}, 404, None),
        ("translation", {"variables": {"language": "German"}}, 400, "variables.text"),
        ("translation", {}, 400, "variables"),
        ("translation", {"variables": {"text": 5}}, 400, "variables[...]"),
        ("translation", {"variables": GOOD, "stream": True}, 400, "stream"),
        ("translation", {"variables": GOOD, "messages": [{"role": "wizard"}]}, 400, "messages[4].role"),
        ("translation", [], 400, None),
    ],
)
def test_what_is_wrong_is_told_and_no_model_is_asked(
    send: Send, asked: list[ChatRequest], path: str, body: Any, status: int, param: str | None
) -> None:
    answered, told, _ = send("POST", f"/v1/prompts/{path}", body)

    assert (answered, told["error"]["param"]) == (status, param)
    assert asked == []
