"""Ending the reservations of functions that died in mid-call, and moving past days out of the accounts.

What a died call is charged: Bedrock bills what it read as soon as it begins to answer, and nobody knows how much it
wrote. So what the input likely took is charged where its price is known, and nothing where it is not; charging all that
was reserved would take the longest possible answer from somebody who got none.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from lambdas.allowances import account
from lambdas.allowances.account import SHARDS, Account, Pending, day_of
from lambdas.allowances.table import AllowanceTable, Change, ConditionFailedError

if TYPE_CHECKING:
    from lambdas.budget.spending import Spending


def accounts(table: AllowanceTable) -> Iterator[Account]:
    """Yield the accounts of all keys that were ever used; they may be some seconds old."""
    for shard in SHARDS:
        for item in table.query(shard):
            yield Account.from_item(item["sk"]["S"], item)


def sweep(table: AllowanceTable, *, now: float, spending: "Spending | None" = None) -> int:
    """End the reservations whose time is over at ``now`` (seconds since the epoch) and return how many there were.

    An account without such reservations has its past days moved to items of their own, so that it stays small.

    Args:
        spending: the environment's month, to which what is charged is added, where it has a budget.

    Raises:
        UnavailableError: the table stayed busy; the next sweep goes on.
    """
    ended = 0
    for one in accounts(table):
        dead = [pending for pending in one.pending.values() if pending.ends_at <= now]
        for pending in dead:
            if _end(table, one.key_id, pending, today=day_of(now)):
                ended += 1
                if spending is not None:
                    spending.add(pending.likely_input.micro_dollars)
        # What was just charged is not in the account as it was read.
        if not dead:
            _move_past_days(table, one, today=day_of(now))
    return ended


def _end(table: AllowanceTable, key_id: str, pending: Pending, *, today: str) -> bool:
    """Return whether it was still there: its function may have been late, or another sweep early."""
    charged = pending.likely_input
    name = f"p#{pending.reservation_id}"
    change = Change()
    change.only_with(name)
    change.remove(name)
    change.add("committed", charged.micro_dollars - pending.usage.micro_dollars)
    change.add(f"t#{pending.day}", charged.tokens - pending.usage.tokens)
    if charged.micro_dollars:
        # On today's page, because the reservation's day may have been moved already.
        for attribute, amount in account.charges(charged, alias=pending.alias, day=today).items():
            change.add(attribute, amount)
    try:
        table.update(account.key(key_id), change)
    except ConditionFailedError:
        return False
    return True


def _move_past_days(table: AllowanceTable, one: Account, *, today: str) -> None:
    """Move the days before yesterday, which nothing writes to any more. Doing it again after a failure is the same."""
    yesterday = (date.fromisoformat(today) - timedelta(days=1)).isoformat()
    for day in sorted(day for day in {*one.days, *one.tokens} if day < yesterday):
        aliases = one.days.get(day, {})
        if aliases:
            table.put(account.past_day_item(one.key_id, day, aliases))
        # A day at a time, because DynamoDB bounds the length of an expression.
        change = Change()
        change.remove(f"t#{day}")
        for alias, measures in aliases.items():
            for measure in measures:
                change.remove(f"u#{day}#{measure}#{alias}")
        table.update(account.key(one.key_id), change)
