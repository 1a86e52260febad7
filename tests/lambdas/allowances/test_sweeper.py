"""What becomes of reservations whose functions died, and of past days."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.allowances import account, handler
from lambdas.allowances.account import Account
from lambdas.allowances.ledger import MARGIN_SECONDS, Ledger
from lambdas.allowances.report import Reserved, Spent
from lambdas.common.caller import Caller
from tests.lambdas.allowances.conftest import CALL_SECONDS, TODAY, Clock, caller, ledger_over, usage
from tests.lambdas.allowances.fakes import FakeTable
from tests.lambdas.emitted import emitted

DEAD = CALL_SECONDS + MARGIN_SECONDS
ANN = caller(tokens=1_000, usd=1_000)


def state(ledger: Ledger, who: Caller = ANN) -> Account:
    return next(one for one in ledger.accounts() if one.key_id == who.key_id)


def test_a_dead_call_is_charged_for_what_it_made_the_model_read(ledger: Ledger, clock: Clock) -> None:
    ledger.reserve(ANN, alias="fast", estimate=usage(600, tokens_in=100, tokens_out=400, of_input=80))
    clock.now += DEAD

    assert ledger.sweep(clock.now) == 1

    left = ledger.remaining(ANN)
    assert (left.tokens, left.micro_dollars) == (900, 920)
    report = ledger.usage(ANN.key_id, limits=ANN.limits)
    assert report.days[0].aliases["fast"] == Spent(requests=1, input_tokens=100, output_tokens=0, micro_dollars=80)
    assert report.reserved == Reserved(requests=0, tokens=0, micro_dollars=0)


def test_a_dead_call_whose_inputs_price_is_not_known_is_released(ledger: Ledger, clock: Clock) -> None:
    ledger.reserve(ANN, alias="fast", estimate=usage(600))
    clock.now += DEAD

    assert ledger.sweep(clock.now) == 1

    left = ledger.remaining(ANN)
    assert (left.tokens, left.micro_dollars) == (1_000, 1_000)
    assert ledger.usage(ANN.key_id, limits=ANN.limits).days == []


def test_a_call_that_may_still_run_is_left_alone(ledger: Ledger, clock: Clock) -> None:
    reservation = ledger.reserve(ANN, alias="fast", estimate=usage(600))
    clock.now += DEAD - 1

    assert ledger.sweep(clock.now) == 0
    assert ledger.settle(reservation, usage(5)).micro_dollars == 995


def test_a_call_that_settles_after_all_is_not_charged_again(ledger: Ledger, clock: Clock) -> None:
    reservation = ledger.reserve(ANN, alias="fast", estimate=usage(600, of_input=80))
    clock.now += DEAD
    ledger.sweep(clock.now)

    assert ledger.settle(reservation, usage(500)).micro_dollars == 920
    assert ledger.release(reservation).micro_dollars == 920


def test_a_sweep_that_comes_too_late_for_one_goes_on(ledger: Ledger, table: FakeTable, clock: Clock) -> None:
    reservation = ledger.reserve(ANN, alias="fast", estimate=usage(600))
    stale = state(ledger)
    ledger.settle(reservation, usage(5))
    clock.now += DEAD
    item = table.items[account.key(ANN.key_id)["pk"]["S"], ANN.key_id]
    old = {**item, f"p#{reservation.reservation_id}": stale.pending[reservation.reservation_id].to_value()}
    query = table.query
    table.query = lambda **arguments: {"Items": [old] if query(**arguments)["Items"] else []}  # type: ignore[method-assign]

    assert ledger.sweep(clock.now) == 0
    assert ledger.remaining(ANN).micro_dollars == 995


def test_every_account_is_swept(ledger: Ledger, clock: Clock) -> None:
    for number in range(50):
        ledger.reserve(caller(usd=10, key_id=f"key_{number}"), alias="fast", estimate=usage(1))
    clock.now += DEAD

    assert ledger.sweep(clock.now) == 50
    assert ledger.sweep(clock.now) == 0


def test_past_days_move_out_of_the_account_and_stay_in_the_report(ledger: Ledger, clock: Clock) -> None:
    for cost in (1, 2, 3):
        ledger.settle(ledger.reserve(ANN, alias="fast", estimate=usage(cost)), usage(cost))
        clock.now += 86_400
        ledger.sweep(clock.now)
    before = ledger.usage(ANN.key_id, limits=ANN.limits, days=30)
    clock.now += 86_400
    ledger.sweep(clock.now)

    assert state(ledger).days == {}
    assert state(ledger).tokens == {}
    after = ledger.usage(ANN.key_id, limits=ANN.limits, days=30)
    assert after.days == before.days
    assert [day.day for day in after.days] == ["2026-11-23", "2026-11-22", TODAY]
    assert after.total.micro_dollars == 6


def test_past_days_expire(ledger: Ledger, table: FakeTable, clock: Clock) -> None:
    ledger.settle(ledger.reserve(ANN, alias="fast", estimate=usage(1)), usage(1))
    clock.now += 3 * 86_400
    ledger.sweep(clock.now)

    item = table.items[f"KEY#{ANN.key_id}", f"DAY#{TODAY}"]

    assert datetime.fromtimestamp(int(item["ttl"]["N"]), UTC) == datetime(2027, 12, 26, tzinfo=UTC)


def test_all_of_it_is_dynamodbs_language_too(dynamodb: Any, clock: Clock) -> None:
    """The same steps against moto, which parses the expressions by itself."""
    ledger = ledger_over(dynamodb, clock)
    ledger.settle(ledger.reserve(ANN, alias="a#b.c", estimate=usage(9)), usage(7))
    ledger.release(ledger.reserve(ANN, alias="fast", estimate=usage(9)))
    ledger.reserve(ANN, alias="fast", estimate=usage(600, of_input=80))
    clock.now += 5 * 86_400
    assert [ledger.sweep(clock.now), ledger.sweep(clock.now)] == [1, 0]

    report = ledger.usage(ANN.key_id, limits=ANN.limits, days=30)

    assert report.total.micro_dollars == 87
    assert [(day.day, sorted(day.aliases)) for day in report.days] == [
        ("2026-11-26", ["fast"]),
        (TODAY, ["a#b.c"]),
    ]


def test_the_handler_sweeps_and_counts(
    ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.reserve(ANN, alias="fast", estimate=usage(1))
    clock.now += DEAD
    monkeypatch.setattr("time.time", clock)

    assert handler.lambda_handler({}, None, ledger) == {"swept": 1}
    (line,) = emitted(capsys.readouterr().out)
    assert line["ReservationsSwept"] == [1.0]


def test_its_changes_are_made_once_over_connections_that_outlive_a_freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("lambdas.common.aws.client", lambda _service, **options: asked.update(options))
    monkeypatch.setenv("ALLOWANCES_TABLE", "allowances")
    monkeypatch.setenv("ENVIRONMENT_TABLE", "environment")
    handler.ledger.cache_clear()
    try:
        handler.ledger()
    finally:
        handler.ledger.cache_clear()

    assert asked["direct"] is True
