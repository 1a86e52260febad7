"""The function behind API Gateway's proxy integration: its routes, their errors, and the access check's question."""

import io
import json
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lambdas.api import composition, handler
from lambdas.api.composition import knowledge
from lambdas.common.deadline import Deadline
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.emitted import emitted
from tests.lambdas.fakes import SETTINGS, client_error, converse_reply


@dataclass
class LambdaContext:
    """What Lambda hands to a handler."""

    function_name: str = "inference"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:inference"
    aws_request_id: str = "99999999-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 28_000


class FakeEmbedder:
    """A Titan that embeds a text as [its length, 1.0]."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.deadlines: list[Deadline] = []

    def until(self, deadline: Deadline) -> "FakeEmbedder":
        self.deadlines.append(deadline)
        return self

    def invoke_model(self, **kwargs: Any) -> dict[str, Any]:
        body = json.loads(kwargs["body"])
        self.bodies.append(body)
        reply = {"embedding": [float(len(body["inputText"])), 1.0], "inputTextTokenCount": 3}
        return {"body": io.BytesIO(json.dumps(reply).encode())}


def call(method: str, path: str, body: Any = None, **changes: Any) -> tuple[int, dict[str, Any], dict[str, Any]]:
    event = events.load("chat_completion") | {"httpMethod": method, "path": path}
    event |= {"body": body if body is None or isinstance(body, str) else json.dumps(body), **changes}
    reply = handler.lambda_handler(event, LambdaContext())
    return reply["statusCode"], json.loads(reply["body"] or "{}"), reply["multiValueHeaders"]


def test_models_are_listed(serve: Serve) -> None:
    serve(converse_reply())

    status, body, headers = call("GET", "/v1/models")

    assert (status, [model["id"] for model in body["data"]]) == (200, ["embed", "fast", "smart"])
    assert body["data"][1]["quarry"]["verdict"] == "ready"
    assert headers["x-request-id"] == ["11111111-2222-3333-4444-555555555555"]


@pytest.mark.parametrize("alias", ["fast", "smart", "embed"])
def test_one_model_is_told_as_in_the_list(serve: Serve, alias: str) -> None:
    serve(converse_reply())

    status, body, _ = call("GET", f"/v1/models/{alias}")

    assert (status, body["id"], body["object"]) == (200, alias, "model")
    assert body in call("GET", "/v1/models")[1]["data"]


@pytest.mark.parametrize("unknown", ["gpt-4o", "amazon.nova-micro-v1:0", "FAST", "%20"])
def test_a_model_that_there_is_not_is_told_with_those_that_there_are(serve: Serve, unknown: str) -> None:
    serve(converse_reply())

    status, body, _ = call("GET", f"/v1/models/{unknown}")

    assert (status, body["error"]["code"]) == (404, "model_not_found")
    assert "`embed`, `fast`, `smart`" in body["error"]["message"]


ANTHROPICS = {"Anthropic-Version": "2023-06-01", "x-api-key": "qk-1"}


def test_anthropics_clients_are_told_models_as_their_api_tells_them(serve: Serve) -> None:
    serve(converse_reply())

    status, body, headers = call("GET", "/v1/models", headers=ANTHROPICS)
    _, one, _ = call("GET", "/v1/models/fast", headers=ANTHROPICS)

    assert (status, [model["id"] for model in body["data"]]) == (200, ["fast", "smart"])
    assert (body["first_id"], body["last_id"], body["has_more"]) == ("fast", "smart", False)
    assert one == body["data"][0]
    assert one["type"] == "model"
    assert headers["request-id"] == headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "headers", "status", "kind"),
    [
        ("/v1/models/gpt-4o", ANTHROPICS, 404, "not_found_error"),
        ("/v1/models", {"anthropic-version": "yesterday"}, 400, "invalid_request_error"),
        ("/v1/models/fast", {"anthropic-version": "2022-01-01"}, 400, "invalid_request_error"),
    ],
)
def test_anthropics_clients_are_told_errors_of_models_in_their_shape(
    serve: Serve, path: str, headers: dict[str, str], status: int, kind: str
) -> None:
    serve(converse_reply())

    told, body, answered = call("GET", path, headers=headers)

    assert (told, body["type"], body["error"]["type"]) == (status, "error", kind)
    assert answered["request-id"] == [body["request_id"]]


def test_other_clients_are_told_no_header_of_anthropics(serve: Serve) -> None:
    serve(converse_reply())

    assert "request-id" not in call("GET", "/v1/models")[2]


def test_requests_are_counted_apart_from_other_environments(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    serve(converse_reply())

    call("GET", "/v1/models")
    call("GET", "/v1/models")

    assert [line["Requests"] for line in emitted(capsys.readouterr().out)] == [[1.0], [1.0]]


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("/v1/compare", {"models": ["fast"], "messages": []}, 400, "models"),
        ("/v1/compare", {"models": ["fast", "smart"], "messages": []}, 400, "messages"),
        ("/v1/compare", {"models": ["fast", "smart"], "model": "fast"}, 400, "model"),
        ("/v1/compare", {"models": ["fast", "smart"], "stream": True}, 400, "stream"),
        ("/v1/compare", "[]", 400, None),
        ("/v1/prompts/nope", {"variables": {}}, 404, None),
        ("/v1/prompts/greeting", {"variables": {}}, 400, "variables"),
        ("/v1/knowledge/retrieve", {"query": " "}, 400, "query"),
        ("/v1/knowledge/retrieve", {"query": "x", "filter": {"colour": "red"}}, 400, "filter.colour"),
        ("/v1/knowledge/retrieve", "[", 400, None),
        ("/v1/nothing", {}, 404, None),
    ],
)
def test_bad_input_is_refused_in_openais_shape(
    serve: Serve, path: str, body: Any, status: int, param: str | None
) -> None:
    made = serve(converse_reply())

    answered, told, _ = call("POST", path, body)

    assert answered == status
    assert set(told["error"]) == {"message", "type", "param", "code"}
    assert param is None or str(told["error"]["param"]).startswith(param)
    assert made.bedrock.calls == []


def test_aliases_are_compared_side_by_side_and_one_may_fail(serve: Serve) -> None:
    serve(converse_reply())

    status, body, _ = call(
        "POST", "/v1/compare", {"models": ["fast", "nope"], "messages": [{"role": "user", "content": "Hi"}]}
    )

    first, second = body["data"]
    assert status == 200
    assert (first["model"], first["completion"]["choices"][0]["message"]["content"]) == ("fast", "An open pit.")
    assert first["micro_dollars"] == 1
    assert first["latency_ms"] >= 0
    assert second["error"]["code"] == "model_not_found"


def test_passages_are_found(serve: Serve) -> None:
    serve(converse_reply())

    status, body, headers = call("POST", "/v1/knowledge/retrieve", {"query": "Which class?", "results": 3})

    assert (status, body["object"]) == (200, "list")
    assert [one["document"] for one in body["data"]] == ["travel.md", "hr/leave.md", "menu.md"]
    assert headers["x-request-id"] == ["11111111-2222-3333-4444-555555555555"]


def test_a_platform_without_documents_says_how_to_get_some(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(converse_reply())
    without = replace(SETTINGS, knowledge=None)
    monkeypatch.setattr(composition, "settings", lambda: without)
    monkeypatch.setattr(composition, "knowledge", knowledge)

    status, body, _ = call("POST", "/v1/knowledge/retrieve", {"query": "Which class?"})

    assert (status, body["error"]["code"]) == (404, "knowledge_not_configured")
    assert "`knowledge`" in body["error"]["message"]


def test_a_session_is_made_read_listed_and_deleted(serve: Serve) -> None:
    serve(converse_reply())

    made = call("POST", "/v1/sessions", {"system": "Be brief."})[1]
    listed = call("GET", "/v1/sessions")[1]
    read = call("GET", f"/v1/sessions/{made['id']}")
    deleted = call("DELETE", f"/v1/sessions/{made['id']}")[0]

    assert [session["id"] for session in listed["data"]] == [made["id"]]
    assert read[0] == 200
    assert deleted == 200
    assert call("GET", f"/v1/sessions/{made['id']}")[0] == 404


def test_a_prompt_is_filled_in_and_answered(serve: Serve) -> None:
    made = serve(converse_reply())

    status, body, headers = call("POST", "/v1/prompts/greeting", {"variables": {"name": "Ann"}})

    assert (status, body["object"]) == (200, "chat.completion")
    assert "Ann" in made.bedrock.calls[0]["messages"][0]["content"][0]["text"]
    assert headers["x-quarry-prompt"] == ["greeting@01234567"]
    assert headers["x-quarry-model"] == ["amazon.nova-micro-v1:0"]


def test_usage_is_told(serve: Serve) -> None:
    serve(converse_reply())
    call("POST", "/v1/prompts/greeting", {"variables": {"name": "Ann"}})

    status, body, _ = call("GET", "/v1/usage")

    assert status == 200
    assert body["total"]["micro_dollars"] == 1


def test_a_base64_body_is_read_too(serve: Serve) -> None:
    serve(converse_reply())
    body = b64encode(b'{"variables": {"name": "Ann"}}').decode()

    assert call("POST", "/v1/prompts/greeting", body, isBase64Encoded=True)[0] == 200


def test_the_unforeseen_shows_a_request_id_and_no_internals(serve: Serve) -> None:
    serve(RuntimeError("password=hunter2"))

    status, body, _ = call("POST", "/v1/prompts/greeting", {"variables": {"name": "Ann"}})

    assert status == 500
    assert "11111111-2222-3333-4444-555555555555" in body["error"]["message"]
    assert "hunter2" not in json.dumps(body)


def test_throttling_says_when_to_come_back(serve: Serve) -> None:
    serve(client_error("ThrottlingException"))

    status, _, headers = call("POST", "/v1/prompts/greeting", {"variables": {"name": "Ann"}})

    assert status == 429
    assert int(headers["Retry-After"][0]) > 0


def test_the_access_checks_question_is_answered_without_the_api(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    made = serve(converse_reply())
    monkeypatch.setattr("lambdas.common.aws.client", lambda *_, **__: made.bedrock)

    (answer,) = handler.lambda_handler({"quarry": "probe", "model_ids": ["m"]}, LambdaContext())

    assert answer["ok"] is True
    assert made.bedrock.calls[0]["guardrailConfig"]["guardrailIdentifier"] == "gr123"


def test_everything_is_made_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.to_env().items():
        monkeypatch.setenv(name, value)
    makers = [
        composition.settings,
        composition.aliases,
        composition.service,
        composition.runtime_client,
        composition.ledger,
        composition.session_store,
        composition.exchanges,
        composition.knowledge,
        composition.model_listing,
    ]
    for make in makers:
        make.cache_clear()

    assert composition.settings() == SETTINGS
    assert all(make() is make() for make in makers)
    # Nothing is looked up where nothing is tuned: there is no such source.
    assert composition.aliases()._source() is composition.settings().aliases
    client: Any = composition.knowledge().retriever._client()
    assert client.meta.service_model.service_name == "bedrock-agent-runtime"
    assert composition.knowledge().retriever._client() is client

    for make in makers:
        make.cache_clear()
