"""``/v1/prompts`` as API Gateway calls it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.api.http import answer_errors, json_response
from lambdas.api.routes.prompts import prompt_routes
from lambdas.chat.request import ChatRequest
from tests import events
from tests.lambdas.prompts.examples import TOOLS, TRANSLATION

GOOD = {"text": "cat", "language": "German"}
Call = Callable[..., dict[str, Any]]


@pytest.fixture
def asked() -> list[ChatRequest]:
    """The chat requests that reached the model."""
    return []


@pytest.fixture
def api(asked: list[ChatRequest]) -> Call:
    """Return the reply of an API that has nothing but the prompts' routes."""
    app = APIGatewayRestResolver()
    answer_errors(app)

    def complete(request: ChatRequest) -> Response[str]:
        asked.append(request)
        return json_response({"object": "chat.completion"}, request_id="r")

    app.include_router(
        prompt_routes(
            prompts=lambda: {prompt.name: prompt for prompt in (TRANSLATION, TOOLS)},
            read_body=lambda: (app.current_event.decoded_body or "").encode(),
            complete=complete,
        )
    )

    def send(method: str, path: str, body: Any = None) -> dict[str, Any]:
        event = events.load("chat_completion") | {"httpMethod": method, "path": path, "body": json.dumps(body)}
        reply: dict[str, Any] = app.resolve(event, LambdaContext())
        return reply | {"body": json.loads(reply["body"])}

    return send


def test_prompts_are_listed_by_name(api: Call) -> None:
    data = api("GET", "/v1/prompts")["body"]["data"]

    assert [prompt["name"] for prompt in data] == ["translation", "weather"]
    assert data[0]["variables"][1] == {
        "name": "language",
        "description": "Into what",
        "max_length": 10,
        "required": True,
    }


def test_one_prompt_is_shown_with_all_that_is_sent(api: Call) -> None:
    shown = api("GET", "/v1/prompts/translation")["body"]

    assert (shown["version"], shown["model"], shown["system"]) == ("0a1b2c3d", "fast", "You translate.\n")
    assert shown["examples"][0]["assistant"] == "chien"
    assert shown["inference"] == {"temperature": 0.2, "max_tokens": 50, "stop": ["END"]}


def test_a_prompt_is_filled_in_and_answered(api: Call, asked: list[ChatRequest]) -> None:
    reply = api("POST", "/v1/prompts/translation", {"variables": GOOD, "model": "smart"})

    assert (reply["statusCode"], reply["body"]) == (200, {"object": "chat.completion"})
    assert reply["multiValueHeaders"]["x-quarry-prompt"] == ["translation@0a1b2c3d"]
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
    api: Call, asked: list[ChatRequest], path: str, body: Any, status: int, param: str | None
) -> None:
    reply = api("POST", f"/v1/prompts/{path}", body)

    assert (reply["statusCode"], reply["body"]["error"]["param"]) == (status, param)
    assert asked == []
