"""Counting tokens: by Bedrock where it counts, by an estimate elsewhere."""

from typing import Any

import pytest

from lambdas.chat.candidates import Candidate
from lambdas.chat.counting import Count, count
from tests.lambdas import service_model
from tests.lambdas.fakes import HAIKU, HAIKU_ID, NOVA_MICRO, client_error

CLAUDE = Candidate(HAIKU, HAIKU_ID, "geography")
NOVA = Candidate(NOVA_MICRO, NOVA_MICRO, "in_region")
ARGUMENTS: dict[str, Any] = {
    "messages": [{"role": "user", "content": [{"text": "word " * 30}]}],
    "system": [{"text": "Be brief."}],
    "inferenceConfig": {"maxTokens": 10},
}


class FakeCounter:
    """Counts 12 of everything; a failure is raised in its place."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.asked: list[dict[str, Any]] = []

    def count_tokens(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock-runtime", "CountTokens", kwargs)
        self.asked.append(kwargs)
        if self.failure:
            raise self.failure
        return {"inputTokens": 12}


def test_claudes_tokens_are_counted_by_its_own_id() -> None:
    counter = FakeCounter()

    assert count(counter, CLAUDE, ARGUMENTS) == Count(12, estimated=False)
    (asked,) = counter.asked
    assert asked["modelId"] == HAIKU_ID
    assert set(asked["input"]["converse"]) == {"messages", "system"}


def test_others_are_estimated_and_nobody_is_asked() -> None:
    counter = FakeCounter()

    found = count(counter, NOVA, ARGUMENTS)

    assert (found.estimated, counter.asked) == (True, [])
    assert 25 <= found.tokens <= 100
    longer = {**ARGUMENTS, "messages": [*ARGUMENTS["messages"], *ARGUMENTS["messages"]]}
    assert count(counter, NOVA, longer).tokens > found.tokens


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException", "ThrottlingException"])
def test_what_bedrock_does_not_count_is_estimated(code: str) -> None:
    assert count(FakeCounter(client_error(code)), CLAUDE, ARGUMENTS).estimated
