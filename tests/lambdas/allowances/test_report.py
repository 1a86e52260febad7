"""What a key's owner is shown."""

import msgspec
import pytest

from lambdas.allowances.ledger import Ledger
from lambdas.allowances.remaining import headers
from lambdas.allowances.report import Left
from lambdas.common.caller import NO_LIMITS
from tests.lambdas.allowances.conftest import TODAY, Clock, caller, usage

ANN = caller(rpm=20, tokens=1_000, usd=5_000_000, aliases=("fast", "smart"))


def test_the_report_has_what_is_spent_reserved_and_left(ledger: Ledger) -> None:
    for alias, cost in (("fast", 10), ("fast", 20), ("smart", 300)):
        ledger.settle(ledger.reserve(ANN, alias=alias, estimate=usage(cost)), usage(cost))
    ledger.reserve(ANN, alias="fast", estimate=usage(1_000))

    assert msgspec.to_builtins(ledger.usage(ANN.key_id, limits=ANN.limits)) == {
        "object": "usage",
        "key_id": "key_ann",
        "limits": {
            "requests_per_minute": 20,
            "tokens_per_day": 1_000,
            "micro_dollars": 5_000_000,
            "aliases": ["fast", "smart"],
        },
        "remaining": {"requests": 16, "tokens": 940, "micro_dollars": 4_998_670},
        "reserved": {"requests": 1, "tokens": 15, "micro_dollars": 1_000},
        "today": {"day": TODAY, "requests": 3, "input_tokens": 30, "output_tokens": 15, "micro_dollars": 330},
        "total": {"micro_dollars": 330},
        "days": [
            {
                "day": TODAY,
                "aliases": {
                    "fast": {"requests": 2, "input_tokens": 20, "output_tokens": 10, "micro_dollars": 30},
                    "smart": {"requests": 1, "input_tokens": 10, "output_tokens": 5, "micro_dollars": 300},
                },
            }
        ],
    }


def test_a_key_that_was_never_used_has_a_report(ledger: Ledger) -> None:
    report = ledger.usage("key_new", limits=NO_LIMITS)

    assert report.remaining == Left(requests=None, tokens=None, micro_dollars=None)
    assert (report.total.micro_dollars, report.days) == (0, [])


def test_days_reach_back_as_far_as_asked(ledger: Ledger, clock: Clock) -> None:
    for _ in range(5):
        ledger.settle(ledger.reserve(ANN, alias="fast", estimate=usage(1)), usage(1))
        clock.now += 86_400
        ledger.sweep(clock.now)

    assert [len(ledger.usage(ANN.key_id, limits=ANN.limits, days=days).days) for days in (1, 3, 30)] == [0, 2, 5]


@pytest.mark.parametrize("days", [0, 401])
def test_days_are_bounded(ledger: Ledger, days: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 400"):
        ledger.usage(ANN.key_id, limits=ANN.limits, days=days)


def test_what_is_left_is_told_in_openais_headers(ledger: Ledger) -> None:
    reservation = ledger.reserve(ANN, alias="fast", estimate=usage(1_234_567))

    assert headers(reservation.remaining) == {
        "x-ratelimit-limit-requests": "20",
        "x-ratelimit-remaining-requests": "19",
        "x-ratelimit-reset-requests": "40s",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "985",
        "x-ratelimit-reset-tokens": "43180s",
        "x-quarry-remaining-usd": "3.765433",
    }


def test_what_is_not_limited_has_no_header_and_nothing_is_below_zero(ledger: Ledger) -> None:
    assert headers(ledger.remaining(caller())) == {}
    poor = caller(usd=10)
    overdrawn = ledger.settle(ledger.reserve(poor, alias="fast", estimate=usage(10)), usage(30))
    assert headers(overdrawn) == {"x-quarry-remaining-usd": "0.000000"}
