"""What ``GET /v1/usage`` and ``quarry usage`` show of a key. All money is whole micro-dollars."""

from datetime import date, timedelta
from typing import Any

from lambdas.allowances import account
from lambdas.allowances.account import MEASURES, Account, Measures, day_of
from lambdas.allowances.remaining import Remaining
from lambdas.allowances.table import AllowanceTable
from lambdas.common.caller import Caller


def report(table: AllowanceTable, caller: Caller, *, days: int, now: float) -> dict[str, Any]:
    """Return a key's usage over the last ``days`` days, today (UTC) included, newest first.

    Returns:
        ``{"object": "usage", "key_id", "limits": {"requests_per_minute", "tokens_per_day", "micro_dollars", "aliases"},
        "remaining": {"requests", "tokens", "micro_dollars"}, "reserved": {"requests", "tokens", "micro_dollars"},
        "today": {"day", *MEASURES}, "total": {"micro_dollars"}, "days": [{"day", "aliases": {alias: MEASURES}}]}``;
        what is not limited is None. Past days without usage are left out.

    Raises:
        ValueError: ``days`` is not from 1 to 400.
    """
    if not 1 <= days <= account.KEEP_DAYS:
        raise ValueError(f"days must be from 1 to {account.KEEP_DAYS}")
    today = day_of(now)
    first = (date.fromisoformat(today) - timedelta(days=days - 1)).isoformat()
    state = Account.from_item(caller.key_id, table.get(account.key(caller.key_id)))
    by_day = {day: aliases for day, aliases in state.days.items() if day >= first}
    # Days that are in both places are the same in both.
    key = account.day_key(caller.key_id, first)
    by_day.update(account.past_day(item) for item in table.query(key["pk"]["S"], sk_from=key["sk"]["S"]))
    limits = caller.limits
    return {
        "object": "usage",
        "key_id": caller.key_id,
        "limits": {
            "requests_per_minute": limits.requests_per_minute,
            "tokens_per_day": limits.tokens_per_day,
            "micro_dollars": limits.usd_total,
            "aliases": None if limits.aliases is None else list(limits.aliases),
        },
        **standing(state, caller, now=now),
        "days": [
            {"day": day, "aliases": {alias: _sum({alias: one}) for alias, one in sorted(by_day[day].items())}}
            for day in sorted(by_day, reverse=True)
        ],
    }


def standing(state: Account, caller: Caller, *, now: float) -> dict[str, Any]:
    """Return the report's parts on the present: remaining, reserved, today, total."""
    left = Remaining.of(state, caller.limits, now=now)
    reserved = [pending.usage for pending in state.pending.values()]
    return {
        "remaining": {
            name: None if value is None else max(0, value)
            for name, value in (
                ("requests", left.requests),
                ("tokens", left.tokens),
                ("micro_dollars", left.micro_dollars),
            )
        },
        "reserved": {
            "requests": len(reserved),
            "tokens": sum(one.tokens for one in reserved),
            "micro_dollars": sum(one.micro_dollars for one in reserved),
        },
        "today": {"day": day_of(now), **_sum(state.days.get(day_of(now), {}))},
        "total": {"micro_dollars": state.spent},
    }


def _sum(aliases: dict[str, Measures]) -> Measures:
    return {measure: sum(one.get(measure, 0) for one in aliases.values()) for measure in MEASURES}
