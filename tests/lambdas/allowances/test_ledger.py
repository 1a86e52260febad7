"""Reserving, settling and releasing, one step after the other; any order is in test_interleavings."""

import pytest

from lambdas.allowances.account import CHARGED_SECONDS, Account, key
from lambdas.allowances.ledger import Ledger
from lambdas.allowances.refusals import AllowanceSpentError
from lambdas.allowances.table import ATTEMPTS
from lambdas.allowances.usage import Usage
from lambdas.common.caller import Caller
from lambdas.common.errors import PermissionDeniedError, RateLimitError, UnavailableError
from tests.lambdas.allowances.conftest import CALL_SECONDS, TODAY, Clock, caller, usage
from tests.lambdas.allowances.fakes import FakeTable, refused


def account(table: FakeTable, who: Caller) -> Account:
    at = key(who.key_id)
    return Account.from_item(who.key_id, table.items.get((at["pk"]["S"], at["sk"]["S"]), {}))


def test_what_is_reserved_is_gone_until_it_is_settled(ledger: Ledger, table: FakeTable) -> None:
    ann = caller(rpm=5, tokens=1_000, usd=1_000)

    reservation = ledger.reserve(ann, alias="fast", estimate=usage(600, tokens_in=100, tokens_out=400))

    left = reservation.remaining
    assert (left.requests, left.tokens, left.micro_dollars) == (4, 500, 400)
    after = ledger.settle(reservation, usage(250, tokens_in=90, tokens_out=60))
    assert (after.requests, after.tokens, after.micro_dollars) == (4, 850, 750)
    assert account(table, ann).pending == {}
    assert ledger.remaining(ann) == after


def test_each_step_is_one_write(ledger: Ledger, table: FakeTable) -> None:
    ledger.settle(ledger.reserve(caller(rpm=5, tokens=1_000, usd=1_000), alias="fast", estimate=usage(6)), usage(5))

    assert (table.updates, table.reads) == (2, 0)


def test_a_key_without_limits_costs_one_write(ledger: Ledger, table: FakeTable) -> None:
    free = caller(aliases=("fast",))

    reservation = ledger.reserve(free, alias="fast", estimate=usage(600))
    assert (table.updates, table.reads) == (0, 0)
    ledger.settle(reservation, usage(250))

    assert (table.updates, table.reads) == (1, 0)
    assert account(table, free).spent == 250


def test_settling_twice_charges_once(ledger: Ledger, table: FakeTable) -> None:
    for who in (caller(usd=1_000), caller(key_id="key_free")):
        reservation = ledger.reserve(who, alias="fast", estimate=usage(600))

        first = ledger.settle(reservation, usage(250))
        second = ledger.settle(reservation, usage(250))

        assert first.micro_dollars == second.micro_dollars
        assert account(table, who).spent == account(table, who).committed == 250
        assert account(table, who).days[TODAY]["fast"]["requests"] == 1


def test_a_release_gives_back_all_but_the_request(ledger: Ledger, table: FakeTable) -> None:
    ann = caller(rpm=5, tokens=1_000, usd=1_000)
    reservation = ledger.reserve(ann, alias="fast", estimate=usage(600))

    for _ in range(2):
        left = ledger.release(reservation)
        assert (left.requests, left.tokens, left.micro_dollars) == (4, 1_000, 1_000)
    ledger.settle(reservation, usage(250))

    assert account(table, ann).spent == 0


def test_a_released_call_of_a_key_without_limits_is_not_counted(ledger: Ledger, table: FakeTable) -> None:
    reservation = ledger.reserve(caller(), alias="fast", estimate=usage(6))

    ledger.release(reservation)
    ledger.settle(reservation, usage(6))

    assert table.updates == 0


def test_a_call_that_took_more_than_estimated_is_charged_and_the_next_one_refused(ledger: Ledger) -> None:
    ann = caller(usd=1_000)
    left = ledger.settle(ledger.reserve(ann, alias="fast", estimate=usage(600)), usage(1_100))
    assert left.micro_dollars == -100

    with pytest.raises(AllowanceSpentError, match=r"has \$0\.00 of its \$0\.001 left"):
        ledger.reserve(ann, alias="fast", estimate=usage(1))


def test_what_takes_nothing_is_refused_for_requests_alone(ledger: Ledger) -> None:
    ann = caller(rpm=3, usd=1_000, tokens=1_000)
    ledger.settle(ledger.reserve(ann, alias="fast", estimate=usage(600)), usage(1_100, tokens_in=1_100))

    for _ in range(2):
        ledger.settle(ledger.reserve(ann, alias="search", estimate=Usage()), Usage())

    with pytest.raises(AllowanceSpentError, match="3 requests per minute"):
        ledger.reserve(ann, alias="search", estimate=Usage())


def test_money_that_does_not_suffice_is_insufficient_quota_without_a_time_to_wait(ledger: Ledger) -> None:
    ann = caller(usd=10_000)
    ledger.settle(ledger.reserve(ann, alias="fast", estimate=usage(9_000)), usage(9_000))

    with pytest.raises(RateLimitError) as failed:
        ledger.reserve(ann, alias="fast", estimate=usage(1_001))

    error = failed.value
    assert (error.status, error.code, error.retry_after) == (429, "insufficient_quota", None)
    assert "$0.001 of its $0.01 left" in error.message
    assert "may cost $0.001001" in error.message
    assert "raise the allowance of key_ann" in error.message
    assert isinstance(error, AllowanceSpentError)
    assert error.remaining.micro_dollars == 1_000
    assert error.headers()["x-should-retry"] == "false"
    assert ledger.reserve(ann, alias="fast", estimate=usage(1_000)).remaining.micro_dollars == 0


def test_what_other_calls_hold_is_not_spent_and_comes_back(ledger: Ledger, table: FakeTable) -> None:
    for who, held in (
        (caller(usd=10_000), r"\$0\.009 of its \$0\.01"),
        (caller(tokens=10_000), "9,000 of its 10,000 tokens"),
    ):
        table.items.clear()
        first = ledger.reserve(who, alias="fast", estimate=usage(9_000, tokens_in=8_000, tokens_out=1_000))
        wanted = usage(1_001, tokens_in=1_000, tokens_out=1)

        with pytest.raises(RateLimitError, match=f"under way hold {held}.* Try again in 5 s") as failed:
            ledger.reserve(who, alias="fast", estimate=wanted)

        assert (failed.value.code, failed.value.retry_after) == ("rate_limit_exceeded", 5)
        assert "x-should-retry" not in failed.value.headers()
        assert failed.value.headers()["Retry-After"] == "5"
        ledger.settle(first, usage(10, tokens_in=5, tokens_out=5))
        assert ledger.reserve(who, alias="fast", estimate=wanted)


@pytest.mark.parametrize("who", [caller(usd=10_000), caller(tokens=10_000)], ids=["usd", "tokens"])
@pytest.mark.parametrize(
    ("size", "code", "says"),
    [
        (5_000, "rate_limit_exceeded", r"hold (\$0\.004|4,000) of its"),
        (5_001, "insufficient_quota", r"has (\$0\.005|5,000) of its"),
    ],
)
def test_what_would_not_fit_if_nothing_were_held_either_is_told_as_such(
    ledger: Ledger, who: Caller, size: int, code: str, says: str
) -> None:
    spent, held, wanted = (usage(each, tokens_in=each, tokens_out=0) for each in (5_000, 4_000, size))
    ledger.settle(ledger.reserve(who, alias="fast", estimate=spent), spent)
    ledger.reserve(who, alias="fast", estimate=held)

    with pytest.raises(RateLimitError, match=says) as failed:
        ledger.reserve(who, alias="fast", estimate=wanted)

    assert failed.value.code == code


def test_a_call_that_likely_fits_is_let_through_alone_and_holds_the_most(ledger: Ledger) -> None:
    ann = caller(usd=1_000, tokens=1_000)
    most = usage(3_000, tokens_in=3_000, tokens_out=0)
    likely = usage(1_000, tokens_in=1_000, tokens_out=0)

    first = ledger.reserve(ann, alias="fast", estimate=most, likely=likely)

    assert (first.remaining.micro_dollars, first.remaining.tokens) == (-2_000, -2_000)
    with pytest.raises(RateLimitError) as failed:
        ledger.reserve(ann, alias="fast", estimate=most, likely=usage(1, tokens_in=1, tokens_out=0))
    assert failed.value.code == "rate_limit_exceeded"
    assert failed.value.headers()["x-quarry-remaining-usd"] == "0.000000"
    assert ledger.settle(first, usage(900, tokens_in=900, tokens_out=0)).micro_dollars == 100


def test_tokens_come_back_at_midnight(ledger: Ledger, clock: Clock) -> None:
    ann = caller(tokens=100)
    ledger.settle(ledger.reserve(ann, alias="fast", estimate=usage(1)), usage(1, tokens_in=60, tokens_out=35))

    with pytest.raises(RateLimitError, match="has 5 of its 100 tokens of today left") as failed:
        ledger.reserve(ann, alias="fast", estimate=usage(1))

    assert failed.value.code == "insufficient_quota"
    assert failed.value.retry_after == 12 * 3600 - 20
    clock.now += 12 * 3600 - 20
    assert ledger.reserve(ann, alias="fast", estimate=usage(1)).remaining.tokens == 85


def test_a_call_over_midnight_counts_for_the_day_on_which_it_began(ledger: Ledger, clock: Clock) -> None:
    ann = caller(tokens=100)
    clock.now += 12 * 3600 - 21
    reservation = ledger.reserve(ann, alias="fast", estimate=usage(1))
    clock.now += 2

    assert ledger.settle(reservation, usage(1)).tokens == 100


def test_requests_come_back_with_the_next_minute(ledger: Ledger, clock: Clock, table: FakeTable) -> None:
    ann = caller(rpm=2)
    for _ in range(2):
        ledger.reserve(ann, alias="fast", estimate=usage(1))

    with pytest.raises(RateLimitError, match=r"2 requests per minute and has 0 left\. Try again in 40 s") as failed:
        ledger.reserve(ann, alias="fast", estimate=usage(1))

    assert (failed.value.code, failed.value.retry_after) == ("rate_limit_exceeded", 40)
    clock.now += 40
    assert ledger.reserve(ann, alias="fast", estimate=usage(1)).remaining.requests == 1


def test_past_minutes_do_not_pile_up(ledger: Ledger, clock: Clock, table: FakeTable) -> None:
    ann = caller(rpm=2)
    for _ in range(10):
        ledger.settle(ledger.reserve(ann, alias="fast", estimate=usage(1)), usage(1))
        clock.now += 60

    assert len(account(table, ann).requests) <= 3


def test_an_estimate_above_the_whole_limit_is_refused_without_a_write(ledger: Ledger, table: FakeTable) -> None:
    for who in (caller(usd=10), caller(tokens=10)):
        with pytest.raises(RateLimitError, match=r"Lower `max_tokens` \(`max_output_tokens`"):
            ledger.reserve(who, alias="fast", estimate=usage(11))

    assert table.updates == 0


def test_an_alias_that_is_not_the_keys_is_refused_without_a_call(ledger: Ledger, table: FakeTable) -> None:
    with pytest.raises(PermissionDeniedError, match=r"`smart`\. It may call: `fast`, `embed`") as failed:
        ledger.reserve(caller(usd=10, aliases=("fast", "embed")), alias="smart", estimate=usage(1))

    assert (failed.value.code, failed.value.param) == ("model_not_allowed", "model")
    assert (table.updates, table.reads) == (0, 0)


def test_without_a_price_money_cannot_be_limited(ledger: Ledger) -> None:
    unknown = Usage(input_tokens=1, priced=False)

    with pytest.raises(PermissionDeniedError, match="what `tuned` costs is not known"):
        ledger.reserve(caller(usd=10), alias="tuned", estimate=unknown)
    assert ledger.reserve(caller(tokens=10), alias="tuned", estimate=unknown).remaining.tokens == 9


def test_a_busy_table_is_asked_again(ledger: Ledger, table: FakeTable) -> None:
    table.busy = ATTEMPTS - 1

    reserved = ledger.reserve(caller(usd=10), alias="fast", estimate=usage(1))

    assert table.busy == 0
    assert reserved.remaining.micro_dollars == 9


def test_a_table_that_stays_busy_is_told(ledger: Ledger, table: FakeTable) -> None:
    table.busy = ATTEMPTS

    with pytest.raises(UnavailableError) as failed:
        ledger.reserve(caller(usd=10), alias="fast", estimate=usage(1))

    assert (failed.value.status, failed.value.code, failed.value.retry_after) == (503, "allowances_busy", 1)
    assert table.busy == 0


def test_lost_answers_neither_reserve_nor_charge_twice(ledger: Ledger, table: FakeTable) -> None:
    ann = caller(rpm=1, usd=10)
    table.lost = 1
    reservation = ledger.reserve(ann, alias="fast", estimate=usage(10))
    table.lost = 1
    ledger.settle(reservation, usage(7))

    assert account(table, ann).spent == account(table, ann).committed == 7


def test_what_is_counted_without_a_reservation_is_tried_again_and_charged_once(
    ledger: Ledger, table: FakeTable
) -> None:
    for charged in (7, 14):
        reservation = ledger.reserve(caller(), alias="fast", estimate=usage(10))
        table.lost = 1

        ledger.settle(reservation, usage(7))

        assert account(table, caller()).spent == charged
    assert account(table, caller()).days[TODAY]["fast"]["requests"] == 2


def test_which_calls_were_charged_is_remembered_for_half_a_minute_and_then_forgotten(
    ledger: Ledger, table: FakeTable, clock: Clock
) -> None:
    def remembered() -> list[str]:
        (item,) = table.items.values()
        return [one for name, value in item.items() if name.startswith("s#") for one in value["SS"]]

    charged: list[str] = []
    for _ in range(12):
        reservation = ledger.reserve(caller(), alias="fast", estimate=usage(10))
        ledger.settle(reservation, usage(1))
        charged.append(reservation.reservation_id)
        # The newest three half-turns at least, and never more than three sets.
        assert set(charged[-3:]) <= set(remembered()) <= set(charged[-6:])
        clock.now += CHARGED_SECONDS / 2

    assert account(table, caller()).spent == 12


def test_an_error_that_is_no_contention_is_not_tried_again(
    ledger: Ledger, table: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(**_: object) -> None:
        table.updates += 1
        raise refused("AccessDeniedException")

    monkeypatch.setattr(table, "update_item", denied)

    with pytest.raises(Exception, match="AccessDenied"):
        ledger.reserve(caller(usd=10), alias="fast", estimate=usage(1))
    assert table.updates == 1


def test_a_reservation_outlives_its_function_by_a_minute(ledger: Ledger, clock: Clock) -> None:
    who = caller(usd=100)
    ledger.reserve(who, alias="fast", estimate=usage(5))

    (pending,) = next(iter(ledger.accounts())).pending.values()

    assert pending.ends_at == int(clock.now) + CALL_SECONDS + 60


@pytest.mark.parametrize(("minutes", "kept"), [(1, 2), (2, 1)])
def test_the_minute_before_is_kept_and_the_one_before_that_is_not(
    ledger: Ledger, clock: Clock, minutes: int, kept: int
) -> None:
    """Functions whose clocks are a little apart count in the minute before; what is older only fills the item."""
    who = caller(rpm=5)
    for _ in range(2):
        ledger.settle(ledger.reserve(who, alias="fast", estimate=usage(5)), usage(5))
        clock.now += minutes * 60

    requests = next(iter(ledger.accounts())).requests

    assert list(requests.values()) == [1] * kept
