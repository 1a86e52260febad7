"""The probe: one small call per model, at the same time, within bounds; a refusal is a result."""

import threading
from collections.abc import Collection
from concurrent.futures import Future, as_completed, wait
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from lambdas.common import aws
from lambdas.model_access import probe as probe_module
from lambdas.model_access.probe import DEADLINE_SECONDS, MARGIN_SECONDS, answer, asked, probe
from tests.lambdas.fakes import SETTINGS, FakeConverse, client_error, converse_reply
from tests.waiting import PATIENCE


def test_each_model_is_called_once_with_one_token_and_the_guardrail() -> None:
    client = FakeConverse(converse_reply())
    guardrail = {"guardrailIdentifier": "g", "guardrailVersion": "1"}

    outcomes = probe(client, ["a", "b", "a"], guardrail=guardrail)

    assert outcomes == [{"model_id": id_, "ok": True, "code": "", "message": ""} for id_ in ("a", "b")]
    assert sorted(call["modelId"] for call in client.calls) == ["a", "b"]
    for call in client.calls:
        assert call["inferenceConfig"] == {"maxTokens": 1}
        assert call["guardrailConfig"] == guardrail


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (client_error("AccessDeniedException", "no"), "AccessDeniedException", "no"),
        (client_error("ValidationException", "Operation not allowed"), "ValidationException", "Operation not allowed"),
        (ReadTimeoutError(endpoint_url="http://x"), "ReadTimeoutError", "http://x"),
    ],
)
def test_a_refusal_is_reported(error: Exception, code: str, message: str) -> None:
    client = FakeConverse(error)

    (outcome,) = probe(client, ["a"])

    assert (outcome["ok"], outcome["code"]) == (False, code)
    assert message in outcome["message"]
    assert len(client.calls) == 1


def test_a_family_that_wants_more_tokens_gets_them() -> None:
    client = FakeConverse(client_error("ValidationException", "max_tokens must be at least 16"), converse_reply())

    (outcome,) = probe(client, ["a"])

    assert outcome["ok"]
    assert [call["inferenceConfig"]["maxTokens"] for call in client.calls] == [1, 16]


def test_a_family_that_refuses_both_is_reported() -> None:
    (outcome,) = probe(FakeConverse(client_error("ValidationException", "token trouble")), ["a"])

    assert outcome["message"] == "token trouble"


def test_a_model_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def until_all_others_answered(calls: Collection[Future[Any]], timeout: float) -> None:
        for _, done in zip(range(len(calls) - 1), as_completed(calls), strict=False):
            done.result()
        wait(calls, timeout)

    monkeypatch.setattr(probe_module, "wait", until_all_others_answered)

    class Hanging(FakeConverse):
        def converse(self, **kwargs: Any) -> dict[str, Any]:
            if kwargs["modelId"] == "slow":
                release.wait(PATIENCE)
            return super().converse(**kwargs)

    outcomes = probe(Hanging(converse_reply()), ["slow", "fast"], deadline_seconds=0.01)
    release.set()

    assert [(one["model_id"], one["ok"], one["code"]) for one in outcomes] == [
        ("slow", False, "ModelTimeoutException"),
        ("fast", True, ""),
    ]


def test_nothing_to_call_is_no_call() -> None:
    assert probe(FakeConverse(converse_reply()), []) == []


def test_the_function_answers_its_own_event(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeConverse(converse_reply())
    monkeypatch.setattr(aws, "client", lambda *_arguments, **_options: client)
    event = {"quarry": "probe", "model_ids": ["a"]}

    assert asked(event)
    assert not asked({"httpMethod": "GET"})
    assert answer(event, SETTINGS)[0]["ok"]
    assert client.calls[0]["guardrailConfig"]["guardrailIdentifier"] == SETTINGS.guardrail_id


@pytest.mark.parametrize(("call_seconds", "deadline"), [(9, 9 - MARGIN_SECONDS), (119, DEADLINE_SECONDS)])
def test_the_deadline_is_below_the_functions_own(
    monkeypatch: pytest.MonkeyPatch, call_seconds: int, deadline: float
) -> None:
    given: list[float] = []
    monkeypatch.setattr(aws, "client", lambda *_arguments, **_options: None)
    monkeypatch.setattr(probe_module, "probe", lambda *_, deadline_seconds, **__: given.append(deadline_seconds))

    answer({"quarry": "probe", "model_ids": ["a"]}, replace(SETTINGS, call_seconds=call_seconds))

    assert given == [deadline]
    assert deadline < call_seconds
