"""Texts judged within a key's allowance."""

import json
from typing import Any

import pytest

from lambdas.allowances.report import Spent
from lambdas.api.routes.moderations import ALIAS, moderate
from lambdas.chat.guardrail import Guardrail
from lambdas.common.caller import Caller, KeyLimits
from lambdas.common.errors import InvalidRequestError, PermissionDeniedError, RateLimitError
from tests.lambdas.fakes import FakeConverse, client_error, converse_reply
from tests.lambdas.stores import Desk, desk

# May call no alias that there is: nobody is kept from being judged.
ANN = Caller(key_id="key_1", limits=KeyLimits(usd_total=10_000, aliases=("x",)))


def judge(at: Desk, caller: Caller = ANN, **body: Any) -> Any:
    guardrail = Guardrail(client=at.bedrock, guardrail_id="gr123", version="2")
    content = json.dumps(body).encode()
    return moderate(content, caller, guardrail=guardrail, ledger=at.ledger, region="us-east-1")


def bedrock(**taken: int) -> FakeConverse:
    class Counted(FakeConverse):
        def apply_guardrail(self, **kwargs: Any) -> dict[str, Any]:
            return {**super().apply_guardrail(**kwargs), "usage": taken}

    made = Counted(converse_reply())
    made.stops = {"bad"}
    return made


def test_what_was_judged_is_told_and_paid_for() -> None:
    with desk(bedrock=bedrock(contentPolicyUnits=1, sensitiveInformationPolicyUnits=1)) as at:
        answered = judge(at, input=["good", "bad"], unknown=1)
        used = at.ledger.usage("key_1", limits=ANN.limits)

    assert [one.flagged for one in answered.body.results] == [False, True]
    assert answered.headers["x-quarry-dropped-parameters"] == "unknown"
    assert used.days[0].aliases[ALIAS] == Spent(requests=1, input_tokens=3, output_tokens=0, micro_dollars=500)


def test_a_key_whose_tokens_are_used_up_judges_no_more() -> None:
    # A judgement costs money by the text: without its tokens, a key that is limited by them alone would spend any sum.
    with desk(bedrock=bedrock()) as at:
        with pytest.raises(RateLimitError) as refused:
            judge(at, Caller(key_id="key_1", limits=KeyLimits(tokens_per_day=1_000)), input="word " * 4_000)

        assert refused.value.code == "insufficient_quota"
        assert at.bedrock.judged == []


def test_a_key_that_cannot_pay_for_it_is_told_so_before() -> None:
    with desk(bedrock=bedrock()) as at:
        with pytest.raises(RateLimitError) as refused:
            judge(at, Caller(key_id="key_1", limits=KeyLimits(usd_total=1)), input="good")

        assert refused.value.code == "insufficient_quota"
        assert at.bedrock.judged == []


def test_a_guardrail_that_fails_costs_nothing() -> None:
    failing = bedrock()
    failing.stops = client_error("AccessDeniedException", "not authorized to perform: bedrock:ApplyGuardrail")
    with desk(bedrock=failing) as at:
        with pytest.raises(PermissionDeniedError):
            judge(at, input="good")

        assert at.ledger.usage("key_1", limits=ANN.limits).reserved.requests == 0


def test_what_was_judged_before_a_failure_is_paid_for() -> None:
    # Else texts are judged for nothing, as often as the last one of them is throttled.
    class Throttled(FakeConverse):
        def apply_guardrail(self, **kwargs: Any) -> dict[str, Any]:
            if kwargs["content"] == [{"text": {"text": "last"}}]:
                raise client_error("ThrottlingException")
            return {**super().apply_guardrail(**kwargs), "usage": {"contentPolicyUnits": 1}}

    with desk(bedrock=Throttled(converse_reply())) as at:
        with pytest.raises(RateLimitError):
            judge(at, input=["good", "last"])
        used = at.ledger.usage("key_1", limits=ANN.limits)

    assert used.reserved.requests == 0
    assert used.days[0].aliases[ALIAS].micro_dollars == 150


def test_what_is_wrong_is_named_and_costs_nothing() -> None:
    with desk(bedrock=bedrock()) as at:
        with pytest.raises(InvalidRequestError):
            judge(at, input=[])

        assert at.ledger.usage("key_1", limits=ANN.limits).days == []
