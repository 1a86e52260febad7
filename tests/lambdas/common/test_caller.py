"""What functions know of who calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.caller import NO_LIMITS, Caller, KeyLimits

amounts = st.none() | st.integers(0, 10**15)


@given(amounts, amounts, amounts, st.none() | st.lists(st.text()).map(tuple))
def test_limits_arrive_as_they_were_sent(
    rpm: int | None, tokens: int | None, usd: int | None, aliases: tuple[str, ...] | None
) -> None:
    limits = KeyLimits(requests_per_minute=rpm, tokens_per_day=tokens, usd_total=usd, aliases=aliases)

    context = {"key_id": "key_1", "owner": "ann", "limits": limits.to_context(), "principalId": "key_1"}

    assert Caller.from_authorizer_context(context) == Caller(key_id="key_1", owner="ann", limits=limits)


def test_what_is_not_limited_is_not_sent() -> None:
    assert NO_LIMITS.to_context() == "{}"
    assert KeyLimits(usd_total=5).to_context() == '{"usd_total":5}'


@pytest.mark.parametrize(("limits", "counted"), [(NO_LIMITS, False), (KeyLimits(aliases=("a",)), False),
                                                 (KeyLimits(requests_per_minute=0), True)])  # fmt: skip
def test_only_amounts_have_to_be_reserved(limits: KeyLimits, counted: bool) -> None:
    assert limits.counted == counted


def test_a_context_of_before_there_were_limits_has_none() -> None:
    assert Caller.from_authorizer_context({"key_id": "key_1"}) == Caller(key_id="key_1", owner="", limits=NO_LIMITS)


@pytest.mark.parametrize(
    "limits",
    ["{", "[]", '{"requests_per_day": 5}', '{"usd_total": "5"}', '{"usd_total": -1}', '{"usd_total": 1.5}',
     '{"usd_total": true}', '{"aliases": "fast"}', '{"aliases": [1]}'],
)  # fmt: skip
def test_limits_that_are_not_understood_are_not_passed_over(limits: str) -> None:
    with pytest.raises(ValueError, match=r"authorizer|Expecting"):
        Caller.from_authorizer_context({"key_id": "key_1", "limits": limits})


@pytest.mark.parametrize("context", [{}, {"key_id": ""}, {"key_id": None}])
def test_without_a_key_there_is_no_caller(context: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="names no key"):
        Caller.from_authorizer_context(context)
