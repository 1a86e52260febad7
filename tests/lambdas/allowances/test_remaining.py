"""What is left of an allowance, as headers tell it."""

import pytest

from lambdas.allowances.account import Account
from lambdas.allowances.remaining import Remaining, headers
from tests.lambdas.allowances.conftest import TODAY, caller

MIDNIGHT = 1_795_219_200.0  # 2026-11-21
LIMITS = caller(rpm=5, tokens=100, usd=3_000_000).limits


def told(*, requests: int = 0, tokens: int = 0, micro_dollars: int = 0, after: float = 0.0) -> dict[str, str]:
    """The headers ``after`` seconds of the day, when so much was taken."""
    now = MIDNIGHT + after
    account = Account(key_id="k", committed=micro_dollars, requests={int(now // 60): requests}, tokens={TODAY: tokens})
    return headers(Remaining.of(account, LIMITS, now=now))


@pytest.mark.parametrize("over", [0, 1])
def test_nothing_left_and_less_than_nothing_is_0(over: int) -> None:
    left = told(requests=5 + over, tokens=100 + over, micro_dollars=3_000_000 + over)

    assert left["x-ratelimit-remaining-requests"] == "0"
    assert left["x-ratelimit-remaining-tokens"] == "0"
    assert left["x-quarry-remaining-usd"] == "0.000000"


def test_what_is_left_is_told_to_the_last_one() -> None:
    left = told(requests=4, tokens=99, micro_dollars=1_999_999)

    assert left["x-ratelimit-remaining-requests"] == "1"
    assert left["x-ratelimit-remaining-tokens"] == "1"
    assert left["x-quarry-remaining-usd"] == "1.000001"


@pytest.mark.parametrize(
    ("after", "minute", "day"),
    [(0.0, "60s", "86400s"), (0.5, "60s", "86400s"), (59.0, "1s", "86341s"), (86_399.9, "1s", "1s")],
)
def test_minute_and_day_end_when_they_end_and_never_at_once(after: float, minute: str, day: str) -> None:
    left = told(after=after)

    assert (left["x-ratelimit-reset-requests"], left["x-ratelimit-reset-tokens"]) == (minute, day)


def test_what_is_not_limited_is_not_told() -> None:
    assert headers(Remaining.of(Account(key_id="k"), caller().limits, now=MIDNIGHT)) == {}
