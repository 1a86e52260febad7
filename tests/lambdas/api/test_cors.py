"""Pages of the listed origins can read every answer, whole, streamed or failed; other pages none."""

import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from lambdas.api import app, composition, cors
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.test_handler import call
from tests.lambdas.fakes import SETTINGS, converse_reply, stream_events

PAGE = "https://app.example"
LISTED = (PAGE, "http://localhost:3000")
CONTEXT = {"x-amzn-request-context": json.dumps(events.load("chat_completion")["requestContext"])}
CHAT = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def listed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Serve:
    def put(*replies: Any) -> Any:
        made = serve(*replies)
        monkeypatch.setattr(composition, "settings", lambda: replace(SETTINGS, cors_origins=LISTED))
        return made

    return put


@pytest.mark.parametrize("origin", LISTED)
@pytest.mark.parametrize("name", ["origin", "Origin", "ORIGIN"])
@pytest.mark.parametrize(("path", "status"), [("/v1/models", 200), ("/v1/nothing", 404), ("/v1/sessions/x", 404)])
def test_the_inference_function_lets_a_listed_page_read(
    listed: Serve, origin: str, name: str, path: str, status: int
) -> None:
    listed(converse_reply())

    answered, _, headers = call("GET", path, headers={name: origin})

    assert answered == status
    assert headers["Access-Control-Allow-Origin"] == [origin]
    assert "x-request-id" in headers["Access-Control-Expose-Headers"][0]
    assert headers["Vary"] == ["Origin"]
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{PAGE}.evil", PAGE.upper(), ""])
def test_another_page_reads_nothing(listed: Serve, origin: str) -> None:
    listed(converse_reply())

    _, _, headers = call("GET", "/v1/models", headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Vary"] == ["Origin"]


def test_where_none_is_listed_nothing_is_said(serve: Serve) -> None:
    serve(converse_reply())

    _, _, headers = call("GET", "/v1/models", headers={"Origin": PAGE})

    assert not {"Vary", "Access-Control-Allow-Origin"} & set(headers)


@pytest.mark.parametrize(
    ("reply", "body", "status"),
    [(converse_reply(), CHAT, 200), (stream_events("Hi"), CHAT | {"stream": True}, 200), (converse_reply(), {}, 400)],
    ids=["whole", "streamed", "failed"],
)
def test_the_streaming_function_lets_a_listed_page_read(listed: Serve, reply: Any, body: Any, status: int) -> None:
    listed(reply)

    response = TestClient(app.app).post("/v1/chat/completions", json=body, headers={**CONTEXT, "Origin": PAGE})

    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == PAGE
    assert "x-quarry-model" in response.headers["access-control-expose-headers"]


def test_every_header_of_an_operation_can_be_read() -> None:
    assert {"x-request-id", "Retry-After", "x-quarry-model", "x-ratelimit-remaining-tokens"} <= set(cors.EXPOSED)
