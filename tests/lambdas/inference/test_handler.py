"""The function as API Gateway calls it: statuses, shapes, headers, and what is logged."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas.common.observability import logger, metrics
from lambdas.inference import handler
from lambdas.inference.listing import ModelList
from lambdas.inference.service import ChatService
from tests import events
from tests.lambdas.inference.fakes import SETTINGS, FakeConverse, client_error, converse_reply
from tests.lambdas.inference.test_listing import FakeParameters


@dataclass
class LambdaContext:
    """What Lambda hands to a handler."""

    function_name: str = "inference"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:inference"
    aws_request_id: str = "99999999-0000-0000-0000-000000000000"


READY = '{"checked_at": null, "aliases": {"fast": {"standing": "first", "verdict": "ready"}}}'
Serve = Callable[..., FakeConverse]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the logger writes, which holds on to the stream it was made with."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Put a Bedrock behind the handler that gives the replies it is told to."""

    def put(*replies: dict[str, Any] | Exception) -> FakeConverse:
        client = FakeConverse(*replies)
        made = ChatService(settings=SETTINGS, client=client, sleep=lambda _: None)
        monkeypatch.setattr(handler, "service", lambda: made)
        monkeypatch.setattr(handler, "settings", lambda: SETTINGS)
        listed = ModelList(settings=SETTINGS, client=lambda: FakeParameters(READY))
        monkeypatch.setattr(handler, "model_list", lambda: listed)
        return client

    yield put
    metrics.clear_metrics()


def call(event: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, list[str]]]:
    reply = handler.lambda_handler(event, LambdaContext())
    return reply["statusCode"], json.loads(reply["body"]), reply["multiValueHeaders"]


def chat_event(**fields: Any) -> dict[str, Any]:
    event = events.load("chat_completion")
    event["body"] = json.dumps({**json.loads(event["body"]), **fields})
    return event


def test_a_chat_request_is_answered_in_openais_shape(serve: Serve) -> None:
    serve(converse_reply())

    status, body, headers = call(events.load("chat_completion"))

    assert status == 200
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"] == {"role": "assistant", "content": "An open pit.", "refusal": None}
    assert body["usage"]["total_tokens"] == 11
    assert headers["x-request-id"] == ["11111111-2222-3333-4444-555555555555"]


def test_the_headers_say_who_answered_and_what_was_dropped(serve: Serve) -> None:
    serve(*[client_error("ThrottlingException")] * 3, converse_reply())

    _, body, headers = call(events.load("chat_completion"))
    _, _, others = call(chat_event(model="smart", temperature=0.5, top_p=0.5))

    assert body["model"] == "amazon.nova-lite-v1:0"
    assert headers["x-quarry-model"] == ["amazon.nova-lite-v1:0"]
    assert "x-quarry-dropped-parameters" not in headers
    assert others["x-quarry-dropped-parameters"] == ["top_p"]


def test_a_fallback_is_one_line_in_the_log_and_one_metric(
    serve: Serve, printed: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(*[client_error("ThrottlingException")] * 3, converse_reply())

    call(events.load("chat_completion"))

    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    (line,) = [line for line in lines if line["message"] == "fallback"]
    assert (line["from_model"], line["to_model"], line["reason"]) == (
        "amazon.nova-micro-v1:0",
        "amazon.nova-lite-v1:0",
        "ThrottlingException",
    )
    emitted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [record["ChatFellBack"] for record in emitted] == [[1.0]]


def test_a_base64_body_is_read_too(serve: Serve) -> None:
    serve(converse_reply())
    event = events.load("chat_completion")
    event |= {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}

    assert call(event)[0] == 200


def test_models_are_listed(serve: Serve) -> None:
    serve(converse_reply())
    event = events.load("chat_completion") | {"httpMethod": "GET", "path": "/v1/models", "body": None}

    status, body, _ = call(event)

    assert (status, [model["id"] for model in body["data"]]) == (200, ["embed", "fast", "smart"])
    assert body["data"][1]["quarry"]["verdict"] == "ready"


@pytest.mark.parametrize(
    ("event", "status", "code", "param"),
    [
        (chat_event(model="gpt-4o"), 404, "model_not_found", "model"),
        (chat_event(temperature=9), 400, None, "temperature"),
        (chat_event(messages=[]), 400, None, "messages"),
        (chat_event(messages=[{"role": "user", "content": "x" * 2000}]), 413, "request_too_large", None),
        (events.load("chat_completion") | {"body": "{"}, 400, None, None),
        (events.load("chat_completion") | {"body": None}, 400, None, None),
        (events.load("chat_completion") | {"body": "\ud800"}, 400, None, None),
        (events.load("chat_completion") | {"path": "/v1/nothing"}, 404, "unknown_url", None),
    ],
)
def test_bad_input_is_refused_in_openais_shape(
    serve: Serve, event: dict[str, Any], status: int, code: str | None, param: str | None
) -> None:
    client = serve(converse_reply())

    answered, body, _ = call(event)

    assert answered == status
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert (body["error"]["code"], body["error"]["param"]) == (code, param)
    assert client.calls == []


def test_throttling_says_when_to_come_back(serve: Serve) -> None:
    serve(client_error("ThrottlingException"))

    status, body, headers = call(events.load("chat_completion"))

    assert status == 429
    assert body["error"]["type"] == "rate_limit_error"
    assert int(headers["Retry-After"][0]) > 0


def test_the_unforeseen_shows_a_request_id_and_no_internals(serve: Serve, printed: io.StringIO) -> None:
    serve(RuntimeError("password=hunter2"))

    status, body, _ = call(events.load("chat_completion"))

    assert status == 500
    assert "11111111-2222-3333-4444-555555555555" in body["error"]["message"]
    assert "hunter2" not in json.dumps(body)
    assert "unforeseen error" in printed.getvalue()
    assert "service.py" in printed.getvalue()
    assert "hunter2" not in printed.getvalue()


def test_neither_prompt_nor_completion_is_logged(
    serve: Serve, printed: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(converse_reply("The completion's own words."))

    call(chat_event(messages=[{"role": "user", "content": "The prompt's own words."}]))
    call(chat_event(messages=[{"role": "user", "content": "The prompt's own words."}], temperature=9))

    assert "own words" not in printed.getvalue() + capsys.readouterr().out
    line = next(json.loads(line) for line in printed.getvalue().splitlines() if '"answered"' in line)
    assert line["correlation_id"] == "11111111-2222-3333-4444-555555555555"
    assert (line["alias"], line["key_id"], line["usage"]["total_tokens"]) == ("fast", "key_0123456789ab", 11)


@pytest.mark.parametrize(
    ("reply", "metric"),
    [
        (converse_reply(), "ChatAnswered"),
        (converse_reply(stop_reason="guardrail_intervened"), "ChatGuardrailIntervened"),
        (client_error("ThrottlingException"), "ChatThrottled"),
        (client_error("AccessDeniedException"), "ChatRefused"),
    ],
)
def test_every_outcome_is_counted(
    serve: Serve, capsys: pytest.CaptureFixture[str], reply: dict[str, Any] | Exception, metric: str
) -> None:
    serve(reply)

    call(events.load("chat_completion"))

    emitted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [record[metric] for record in emitted] == [[1.0]]


def test_settings_and_client_are_made_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.to_env().items():
        monkeypatch.setenv(name, value)
    for made in (handler.settings, handler.service, handler.model_list):
        made.cache_clear()

    assert handler.settings() == SETTINGS
    assert handler.service() is handler.service()
    assert handler.model_list() is handler.model_list()

    for made in (handler.settings, handler.service, handler.model_list):
        made.cache_clear()


def test_the_access_checks_question_is_answered_without_the_api(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    client = serve(converse_reply())
    monkeypatch.setattr("lambdas.common.aws.client", lambda *_, **__: client)

    (answer,) = handler.lambda_handler({"quarry": "probe", "model_ids": ["m"]}, LambdaContext())

    assert answer["ok"] is True
    assert client.calls[0]["guardrailConfig"]["guardrailIdentifier"] == "gr123"
