"""What ``GET /v1/usage`` and ``quarry usage`` show of a key. All money is whole micro-dollars."""

from datetime import date, timedelta

from msgspec import Struct

from lambdas.allowances import account
from lambdas.allowances.account import MEASURES, Account, Measures, day_of
from lambdas.allowances.remaining import Remaining
from lambdas.allowances.table import AllowanceTable
from lambdas.common.caller import Caller


class Limits(Struct, frozen=True, kw_only=True):
    """A key's limits; null is no limit."""

    requests_per_minute: int | None
    tokens_per_day: int | None
    micro_dollars: int | None
    aliases: list[str] | None


class Left(Struct, frozen=True, kw_only=True):
    """What is left, what is reserved taken off; null where there is no limit."""

    requests: int | None
    tokens: int | None
    micro_dollars: int | None


class Reserved(Struct, frozen=True, kw_only=True):
    """What calls that are under way may take."""

    requests: int
    tokens: int
    micro_dollars: int


class Spent(Struct, frozen=True, kw_only=True):
    """What calls took."""

    requests: int
    input_tokens: int
    output_tokens: int
    micro_dollars: int


class SpentToday(Struct, frozen=True, kw_only=True):
    """What calls took on a day (UTC), as 2026-11-21."""

    day: str
    requests: int
    input_tokens: int
    output_tokens: int
    micro_dollars: int


class SpentInAll(Struct, frozen=True, kw_only=True):
    """What calls took in the key's whole life."""

    micro_dollars: int


class SpentByAlias(Struct, frozen=True, kw_only=True):
    """What calls took on a day (UTC), by alias."""

    day: str
    aliases: dict[str, Spent]


class Standing(Struct, frozen=True, kw_only=True):
    """A key's present."""

    remaining: Left
    reserved: Reserved
    today: SpentToday
    total: SpentInAll


class Usage(Struct, tag_field="object", tag="usage", frozen=True, kw_only=True):
    """What a key has used and has left. ``days`` are newest first; past ones without usage are left out."""

    key_id: str
    limits: Limits
    remaining: Left
    reserved: Reserved
    today: SpentToday
    total: SpentInAll
    days: list[SpentByAlias]


def report(table: AllowanceTable, caller: Caller, *, days: int, now: float) -> Usage:
    """Return a key's usage over the last ``days`` days, today (UTC) included.

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
    present = standing(state, caller, now=now)
    return Usage(
        key_id=caller.key_id,
        limits=Limits(
            requests_per_minute=limits.requests_per_minute,
            tokens_per_day=limits.tokens_per_day,
            micro_dollars=limits.usd_total,
            aliases=None if limits.aliases is None else list(limits.aliases),
        ),
        remaining=present.remaining,
        reserved=present.reserved,
        today=present.today,
        total=present.total,
        days=[
            SpentByAlias(
                day=day, aliases={alias: Spent(**_sum({alias: one})) for alias, one in sorted(by_day[day].items())}
            )
            for day in sorted(by_day, reverse=True)
        ],
    )


def standing(state: Account, caller: Caller, *, now: float) -> Standing:
    """Return the report's parts on the present."""
    left = Remaining.of(state, caller.limits, now=now)
    reserved = [pending.usage for pending in state.pending.values()]
    return Standing(
        remaining=Left(
            requests=_not_below_zero(left.requests),
            tokens=_not_below_zero(left.tokens),
            micro_dollars=_not_below_zero(left.micro_dollars),
        ),
        reserved=Reserved(
            requests=len(reserved),
            tokens=sum(one.tokens for one in reserved),
            micro_dollars=sum(one.micro_dollars for one in reserved),
        ),
        today=SpentToday(day=day_of(now), **_sum(state.days.get(day_of(now), {}))),
        total=SpentInAll(micro_dollars=state.spent),
    )


def _not_below_zero(left: int | None) -> int | None:
    return None if left is None else max(0, left)


def _sum(aliases: dict[str, Measures]) -> Measures:
    return {measure: sum(one.get(measure, 0) for one in aliases.values()) for measure in MEASURES}
