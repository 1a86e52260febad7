"""Passages alone, within a key's requests per minute."""

import json
from contextlib import suppress
from typing import Any

import pytest

from lambdas.allowances.ledger import Ledger
from lambdas.allowances.report import Spent
from lambdas.api.routes.knowledge_retrieve import ALIAS, retrieve
from lambdas.common.caller import Caller, KeyLimits
from lambdas.common.errors import ApiError, InvalidRequestError, RateLimitError, UpstreamError
from tests.lambdas.fakes import client_error
from tests.lambdas.knowledge.fakes import FakeRetrieve, retrieve_error
from tests.lambdas.stores import Desk, desk

TWICE = Caller(key_id="key_1", limits=KeyLimits(requests_per_minute=2, usd_total=0, tokens_per_day=0, aliases=("x",)))


def find(at: Desk, caller: Caller = TWICE, **body: Any) -> Any:
    content = json.dumps({"query": "Which class?", **body}).encode()
    return retrieve(content, caller, knowledge=at.knowledge, ledger=at.ledger)


def test_all_passages_are_told_with_their_scores() -> None:
    with desk() as at:
        answered = find(at, results=3, filter={"year": 2024})

        used = at.ledger.usage("key_1", limits=TWICE.limits)
    assert [(one.document, one.score) for one in answered.body.data] == [
        ("travel.md", 0.8), ("hr/leave.md", 0.6), ("menu.md", 0.2)
    ]  # fmt: skip
    search = at.documents.calls[0]["retrievalConfiguration"]["vectorSearchConfiguration"]
    assert search["numberOfResults"] == 3
    assert search["filter"] == {"equals": {"key": "year", "value": 2024}}
    assert answered.headers["x-ratelimit-remaining-requests"] == "1"
    assert used.days[0].aliases[ALIAS] == Spent(requests=1, input_tokens=0, output_tokens=0, micro_dollars=0)


def test_a_minute_has_so_many_and_what_is_too_much_searches_nothing() -> None:
    with desk() as at:
        for _ in range(2):
            find(at)
        # The minute may change between two of them, but not between all.
        with suppress(RateLimitError):
            find(at)
            find(at)
        with pytest.raises(RateLimitError):
            find(at)

        assert len(at.documents.calls) < 5


def test_a_key_without_limits_is_counted_too() -> None:
    with desk() as at:
        find(at, Caller(key_id="key_2"))

        assert at.ledger.usage("key_2", limits=KeyLimits()).today.requests == 1


def test_a_failed_search_is_told_and_released() -> None:
    with desk(documents=FakeRetrieve(retrieve_error("AccessDeniedException"))) as at:
        with pytest.raises(ApiError, match="bedrock:Retrieve"):
            find(at)

        assert at.ledger.usage("key_1", limits=TWICE.limits).reserved.requests == 0


def denied(*_: object) -> None:
    raise client_error("AccessDeniedException")


def test_passages_whose_search_cannot_be_recorded_are_given_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with desk() as at:
        monkeypatch.setattr(Ledger, "settle", denied)
        answered = find(at)

    assert len(answered.body.data) == 3
    assert answered.headers["x-quarry-not-recorded"] == "charge=unavailable"
    assert answered.headers["x-ratelimit-remaining-requests"] == "1"


def test_why_a_search_failed_is_told_though_nothing_can_be_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "release", denied)
    with desk(documents=FakeRetrieve(retrieve_error("BadGatewayException"))) as at, pytest.raises(UpstreamError):
        find(at)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"query": ""}, "query"),
        ({"query": "x" * 1_001}, "query"),
        ({"filter": {"colour": 1}}, "filter.colour"),
        ({"results": "5"}, "results"),
    ],
)
def test_what_is_wrong_is_named_and_costs_nothing(body: Any, param: str) -> None:
    with desk() as at:
        with pytest.raises(InvalidRequestError) as refused:
            find(at, **body)

        assert refused.value.param == param
        assert at.documents.calls == []
