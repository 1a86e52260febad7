"""Judging texts with a guardrail that is asked in pieces."""

import json
from typing import Any

import pytest

from lambdas.chat.guardrail import Guardrail
from lambdas.common.errors import RateLimitError
from lambdas.moderation.request import READER
from lambdas.moderation.service import judged
from tests.lambdas import service_model
from tests.lambdas.fakes import client_error


class FakeGuardrail:
    """Hates every text with `hate` in it; a failure is raised in the answer's place."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.asked: list[dict[str, Any]] = []

    def apply_guardrail(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock-runtime", "ApplyGuardrail", kwargs)
        self.asked.append(kwargs)
        if self.failure:
            raise self.failure
        action = "BLOCKED" if "hate" in kwargs["content"][0]["text"]["text"] else "NONE"
        filters = [{"type": "HATE", "confidence": "HIGH", "action": action, "detected": action == "BLOCKED"}]
        return {
            "assessments": [{"contentPolicy": {"filters": filters}}],
            "usage": {"contentPolicyUnits": 1},
            "outputs": [],
        }


def judge(client: FakeGuardrail, **body: Any) -> Any:
    request = READER.read(json.dumps(body).encode()).body
    return judged(request, Guardrail(client=client, guardrail_id="gr123", version="2"), taken=[])


def test_each_text_has_a_result_in_their_order() -> None:
    client = FakeGuardrail()
    long = "x" * 25_000 + "hate"

    answer = judge(client, input=["love", long, "peace"])

    assert [one.flagged for one in answer.results] == [False, True, False]
    assert answer.id.startswith("modr-")
    # The long one in two parts, and what lies around their cut.
    assert len(client.asked) == 5
    assert {one["source"] for one in client.asked} == {"INPUT"}
    assert all(one["outputScope"] == "FULL" for one in client.asked)


def test_what_lies_across_a_cut_is_found() -> None:
    answer = judge(FakeGuardrail(), input="x" * 24_998 + "hate" + "x" * 100)

    assert answer.results[0].flagged


def test_a_text_may_be_judged_as_an_answer() -> None:
    client = FakeGuardrail()

    judge(client, input="love", source="output")

    assert client.asked[0]["source"] == "OUTPUT"


def test_what_the_guardrail_cannot_judge_is_an_error() -> None:
    with pytest.raises(RateLimitError):
        judge(FakeGuardrail(client_error("ThrottlingException")), input=["a", "b"])
