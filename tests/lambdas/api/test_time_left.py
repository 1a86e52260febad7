"""Every route's answer is over before its function is: who is asked is told by when."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from lambdas.api import app as streaming
from lambdas.api import composition, handler, time_left
from lambdas.api.settings import ENDING_SECONDS
from lambdas.common.deadline import Deadline
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.test_handler import FakeEmbedder, LambdaContext
from tests.lambdas.fakes import SETTINGS, converse_reply, stream_events
from tests.lambdas.stores import Desk

EVENT = events.load("chat_completion")
MESSAGES = [{"role": "user", "content": "Which class?"}]
# Less than the settings say that a function may run, more than any test takes.
LEFT = 22.0


class HurriedContext(LambdaContext):
    """Lambda's, of a function whose time is nearly up."""

    def get_remaining_time_in_millis(self) -> int:
        return int((LEFT + ENDING_SECONDS) * 1000)


def streamed(path: str, body: Any) -> str:
    """Ask the function behind the adapter, which hands on when it ends."""
    ends_at = int((time.time() + LEFT + ENDING_SECONDS) * 1000)
    headers = {
        "x-amzn-request-context": json.dumps(EVENT["requestContext"]),
        "x-amzn-lambda-context": json.dumps({"request_id": "r", "deadline": ends_at, "identity": None}),
    }
    response = TestClient(streaming.app).post(path, json=body, headers=headers)
    assert response.status_code == 200, response.text
    return response.text


def proxied(path: str, body: Any) -> str:
    """Ask the function behind the proxy integration."""
    reply = handler.lambda_handler(
        EVENT | {"httpMethod": "POST", "path": path, "body": json.dumps(body)}, HurriedContext()
    )
    assert reply["statusCode"] == 200, reply["body"]
    return str(reply["body"])


def hurried(deadlines: list[Deadline]) -> bool:
    """Return whether all of them, and there are some, are the function's and not later."""
    return bool(deadlines) and all(LEFT / 2 < deadline.left <= LEFT for deadline in deadlines)


@pytest.mark.parametrize(
    ("ask", "path", "body"),
    [
        (streamed, "/v1/chat/completions", {"model": "fast", "messages": MESSAGES}),
        (streamed, "/v1/chat/completions", {"model": "fast", "messages": MESSAGES, "stream": True}),
        (streamed, "/v1/knowledge/query", {"question": "Which class?"}),
        (streamed, "/v1/knowledge/query", {"question": "Which class?", "stream": True}),
        (proxied, "/v1/compare", {"models": ["fast", "smart"], "messages": MESSAGES}),
        (proxied, "/v1/prompts/greeting", {"variables": {"name": "Ann"}}),
    ],
)
def test_models_and_documents_are_asked_until_the_functions_time_is_nearly_up(
    serve: Serve, ask: Callable[[str, Any], str], path: str, body: dict[str, Any]
) -> None:
    made: Desk = serve(stream_events("Second.") if body.get("stream") else converse_reply("Second."))

    ask(path, body)

    assert hurried(made.bedrock.deadlines)
    assert hurried(made.documents.deadlines) is ("question" in body)


def test_so_are_searches(serve: Serve) -> None:
    made = serve(converse_reply())

    proxied("/v1/knowledge/retrieve", {"query": "Which class?"})

    assert hurried(made.documents.deadlines)


def test_so_are_embeddings(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(converse_reply())
    embedder = FakeEmbedder()
    monkeypatch.setattr(composition, "runtime_client", lambda: embedder)

    streamed("/v1/embeddings", {"model": "embed", "input": "x"})

    assert hurried(embedder.deadlines)


def test_a_stream_that_is_out_of_time_says_so_and_ends(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(stream_events("An ", "open ", "pit."))
    monkeypatch.setattr(time_left, "ENDING_SECONDS", LEFT + ENDING_SECONDS)

    *_, failed, done = streamed("/v1/chat/completions", {"model": "fast", "messages": MESSAGES, "stream": True}).split(
        "\n\n"
    )[:-1]

    assert json.loads(failed.removeprefix("data: "))["error"]["code"] == "upstream_timeout"
    assert done == "data: [DONE]"


MOST = SETTINGS.call_seconds - ENDING_SECONDS


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "settings", lambda: SETTINGS)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("context", ["{}", '{"request_id": "r"}'])
def test_a_function_that_was_not_told_has_the_time_that_it_was_given(context: str) -> None:
    assert MOST / 2 < time_left.of_header({}, context).left <= MOST


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(("ago", "less"), [(0.0, 0.0), (9.0, 9.0), (60.0, 60.0), (-9.0, 0.0)])
def test_an_answer_is_over_before_api_gateway_is_though_an_instance_had_to_start_first(ago: float, less: float) -> None:
    context = {"requestTimeEpoch": int((time.time() - ago) * 1000)}

    left = time_left.of(context, function_milliseconds=SETTINGS.call_seconds * 1000).left

    # Less what this test took, which is not much.
    assert MOST - less - MOST / 2 < left <= MOST - less + 0.001
