"""The ledger: allowances are reserved before a call and settled after it, so that concurrent calls cannot overspend.

Each step is one conditional update of the key's account (``lambdas.allowances.account``). A call is let through if what
was spent, what other calls hold and what it likely takes itself are within the limits together; then it holds the most
that it can take. So a call whose bound is far too high is not refused for that, and while one holds more than is left,
no other begins. Under any concurrency, for the limits that a caller came with:

    requests begun in a minute   <= requests_per_minute
    tokens spent in a day        <= tokens_per_day  + what one call took more than was likely
    money spent in all           <= usd_total       + what one call took more than was likely

as long as no call takes more than the most that was estimated; one that does is charged what it took.
A key without such limits is not reserved for: its calls are counted once, when they are settled.

Where the environment has a budget, its month is read beside the reservation, and added to beside the charge: see
``lambdas.budget.spending``.
"""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lambdas.allowances import account, refusals, sweeper
from lambdas.allowances.account import Account, Item, Pending, day_of, minute_of
from lambdas.allowances.remaining import Remaining
from lambdas.allowances.table import AllowanceTable, Change, ConditionFailedError, DynamoDbClient
from lambdas.allowances.usage import Usage
from lambdas.common.caller import Caller, KeyLimits
from lambdas.common.errors import UnavailableError

if TYPE_CHECKING:
    from lambdas.allowances import report
    from lambdas.budget.spending import Spending

# A reservation outlives the function that made it by this much before it is swept.
MARGIN_SECONDS: Final = 60
# Clocks of functions differ by less.
STALE_MINUTES: Final = 2


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """What was reserved for one call. Settle or release it exactly once; more often does no harm.

    Attributes:
        estimate: what is held.
        remaining: what was left once this was reserved.
        recorded: whether the table knows it; for a key without limits it does not.
        stale: attributes of past minutes, which the next update removes.
    """

    caller: Caller
    alias: str
    estimate: Usage
    reservation_id: str
    day: str
    remaining: Remaining
    recorded: bool
    stale: tuple[str, ...] = ()
    _open: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def close(self) -> bool:
        """Return True the first time, False ever after."""
        return self._open.acquire(blocking=False)


class Ledger:
    """All accounts.

    Args:
        client: DynamoDB's, low-level.
        table_name: of the allowances table.
        call_seconds: how long the function that makes calls may run: reservations older than that and
            ``MARGIN_SECONDS`` are swept. Who only reads or sweeps needs none.
        clock: seconds since the epoch.
        sleep: waits that many seconds; for tests.
        spending: the environment's month, where it has a budget.
    """

    def __init__(
        self,
        *,
        client: DynamoDbClient,
        table_name: str,
        call_seconds: int = 0,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        spending: "Spending | None" = None,
    ) -> None:
        self._table = AllowanceTable(client=client, name=table_name, sleep=sleep)
        self._call_seconds = call_seconds
        self._clock = clock
        self._spending = spending

    def reserve(self, caller: Caller, *, alias: str, estimate: Usage, likely: Usage | None = None) -> Reservation:
        """Reserve what a call may take: one write, none for a key without limits.

        Args:
            estimate: the most that it can take, which is held.
            likely: what it likely takes, by which it is let through; left out, it is the estimate.

        Raises:
            PermissionDeniedError: the key may not call the alias ("model_not_allowed").
            AllowanceSpentError: a RateLimitError: nothing was reserved; code "rate_limit_exceeded" with the seconds to
                the next minute, or to when other calls may have ended that hold what is missing; or
                "insufficient_quota", for tokens with the seconds to midnight UTC.
            BudgetSpentError: a RateLimitError: the environment's budget is spent, so nothing was reserved.
            UnavailableError: the table stayed busy.
        """
        likely = likely or estimate
        refusals.check_alias(caller, alias, estimate)
        now = self._clock()
        entry = Pending(
            reservation_id=secrets.token_hex(8),
            day=day_of(now),
            alias=alias,
            usage=estimate,
            likely_input=likely.input_part,
            ends_at=int(now) + self._call_seconds + MARGIN_SECONDS,
        )
        item = self._begun(caller, entry, likely, now=now)
        state = Account.from_item(caller.key_id, item)
        return Reservation(
            caller=caller,
            alias=alias,
            estimate=estimate,
            reservation_id=entry.reservation_id,
            day=entry.day,
            remaining=Remaining.of(state, caller.limits, now=now),
            recorded=caller.limits.counted,
            stale=tuple(f"m#{minute}" for minute in state.requests if minute <= minute_of(now) - STALE_MINUTES),
        )

    def _begun(self, caller: Caller, entry: Pending, likely: Usage, *, now: float) -> Item:
        """Write the reservation, if there is one to write, while it is looked whether the budget is spent."""
        spending = self._spending
        if not caller.limits.counted:
            if spending is not None:
                spending.check()
            return {}
        checking = spending.checking() if spending is not None else None
        item = self._reserved(caller, entry, likely, now=now)
        if checking is not None:
            try:
                checking.result()
            except BaseException:
                self._give_back(caller, entry)
                raise
        return item

    def _give_back(self, caller: Caller, entry: Pending) -> None:
        """Take a reservation back that nothing came of; if that fails, it stays until it is swept."""
        change = Change()
        _unreserve(change, entry.reservation_id, entry.day, entry.usage)
        with contextlib.suppress(ConditionFailedError, UnavailableError):
            self._table.update(account.key(caller.key_id), change, told=False)

    def _reserved(self, caller: Caller, entry: Pending, likely: Usage, *, now: float) -> Item:
        """Write the reservation and return the account's item, or raise why not."""
        key = account.key(caller.key_id)
        name = f"p#{entry.reservation_id}"
        change = Change()
        if not _limit(change, caller.limits, likely, now=now):
            # More than the whole limit: the account is only read to say what is left.
            raise _refusal(caller, likely, self._table.get(key), now=now)
        change.only_without(name)
        change.set(name, entry.to_value())
        change.add(f"m#{minute_of(now)}", 1)
        change.add(f"t#{entry.day}", entry.usage.tokens)
        change.add("committed", entry.usage.micro_dollars)
        try:
            return self._table.update(key, change)
        except ConditionFailedError as failed:
            if name in failed.item:
                # An attempt whose answer was lost had succeeded.
                return failed.item
            raise _refusal(caller, likely, failed.item, now=now) from failed

    def settle(self, reservation: Reservation, actual: Usage) -> Remaining:
        """Charge what the call took in place of what was reserved: one write. Settling twice charges once.

        Raises:
            UnavailableError: the table stayed busy; what was reserved stays so until it is swept.
        """
        change = Change()
        first = reservation.close()
        if reservation.recorded:
            self._unreserve(change, reservation)
        elif first:
            present, oldest = account.charged_sets(self._clock())
            change.only_without_member(present, reservation.reservation_id)
            change.add_to_set(present, reservation.reservation_id)
            change.remove(oldest)
        else:
            return reservation.remaining
        adding = self._spending.adding(actual.micro_dollars) if first and self._spending is not None else None
        try:
            return self._charged(reservation, change, actual)
        finally:
            if adding is not None:
                adding.result()

    def _charged(self, reservation: Reservation, change: Change, actual: Usage) -> Remaining:
        change.add(f"t#{reservation.day}", actual.tokens)
        change.add("committed", actual.micro_dollars)
        for name, amount in account.charges(actual, alias=reservation.alias, day=reservation.day).items():
            change.add(name, amount)
        if not reservation.recorded:
            # Nothing is limited, so there is nothing to tell. If the condition fails, an attempt whose answer was lost
            # had succeeded.
            with contextlib.suppress(ConditionFailedError):
                self._table.update(account.key(reservation.caller.key_id), change, told=False)
            return reservation.remaining
        return self._change(reservation, change)

    def release(self, reservation: Reservation) -> Remaining:
        """Give back what was reserved, for a call that cost nothing; the request stays counted. Twice does no harm.

        Raises:
            UnavailableError: the table stayed busy; what was reserved stays so until it is swept.
        """
        if not reservation.recorded:
            reservation.close()
            return reservation.remaining
        change = Change()
        self._unreserve(change, reservation)
        return self._change(reservation, change)

    def _unreserve(self, change: Change, reservation: Reservation) -> None:
        _unreserve(change, reservation.reservation_id, reservation.day, reservation.estimate)
        for stale in reservation.stale:
            change.remove(stale)

    def _change(self, reservation: Reservation, change: Change) -> Remaining:
        try:
            item = self._table.update(account.key(reservation.caller.key_id), change)
        except ConditionFailedError as failed:
            item = failed.item
        return self._remaining(reservation.caller, item)

    def remaining(self, caller: Caller) -> Remaining:
        """Return what the key has left now; one read."""
        return self._remaining(caller, self._table.get(account.key(caller.key_id)))

    def _remaining(self, caller: Caller, item: Item) -> Remaining:
        state = Account.from_item(caller.key_id, item)
        return Remaining.of(state, caller.limits, now=self._clock())

    def usage(self, key_id: str, *, limits: KeyLimits, days: int = 7) -> "report.Usage":
        """Return what the key has spent over the last ``days`` days, and has left.

        The report's types are imported here, because no call to a model needs them.
        """
        from lambdas.allowances import report

        return report.report(self._table, Caller(key_id=key_id, limits=limits), days=days, now=self._clock())

    def accounts(self) -> Iterator[Account]:
        """Yield the accounts of all keys that were ever used; they may be some seconds old."""
        return sweeper.accounts(self._table)

    def sweep(self, now: float) -> int:
        """End the reservations of dead functions and return how many: see ``lambdas.allowances.sweeper``."""
        return sweeper.sweep(self._table, now=now, spending=self._spending)


def _unreserve(change: Change, reservation_id: str, day: str, held: Usage) -> None:
    name = f"p#{reservation_id}"
    change.only_with(name)
    change.remove(name)
    change.add(f"t#{day}", -held.tokens)
    change.add("committed", -held.micro_dollars)


def _refusal(caller: Caller, likely: Usage, item: Item, *, now: float) -> Exception:
    refused = refusals.refusal(caller, Account.from_item(caller.key_id, item), likely, now=now)
    # The item is the very one that the condition was held against.
    return refused or AssertionError("the allowance was refused for no reason")


def _limit(change: Change, limits: KeyLimits, likely: Usage, *, now: float) -> bool:
    """Make the change conditional on the limits; return False if it can fit under no condition."""
    wanted = (
        (f"m#{minute_of(now)}", limits.requests_per_minute, 1),
        (f"t#{day_of(now)}", limits.tokens_per_day, likely.tokens),
        ("committed", limits.usd_total, likely.micro_dollars),
    )
    for name, limit, amount in wanted:
        # What takes nothing of a limit, as a search does of money, is not refused for it.
        if limit is None or not amount:
            continue
        if amount > limit:
            return False
        change.only_up_to(name, limit - amount)
    return True
