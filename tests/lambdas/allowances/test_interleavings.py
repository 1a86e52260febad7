"""The promise, under any order of what many clients do at once: an allowance is never overspent, but for what one call
took more than was likely.

Every step of the ledger is one atomic update, so what happens at once happens in some order. Hypothesis looks for an
order, with functions that die, answers that get lost and sweeps in between, that breaks the promise.
"""

import contextlib
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from lambdas.allowances.account import Account, day_of, key, minute_of
from lambdas.allowances.ledger import MARGIN_SECONDS, Ledger, Reservation
from lambdas.allowances.usage import Usage
from lambdas.common.caller import Caller
from lambdas.common.errors import RateLimitError
from tests.examples import examples
from tests.lambdas.allowances.conftest import CALL_SECONDS, Clock, caller, ledger_over, usage
from tests.lambdas.allowances.fakes import FakeTable, OneAtATime

RPM, TOKENS, USD = 4, 300, 1_000
ANN = caller(rpm=RPM, tokens=TOKENS, usd=USD)


class Spending(RuleBasedStateMachine):
    """Clients of one key, against a model that only knows what was charged."""

    reservations: Bundle[Reservation] = Bundle("reservations")
    finished: Bundle[Reservation] = Bundle("finished")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.table = FakeTable()
        self.ledger: Ledger = ledger_over(self.table, self.clock)
        self.charged = 0
        # What one call took more than was likely, at most: in money, and in tokens by day.
        self.misjudged = 0
        self.misjudged_tokens: Counter[str] = Counter()
        self.tokens: Counter[str] = Counter()
        self.begun: Counter[int] = Counter()
        self.open: dict[str, tuple[Reservation, Usage, float]] = {}

    @rule(
        target=reservations,
        cost=st.integers(0, USD + 10),
        tokens_in=st.integers(0, 80),
        tokens_out=st.integers(0, 80),
        part=st.integers(1, 4),
        lost=st.booleans(),
    )
    def reserve(self, cost: int, tokens_in: int, tokens_out: int, part: int, lost: bool) -> Any:
        likely = usage(cost, tokens_in=tokens_in, tokens_out=tokens_out, of_input=cost // 3)
        estimate = usage(cost * part, tokens_in=tokens_in * part, tokens_out=tokens_out)
        before = self.account()
        self.table.lost = int(lost)
        try:
            made = self.ledger.reserve(ANN, alias="fast", estimate=estimate, likely=likely)
        except RateLimitError as refused:
            assert self.account() == before
            assert not self.fits(before, likely)
            self.waiting_helps(likely, told=refused.code == "rate_limit_exceeded")
            return multiple()
        finally:
            self.table.lost = 0
        assert self.fits(before, likely)
        self.begun[minute_of(self.clock.now)] += 1
        self.open[made.reservation_id] = (made, likely, self.clock.now)
        return made

    def waiting_helps(self, likely: Usage, *, told: bool) -> None:
        """Check what is told: a call may be let through soon that is not, if it fits without those under way."""
        idle = Account(key_id=ANN.key_id, committed=self.charged, tokens=dict(self.tokens))
        assert told == self.fits(idle, likely)

    def fits(self, account: Account, likely: Usage) -> bool:
        return (
            (not likely.micro_dollars or account.committed + likely.micro_dollars <= USD)
            and (not likely.tokens or account.tokens.get(day_of(self.clock.now), 0) + likely.tokens <= TOKENS)
            and account.requests.get(minute_of(self.clock.now), 0) < RPM
        )

    @rule(target=finished, reservation=consumes(reservations), part=st.fractions(0, 1), lost=st.booleans())
    def settle(self, reservation: Reservation, part: Any, lost: bool) -> Reservation:
        estimate = reservation.estimate
        actual = usage(
            int(estimate.micro_dollars * part),
            tokens_in=int(estimate.input_tokens * part),
            tokens_out=int(estimate.output_tokens * part),
        )
        self.table.lost = int(lost)
        self.ledger.settle(reservation, actual)
        self.table.lost = 0
        if found := self.open.pop(reservation.reservation_id, None):
            self.charge(reservation, found[1], actual)
        return reservation

    def charge(self, reservation: Reservation, likely: Usage, actual: Usage) -> None:
        day = reservation.day
        self.charged += actual.micro_dollars
        self.tokens[day] += actual.tokens
        self.misjudged = max(self.misjudged, actual.micro_dollars - likely.micro_dollars)
        self.misjudged_tokens[day] = max(self.misjudged_tokens[day], actual.tokens - likely.tokens)

    @rule(target=finished, reservation=consumes(reservations), lost=st.booleans())
    def release(self, reservation: Reservation, lost: bool) -> Reservation:
        self.table.lost = int(lost)
        self.ledger.release(reservation)
        self.table.lost = 0
        self.open.pop(reservation.reservation_id, None)
        return reservation

    @rule(reservation=finished)
    def settle_again(self, reservation: Reservation) -> None:
        self.ledger.settle(reservation, usage(1))

    @rule(reservation=finished)
    def release_again(self, reservation: Reservation) -> None:
        self.ledger.release(reservation)

    @rule(seconds=st.sampled_from([1, 59, CALL_SECONDS + MARGIN_SECONDS, 12 * 3600, 3 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule()
    def sweep(self) -> None:
        dead = [
            (made, likely)
            for made, likely, begun in self.open.values()
            if int(begun) + CALL_SECONDS + MARGIN_SECONDS <= int(self.clock.now)
        ]
        for made, likely in dead:
            del self.open[made.reservation_id]
            self.charge(made, likely, likely.input_part)

        assert self.ledger.sweep(self.clock.now) == len(dead)

    def account(self) -> Account:
        at = key(ANN.key_id)
        return Account.from_item(ANN.key_id, self.table.items.get((at["pk"]["S"], at["sk"]["S"]), {}))

    @invariant()
    def nothing_is_overspent(self) -> None:
        account, today, minute = self.account(), day_of(self.clock.now), minute_of(self.clock.now)
        assert account.spent <= USD + self.misjudged
        assert self.tokens[today] <= TOKENS + self.misjudged_tokens[today]
        assert self.begun[minute] == account.requests.get(minute, 0) <= RPM

    @invariant()
    def the_books_are_right(self) -> None:
        account, today = self.account(), day_of(self.clock.now)
        reserved = [made for made, _, _ in self.open.values()]
        assert set(account.pending) == set(self.open)
        assert account.spent == self.charged
        assert account.committed == self.charged + sum(made.estimate.micro_dollars for made in reserved)
        of_today = sum(made.estimate.tokens for made in reserved if made.day == today)
        assert account.tokens.get(today, 0) == self.tokens[today] + of_today

    @invariant()
    def no_day_loses_anything(self) -> None:
        report = self.ledger.usage(ANN.key_id, limits=ANN.limits, days=400)
        told = [one.micro_dollars for day in report.days for one in day.aliases.values()]
        assert sum(told) == self.charged


Spending.TestCase.settings = settings(examples(150), stateful_step_count=40)
TestSpending = Spending.TestCase


def spend(ledger: Ledger, who: Caller, *, estimate: int, actual: int, clients: int) -> tuple[int, int]:
    """Let so many clients call at once; return how many were answered and how many were refused."""
    together = threading.Barrier(clients)

    def call(_: int) -> bool:
        together.wait()
        with contextlib.suppress(RateLimitError):
            reservation = ledger.reserve(who, alias="fast", estimate=usage(estimate))
            ledger.settle(reservation, usage(actual))
            return True
        return False

    with ThreadPoolExecutor(max_workers=clients) as pool:
        answered = sum(pool.map(call, range(clients)))
    return answered, clients - answered


def test_forty_threads_on_one_cent_do_not_overspend(dynamodb: Any, clock: Clock) -> None:
    ledger = ledger_over(OneAtATime(dynamodb), clock)
    ann = caller(usd=10_000)

    answered, refused = spend(ledger, ann, estimate=1_500, actual=900, clients=40)

    total = ledger.usage(ann.key_id, limits=ann.limits).total.micro_dollars
    assert total == answered * 900 <= 10_000
    assert answered >= 10_000 // 1_500
    assert refused >= 40 - 10_000 // 900


def test_forty_threads_on_five_requests_a_minute_make_five(dynamodb: Any, clock: Clock) -> None:
    ledger = ledger_over(OneAtATime(dynamodb), clock)

    assert spend(ledger, caller(rpm=5), estimate=1, actual=1, clients=40) == (5, 35)


def test_a_ledger_that_only_looked_before_it_reserved_would_be_caught() -> None:
    """The harness's own test: without its conditions, the fake lets the allowance be overspent."""
    table = FakeTable()
    update = table.update_item

    def unconditionally(**kwargs: Any) -> dict[str, Any]:
        kwargs.pop("ConditionExpression", None)
        return update(**kwargs)

    table.update_item = unconditionally  # type: ignore[method-assign]
    ledger = ledger_over(table, Clock())
    for _ in range(2):
        ledger.reserve(caller(usd=10), alias="fast", estimate=usage(9))

    assert ledger.remaining(caller(usd=10)).micro_dollars == -8
