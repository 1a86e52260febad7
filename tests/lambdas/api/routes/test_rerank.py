"""Texts put in order within a key's allowance."""

import json
from typing import Any

import pytest

from lambdas.allowances.ledger import Ledger
from lambdas.allowances.report import Spent
from lambdas.api.routes.rerank import rerank
from lambdas.chat.aliases import Aliases
from lambdas.common.caller import Caller, KeyLimits
from lambdas.common.errors import PermissionDeniedError, RateLimitError, UpstreamError
from lambdas.rerank.service import Reranker
from tests.lambdas.fakes import client_error
from tests.lambdas.rerank.test_service import COHERE, FakeRerank
from tests.lambdas.stores import Desk, desk

ANN = Caller(key_id="key_1", limits=KeyLimits(usd_total=10_000, tokens_per_day=1_000, aliases=("rerank",)))


def ask(at: Desk, caller: Caller = ANN, client: FakeRerank | None = None, **body: Any) -> Any:
    reranker = Reranker(
        aliases=Aliases(lambda: {"rerank": [COHERE]}),
        client=client or FakeRerank(),
        models="arn:aws:bedrock:us-east-1::foundation-model/",
    )
    content = json.dumps({"model": "rerank", "query": "Which?", "documents": ["a", "b"], **body}).encode()
    return rerank(content, caller, reranker=reranker, ledger=at.ledger)


def test_what_was_read_is_counted_and_a_query_paid() -> None:
    with desk() as at:
        answered = ask(at, max_tokens_per_doc=100)
        (day,) = at.ledger.usage("key_1", limits=ANN.limits).days

    tokens = answered.body.usage.total_tokens
    assert day.aliases["rerank"] == Spent(requests=1, input_tokens=tokens, output_tokens=0, micro_dollars=2_000)
    assert answered.headers["x-quarry-dropped-parameters"] == "max_tokens_per_doc"


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        (KeyLimits(usd_total=1_999), RateLimitError),
        (KeyLimits(tokens_per_day=1), RateLimitError),
        (KeyLimits(aliases=("fast",)), PermissionDeniedError),
    ],
)
def test_what_a_key_may_not_take_is_not_asked_for(limits: KeyLimits, error: type[Exception]) -> None:
    client = FakeRerank()
    with desk() as at, pytest.raises(error):
        ask(at, Caller(key_id="key_1", limits=limits), client)

    assert client.asked == []


def test_a_failed_call_is_told_and_released() -> None:
    with desk() as at:
        with pytest.raises(UpstreamError):
            ask(at, client=FakeRerank(client_error("BadGatewayException")))

        assert at.ledger.usage("key_1", limits=ANN.limits).reserved.requests == 0


def test_an_order_whose_charge_cannot_be_recorded_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise client_error("AccessDeniedException")

    with desk() as at:
        monkeypatch.setattr(Ledger, "settle", denied)
        assert ask(at).headers["x-quarry-not-recorded"] == "charge=unavailable"
