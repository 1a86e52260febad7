"""The streaming function as the Lambda Web Adapter calls it: answers, events, errors, hang-ups, what is logged."""

import io
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from lambdas.api import app as module
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.emitted import emitted
from tests.lambdas.fakes import client_error, converse_reply, stream_events

CONTEXT = events.load("chat_completion")["requestContext"]
HELLO = [{"role": "user", "content": "What is a quarry?"}]


def post(content: bytes | None = None, context: Any = CONTEXT, **fields: Any) -> Any:
    body = content if content is not None else json.dumps({"model": "fast", "messages": HELLO, **fields}).encode()
    headers = {b"x-amzn-request-context": json.dumps(context, ensure_ascii=False).encode()}
    return TestClient(module.app).post("/v1/chat/completions", content=body, headers=headers)


def sent(response: Any) -> list[Any]:
    """Return a stream's events, parsed; the last one is "[DONE]"."""
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def test_a_whole_answer_has_openais_shape(serve: Serve) -> None:
    serve(converse_reply())

    response = post()

    assert response.status_code == 200
    assert response.json()["choices"][0]["message"]["content"] == "An open pit."
    assert response.headers["x-request-id"] == CONTEXT["requestId"]
    assert response.headers["x-quarry-model"] == "amazon.nova-micro-v1:0"


def test_a_last_slash_is_as_if_it_were_not_there(serve: Serve) -> None:
    serve(converse_reply())

    body = json.dumps({"model": "fast", "messages": HELLO}).encode()
    headers = {"x-amzn-request-context": json.dumps(CONTEXT)}
    client = TestClient(module.app, follow_redirects=False)
    response = client.post("/v1/chat/completions/", content=body, headers=headers)

    assert response.status_code == 200
    assert response.json()["choices"][0]["message"]["content"] == "An open pit."


def test_a_stream_has_openais_events(serve: Serve) -> None:
    serve(stream_events("An ", "open pit."))

    response = post(stream=True, stream_options={"include_usage": True})

    told = sent(response)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in told[:-2]) == "An open pit."
    assert told[-2]["usage"]["total_tokens"] == 9
    assert told[-1] == "[DONE]"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            rb'{"model": "fast", "messages": [{"role": "user", "content": "Hi"}], "str\u0065am": true}',
        ),
        ("/v1/completions", rb'{"model": "fast", "prompt": "Hi", "\u0073tream": true}'),
        ("/v1/responses", rb'{"model": "fast", "input": "Hi", "strea\u006d": true}'),
        (
            "/v1/messages",
            rb'{"model": "fast", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}], "strea\u006D": true}',
        ),
    ],
)
def test_a_stream_may_be_asked_for_in_escapes(serve: Serve, path: str, body: bytes) -> None:
    # Who reads the body reads the name without them: a stream is opened, and has to be read and charged as one.
    desk = serve(stream_events("An ", "open pit."))

    headers = {"x-amzn-request-context": json.dumps(CONTEXT)}
    response = TestClient(module.app).post(path, content=body, headers=headers)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "open pit." in response.text
    assert [stream.closed for stream in desk.bedrock.streams] == [True]


def test_a_failure_in_mid_stream_ends_it_well_formed(serve: Serve) -> None:
    serve([*stream_events("An ")[:2], client_error("modelStreamErrorException")])

    told = sent(post(stream=True))

    assert told[1]["choices"][0]["delta"]["content"] == "An "
    assert set(told[-2]["error"]) == {"message", "type", "param", "code"}
    assert told[-1] == "[DONE]"


def test_an_intervention_in_mid_stream_is_its_reason(serve: Serve) -> None:
    serve(stream_events("Stopped.", stop_reason="guardrail_intervened"))

    assert sent(post(stream=True))[-2]["choices"][0]["finish_reason"] == "content_filter"


def test_a_stream_that_cannot_begin_is_an_error_with_its_status(serve: Serve) -> None:
    serve(client_error("ThrottlingException"))

    response = post(stream=True)

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert response.json()["error"]["type"] == "rate_limit_error"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, None),
        (b"", 400, None),
        (b"\xff", 400, None),
        (b'{"model": "gpt", "messages": [{"role": "user", "content": "x"}]}', 404, "model_not_found"),
        (b'{"model": "' + b"x" * 2000 + b'"}', 413, "request_too_large"),
    ],
)
def test_bad_input_is_refused_in_openais_shape(serve: Serve, content: bytes, status: int, code: str | None) -> None:
    made = serve(converse_reply())

    response = post(content)

    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    assert made.bedrock.calls == []


def test_the_unforeseen_shows_a_request_id_and_no_internals(serve: Serve, printed: io.StringIO) -> None:
    serve(RuntimeError("password=hunter2"))

    for stream in (False, True):
        response = post(stream=stream)
        assert response.status_code == 500
        assert CONTEXT["requestId"] in response.json()["error"]["message"]
        assert "hunter2" not in response.text

    assert "service.py" in printed.getvalue()
    assert "hunter2" not in printed.getvalue()


def test_without_a_caller_nothing_is_answered(serve: Serve) -> None:
    made = serve(converse_reply())

    assert post(context={"requestId": "r"}).status_code == 500
    assert made.bedrock.calls == []


def test_an_owners_name_may_be_anything(serve: Serve) -> None:
    serve(converse_reply())

    assert post(context={**CONTEXT, "authorizer": {"key_id": "key_1", "owner": "Jürgen 東京"}}).status_code == 200


def test_the_adapter_is_told_when_it_can_begin() -> None:
    assert TestClient(module.app).get("/ready").status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_neither_prompt_nor_completion_is_logged(
    serve: Serve, printed: io.StringIO, capsys: pytest.CaptureFixture[str], stream: bool
) -> None:
    serve(stream_events("The completion's own words.") if stream else converse_reply("The completion's own words."))

    post(messages=[{"role": "user", "content": "The prompt's own words."}], stream=stream)
    post(messages=[{"role": "user", "content": "The prompt's own words."}], temperature=9)

    assert "own words" not in printed.getvalue() + capsys.readouterr().out
    line = next(json.loads(line) for line in printed.getvalue().splitlines() if '"answered"' in line)
    assert line["correlation_id"] == CONTEXT["requestId"]
    assert (line["alias"], line["key_id"]) == ("fast", "key_0123456789ab")


@pytest.mark.parametrize(
    ("replies", "fields", "metric"),
    [
        ([converse_reply()], {}, "ChatAnswered"),
        ([stream_events("x")], {"stream": True}, "ChatAnswered"),
        ([converse_reply(stop_reason="guardrail_intervened")], {}, "ChatGuardrailIntervened"),
        ([client_error("ThrottlingException")], {}, "ChatThrottled"),
        ([client_error("AccessDeniedException")], {}, "ChatRefused"),
        ([*[client_error("ThrottlingException")] * 3, converse_reply()], {}, "ChatFellBack"),
    ],
)
def test_every_outcome_is_counted_once(
    serve: Serve, capsys: pytest.CaptureFixture[str], replies: list[Any], fields: dict[str, Any], metric: str
) -> None:
    serve(*replies)

    post(**fields)

    lines = emitted(capsys.readouterr().out)
    assert [line[metric] for line in lines if metric in line] == [[1.0]]


def test_a_fallback_is_one_line_in_the_log(serve: Serve, printed: io.StringIO) -> None:
    serve(*[client_error("ThrottlingException")] * 3, converse_reply())

    response = post()

    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    (line,) = [line for line in lines if line["message"] == "fallback"]
    assert (line["from_model"], line["to_model"]) == ("amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0")
    assert response.headers["x-quarry-model"] == "amazon.nova-lite-v1:0"
