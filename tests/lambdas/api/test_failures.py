"""What becomes of a request that fails: the metrics, the log, and what the caller is told, in both functions."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from starlette.testclient import TestClient

from configuration.environment_file import PROJECT
from lambdas.api import app, composition, http
from lambdas.api.call import Answer
from lambdas.common.errors import InternalError
from lambdas.common.observability import metrics
from lambdas.sessions.session import new_session_id
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.test_handler import call
from tests.lambdas.emitted import emitted
from tests.lambdas.fakes import client_error, converse_reply

CONTEXT = events.load("chat_completion")["requestContext"]
GREETING = ("POST", "/v1/prompts/greeting", {"variables": {"name": "Ann"}})
# One of its aliases is none.
COMPARISON = ("POST", "/v1/compare", {"models": ["fast", "nope"], "messages": [{"role": "user", "content": "Hi"}]})


def counted(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Return the metrics that were emitted, without those of answers."""
    lines = emitted(capsys.readouterr().out)
    values = {name: value[0] for line in lines for name, value in line.items() if isinstance(value, list)}
    return {name: value for name, value in values.items() if "Tokens" not in name and name != "ChatAnswered"}


@pytest.mark.parametrize(
    ("reply", "request_", "status", "refused"),
    [
        (converse_reply(), GREETING, 200, {}),
        (converse_reply(), ("GET", "/v1/models", None), 200, {}),
        (client_error("ThrottlingException"), GREETING, 429, {"ChatThrottled": 1}),
        (client_error("AccessDeniedException"), GREETING, 403, {"ChatRefused": 1}),
        (converse_reply(), ("GET", "/v1/sessions/x", None), 404, {"ChatRefused": 1}),
        (converse_reply(), ("POST", "/v1/compare", {}), 400, {"ChatRefused": 1}),
        (converse_reply(), COMPARISON, 200, {"ChatRefused": 1}),
        (client_error("ThrottlingException"), COMPARISON, 200, {"ChatThrottled": 1, "ChatRefused": 1}),
        (converse_reply(), ("POST", "/v1/compare", {"model": "x" * 2000}), 413, {"ChatRefused": 1}),
        (converse_reply(), ("GET", "/v1/nothing", None), 404, {"ChatRefused": 1}),
        (RuntimeError("x"), GREETING, 500, {}),
    ],
)
def test_the_inference_function_counts_its_refusals(
    serve: Serve,
    capsys: pytest.CaptureFixture[str],
    reply: Any,
    request_: tuple[str, str, Any],
    status: int,
    refused: dict[str, float],
) -> None:
    serve(reply)

    assert call(*request_)[0] == status

    assert counted(capsys) == {"Requests": 1, **refused}


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (ReadTimeoutError(endpoint_url="https://aws.test"), (504, "upstream_timeout")),
        (ConnectTimeoutError(endpoint_url="https://aws.test"), (504, "upstream_timeout")),
        (EndpointConnectionError(endpoint_url="https://aws.test"), (502, "upstream_error")),
        (ConnectionClosedError(endpoint_url="https://aws.test"), (502, "upstream_error")),
        (ResponseStreamingError(error="cut"), (502, "upstream_error")),
        (NoCredentialsError(), (500, "internal_error")),
    ],
)
def test_what_breaks_on_the_way_to_a_table_is_told_as_on_the_way_to_a_model(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, printed: io.StringIO, failure: Exception, told: tuple[int, str]
) -> None:
    made = serve(converse_reply())

    def breaks(*_: object) -> None:
        raise failure

    monkeypatch.setattr(made.sessions, "get", breaks)

    status, body, _ = call("GET", f"/v1/sessions/{new_session_id(0)}")

    assert (status, body["error"]["code"]) == told
    assert type(failure).__name__ in printed.getvalue()


def test_only_one_module_records_what_nobody_foresaw() -> None:
    routes = (PROJECT / "lambdas" / "api").rglob("*.py")

    assert [path.name for path in routes if "import recorded" in path.read_text("utf-8")] == ["failures.py"]


def test_a_refusal_is_one_line_in_the_log(serve: Serve, printed: io.StringIO) -> None:
    serve(converse_reply())

    call("POST", "/v1/prompts/greeting", {"variables": {"name": "Ann"}, "model": "gpt"})

    (line,) = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert (line["message"], line["status"], line["code"], line["param"]) == (
        "refused",
        404,
        "model_not_found",
        "model",
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/nothing"), ("PUT", "/v1/prompts/greeting/more"), ("PUT", "/v1"), ("GET", "/v1//models")],
)
def test_an_unknown_url_has_the_one_error_shape(serve: Serve, method: str, path: str) -> None:
    serve(converse_reply())

    status, body, headers = call(method, path)

    assert (status, body["error"]["code"]) == (404, "unknown_url")
    assert body["error"]["message"].startswith(f"There is no {method} {path} here: GET /openapi.json has every route.")
    assert headers["x-request-id"] == [CONTEXT["requestId"]]


@pytest.mark.parametrize("path", ["/v1/nothing/\ud800", "/v1/prompts/\udfff", "/v1/sessions/\ud800"])
def test_a_path_that_utf_8_has_not_is_refused_like_any_other(serve: Serve, path: str) -> None:
    serve(converse_reply())

    status, body, _ = call("GET", path)

    assert status == 404
    assert body["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/nothing"), ("GET", "/v1//chat/completions"), ("GET", "/ready/")],
)
def test_it_has_so_in_the_streaming_function_too(
    serve: Serve, capsys: pytest.CaptureFixture[str], method: str, path: str
) -> None:
    serve(converse_reply())

    response = TestClient(app.app).request(method, path, headers={"x-amzn-request-context": json.dumps(CONTEXT)})

    assert (response.status_code, response.json()["error"]["code"]) == (404, "unknown_url")
    assert response.json()["error"]["message"].startswith(f"There is no {method} {path} here: GET /openapi.json has")
    assert response.headers["x-request-id"] == CONTEXT["requestId"]
    assert counted(capsys) == {"Requests": 1, "ChatRefused": 1}


def test_what_json_cannot_hold_is_an_error_in_the_one_shape(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, printed: io.StringIO
) -> None:
    serve(converse_reply())
    answer: Answer[dict[str, Any]] = Answer(body={"text": "\ud800"})
    monkeypatch.setattr("lambdas.api.routes.prompts.complete", lambda *_: answer)

    status, body, _ = call(*GREETING)

    assert (status, body["error"]["code"]) == (500, InternalError.default_code)
    assert "unforeseen error" in printed.getvalue()


def test_without_settings_the_function_says_so_as_of_anything_unforeseen(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise RuntimeError("secret=1")

    monkeypatch.setattr(composition, "settings", broken)

    status, body, _ = call("POST", "/v1/sessions", {"system": "x"})

    assert (status, "secret" in json.dumps(body)) == (500, False)


def test_a_reply_has_the_headers_that_go_with_its_error() -> None:
    reply = http.failed(InternalError("No.", retry_after=3), request_id="r")
    metrics.clear_metrics()

    assert (reply.status, reply.headers) == (500, {"x-request-id": "r", "Retry-After": "3"})
    assert json.loads(reply.content) == InternalError("No.").to_body()


METHODS = [
    ("PUT", "/v1/prompts/greeting", "GET, POST"),
    ("PATCH", "/v1/sessions", "GET, POST"),
    ("POST", "/v1/sessions/s-1/", "DELETE, GET"),
    ("DELETE", "/v1/models", "GET"),
]


@pytest.mark.parametrize(("method", "path", "allowed"), METHODS)
def test_another_method_of_a_path_is_told_those_that_there_are(
    serve: Serve, method: str, path: str, allowed: str
) -> None:
    serve(converse_reply())

    status, body, headers = call(method, path)

    assert (status, body["error"]["code"], headers["Allow"]) == (405, "method_not_allowed", [allowed])
    assert allowed.replace(", ", " and ") in body["error"]["message"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/chat/completions"), ("PUT", "/v1/chat/completions/")])
def test_it_is_so_in_the_streaming_function_too(serve: Serve, method: str, path: str) -> None:
    serve(converse_reply())

    response = TestClient(app.app).request(method, path, headers={"x-amzn-request-context": json.dumps(CONTEXT)})

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json()["error"]["code"] == "method_not_allowed"
