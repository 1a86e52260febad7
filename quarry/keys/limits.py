"""A key's limits as they are typed and as they are shown: money in dollars here, in micro-dollars inside."""

import re
import time
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Annotated, Final

import typer

from configuration import duration
from lambdas.allowances.usage import dollars
from lambdas.authorizer.keys import ApiKey, KeyNotFoundError, KeyRevokedError, KeyStore, LimitNotRaisedError
from lambdas.common.caller import KeyLimits
from quarry.command_error import CommandError

_USD: Final = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)
_MOST: Final = 10**12

Usd = Annotated[str | None, typer.Option("--usd", help="US dollars in its whole life, as 5 or 0.50.")]
TokensPerDay = Annotated[
    int | None, typer.Option("--tokens-per-day", min=1, max=_MOST, help="Tokens in and out per day (UTC).")
]
RequestsPerMinute = Annotated[int | None, typer.Option("--rpm", min=1, max=_MOST, help="Requests per minute.")]
Expires = Annotated[str | None, typer.Option("--expires", help="How long it is good for from now on: 8h, 14d.")]
Aliases = Annotated[
    str | None, typer.Option("--aliases", help="Aliases that it may call, as fast,smart. Default: all.")
]


def micro_dollars(usd: str | None) -> int | None:
    """Return an amount in micro-dollars.

    Raises:
        CommandError: it is not a positive amount of dollars with at most six decimals.
    """
    if usd is None:
        return None
    amount = int(Decimal(usd) * 1_000_000) if _USD.fullmatch(usd) else 0
    if not amount:
        raise CommandError(f"--usd: {usd!r} is not an amount in dollars; write 5 or 0.50.", exit_code=2)
    return amount


def end(expires: str | None) -> int | None:
    """Return when a duration from now on ends, in seconds since the epoch.

    Raises:
        CommandError: it is not a duration.
    """
    if expires is None:
        return None
    try:
        return int(time.time() + duration.parse(expires).total_seconds())
    except ValueError as error:
        raise CommandError(f"--expires: {error}", exit_code=2) from error


def chosen(aliases: str | None, *, known: Collection[str]) -> tuple[str, ...] | None:
    """Return the aliases of a list with commas, each once.

    Raises:
        CommandError: one is unknown, or there is none; names those that there are.
    """
    if aliases is None:
        return None
    names = tuple(dict.fromkeys(filter(None, (name.strip() for name in aliases.split(",")))))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"there is no {', '.join(unknown)}" if unknown else "no alias is named"
        raise CommandError(f"--aliases: {what}; there are {', '.join(sorted(known))}.", exit_code=2)
    return names


def to_raise(
    *, usd: str | None, tokens_per_day: int | None, rpm: int | None, expires: str | None
) -> dict[str, int | None]:
    """Return new limits as ``KeyStore.raise_limits`` takes them.

    Raises:
        CommandError: one is wrong, or none is there.
    """
    wanted = {
        "usd_total": micro_dollars(usd),
        "tokens_per_day": tokens_per_day,
        "requests_per_minute": rpm,
        "expires_at": end(expires),
    }
    if all(value is None for value in wanted.values()):
        raise CommandError("Say what to raise: --usd, --tokens-per-day, --rpm or --expires.", exit_code=2)
    return wanted


def raised(store: KeyStore, key_id: str, wanted: Mapping[str, int | None]) -> ApiKey:
    """Raise a key's limits and return it.

    Raises:
        CommandError: there is no such key (any more), or a limit would not be raised.
    """
    try:
        return store.raise_limits(key_id, **wanted)
    except (KeyNotFoundError, KeyRevokedError) as error:
        raise CommandError(str(error)) from error
    except LimitNotRaisedError as error:
        raise CommandError(f"{error}. `quarry keys list` shows the present ones.", exit_code=2) from error


def in_words(limits: KeyLimits) -> str:
    """Return limits as "$5.00, 200,000 tokens/day, 20/min, only fast"."""
    words = []
    if limits.usd_total is not None:
        words.append(dollars(limits.usd_total))
    if limits.tokens_per_day is not None:
        words.append(f"{limits.tokens_per_day:,} tokens/day")
    if limits.requests_per_minute is not None:
        words.append(f"{limits.requests_per_minute:,}/min")
    if limits.aliases is not None:
        words.append(f"only {' '.join(limits.aliases)}")
    return ", ".join(words) or "none"
