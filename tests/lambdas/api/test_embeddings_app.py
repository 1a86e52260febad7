"""``POST /v1/embeddings`` as the streaming function answers it, whose answers may be longer than 6 MB."""

import json
import struct
from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from lambdas.allowances.ledger import Ledger
from lambdas.api import app as module
from lambdas.api import composition
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.test_handler import FakeEmbedder
from tests.lambdas.fakes import SETTINGS, client_error, converse_reply

CONTEXT = json.dumps(events.load("chat_completion")["requestContext"])


def embed(body: Any) -> tuple[int, dict[str, Any], Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"x-amzn-request-context": CONTEXT}
    response = TestClient(module.app).post("/v1/embeddings", content=content, headers=headers)
    return response.status_code, response.json(), response.headers


@pytest.fixture
def embedder(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> FakeEmbedder:
    serve(converse_reply())
    fake = FakeEmbedder()
    monkeypatch.setattr(composition, "runtime_client", lambda: fake)
    return fake


def test_texts_are_embedded_in_their_order(embedder: FakeEmbedder) -> None:
    status, body, _ = embed({"model": "embed", "input": ["a", "bb"], "dimensions": 256})

    assert status == 200
    assert [one["embedding"] for one in body["data"]] == [[1.0, 1.0], [2.0, 1.0]]
    assert body["usage"] == {"prompt_tokens": 6, "total_tokens": 6}
    assert {sent["dimensions"] for sent in embedder.bodies} == {256}


def test_vectors_that_cannot_be_charged_are_given_and_that_is_told(
    embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise client_error("AccessDeniedException")

    monkeypatch.setattr(Ledger, "settle", denied)

    status, body, headers = embed({"model": "embed", "input": "a"})

    assert (status, len(body["data"])) == (200, 1)
    assert headers["x-quarry-not-recorded"] == "charge=unavailable"


def test_why_texts_were_not_embedded_is_told_though_nothing_can_be_given_back(
    embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(**_: object) -> None:
        raise client_error("ThrottlingException")

    def denied(*_: object) -> None:
        raise client_error("AccessDeniedException")

    monkeypatch.setattr(embedder, "invoke_model", throttled)
    monkeypatch.setattr(Ledger, "release", denied)

    status, body, _ = embed({"model": "embed", "input": "a"})

    assert (status, body["error"]["code"]) == (429, "rate_limit_exceeded")


def test_vectors_come_as_base64_where_the_sdk_wants_them_so(embedder: FakeEmbedder) -> None:
    _, body, _ = embed({"model": "embed", "input": "abc", "encoding_format": "base64"})

    assert struct.unpack("<2f", b64decode(body["data"][0]["embedding"])) == (3.0, 1.0)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"model": "fast", "input": "x"}, 400, "model"),
        ({"model": "gpt", "input": "x"}, 404, "model"),
        ({"model": "embed", "input": []}, 400, "input"),
        ({"model": "embed", "input": ""}, 400, "input"),
        ({"model": "embed", "input": ["a", ""]}, 400, "input[1]"),
        ({"model": "embed", "input": [[1, 2]]}, 400, "input"),
        ({"model": "embed", "input": [1, 2]}, 400, "input"),
        ({"model": "embed", "input": "x", "dimensions": 7}, 400, "dimensions"),
        (b"{", 400, None),
        (b"", 400, None),
        ({"model": "embed", "input": "x" * 2000}, 413, None),
    ],
)
def test_bad_input_is_refused_in_openais_shape(
    embedder: FakeEmbedder, body: Any, status: int, param: str | None
) -> None:
    answered, told, _ = embed(body)

    assert (answered, told["error"]["param"]) == (status, param)
    assert embedder.bodies == []


def test_null_is_a_field_left_out_and_what_means_little_is_named(embedder: FakeEmbedder) -> None:
    asked = {"model": "embed", "input": ["a"], "encoding_format": None, "dimensions": None, "user": "Zoë|5", "seed": 1}

    status, body, headers = embed(asked)

    assert (status, body["model"], headers["x-quarry-dropped-parameters"]) == (200, "embed", "seed")
    assert "dimensions" not in embedder.bodies[0]


def test_strict_mode_refuses_what_is_not_in_the_reference(
    embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composition, "settings", lambda: replace(SETTINGS, strict=True))

    status, told, _ = embed({"model": "embed", "input": "a", "seed": 1})

    assert (status, told["error"]["param"], told["error"]["code"]) == (400, "seed", "unsupported_parameter")
    assert embedder.bodies == []
