"""Answering: the alias, the guardrail, the retries."""

import json
from typing import Any

import pytest

from lambdas.common.errors import NotFoundError, RateLimitError, UpstreamError
from lambdas.inference.chat import parse
from lambdas.inference.service import ChatService
from tests.lambdas.inference.fakes import SETTINGS, FakeConverse, client_error, converse_reply


class Waits(list[float]):
    """Remembers the seconds instead of sleeping them."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def service(client: FakeConverse, waits: Waits | None = None) -> ChatService:
    return ChatService(settings=SETTINGS, client=client, sleep=waits if waits is not None else Waits())


def request(model: str = "fast") -> Any:
    return parse(json.dumps({"model": model, "messages": [{"role": "user", "content": "Hi"}]}).encode())


def test_the_alias_is_called_as_resolved_and_through_the_guardrail() -> None:
    client = FakeConverse(converse_reply())

    completion = service(client).complete(request("smart"))

    assert client.calls[0]["modelId"] == "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    assert client.calls[0]["guardrailConfig"] == {"guardrailIdentifier": "gr123", "guardrailVersion": "2"}
    assert completion.body["choices"][0]["message"]["content"] == "An open pit."
    assert completion.body["id"].startswith("chatcmpl-")


def test_an_unknown_alias_names_the_known_ones_and_calls_nothing() -> None:
    client = FakeConverse(converse_reply())

    with pytest.raises(NotFoundError, match="`fast`, `smart`") as refused:
        service(client).complete(request("gpt-4o"))

    assert refused.value.code == "model_not_found"
    assert client.calls == []


def test_an_intervention_is_an_answer() -> None:
    completion = service(FakeConverse(converse_reply("Stopped.", stop_reason="guardrail_intervened"))).complete(
        request()
    )

    assert completion.intervened
    assert completion.body["choices"][0]["finish_reason"] == "content_filter"
    assert completion.body["choices"][0]["message"]["content"] == "Stopped."


def test_throttling_is_tried_again_with_growing_waits() -> None:
    waits = Waits()
    client = FakeConverse(client_error("ThrottlingException"), client_error("ThrottlingException"), converse_reply())

    completion = service(client, waits).complete(request())

    assert completion.attempts == 3
    assert len(waits) == 2
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1


def test_attempts_are_bounded() -> None:
    client = FakeConverse(client_error("ThrottlingException"))

    with pytest.raises(RateLimitError):
        service(client).complete(request())

    assert len(client.calls) == SETTINGS.max_attempts


def test_what_cannot_get_better_is_not_tried_again() -> None:
    client = FakeConverse(client_error("SomethingElse"))

    with pytest.raises(UpstreamError):
        service(client).complete(request())

    assert len(client.calls) == 1


def test_models_are_the_aliases() -> None:
    models = service(FakeConverse(converse_reply())).models()

    assert [(model["id"], model["owned_by"]) for model in models["data"]] == [
        ("fast", "Amazon"),
        ("smart", "Anthropic"),
    ]
