"""What is left of a key's allowances, and the headers that tell it."""

import math
from dataclasses import dataclass

from lambdas.allowances.account import Account, day_of, minute_of
from lambdas.allowances.usage import usd
from lambdas.common.caller import KeyLimits

MINUTE_SECONDS = 60
DAY_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True)
class Remaining:
    """What is left, what is reserved taken off; None where there is no limit.

    Below 0 where calls took more than was estimated, or where limits were lowered.

    Attributes:
        requests: in this minute.
        tokens: on this day (UTC).
        micro_dollars: in the key's whole life.
        minute_ends_in: seconds, at least 1.
        day_ends_in: seconds, at least 1.
    """

    limits: KeyLimits
    requests: int | None
    tokens: int | None
    micro_dollars: int | None
    minute_ends_in: int
    day_ends_in: int

    @classmethod
    def of(cls, account: Account, limits: KeyLimits, *, now: float) -> "Remaining":
        """Return what ``account`` has left at ``now`` (seconds since the epoch)."""
        return cls(
            limits=limits,
            requests=_left(limits.requests_per_minute, account.requests.get(minute_of(now), 0)),
            tokens=_left(limits.tokens_per_day, account.tokens.get(day_of(now), 0)),
            micro_dollars=_left(limits.usd_total, account.committed),
            minute_ends_in=_until(now, MINUTE_SECONDS),
            day_ends_in=_until(now, DAY_SECONDS),
        )


def headers(remaining: Remaining) -> dict[str, str]:
    """Return response headers: OpenAI's names where it has one, never below 0; nothing for what is not limited."""
    found: dict[str, str] = {}
    if remaining.requests is not None:
        found["x-ratelimit-limit-requests"] = str(remaining.limits.requests_per_minute)
        found["x-ratelimit-remaining-requests"] = str(max(0, remaining.requests))
        found["x-ratelimit-reset-requests"] = f"{remaining.minute_ends_in}s"
    if remaining.tokens is not None:
        found["x-ratelimit-limit-tokens"] = str(remaining.limits.tokens_per_day)
        found["x-ratelimit-remaining-tokens"] = str(max(0, remaining.tokens))
        found["x-ratelimit-reset-tokens"] = f"{remaining.day_ends_in}s"
    if remaining.micro_dollars is not None:
        found["x-quarry-remaining-usd"] = usd(max(0, remaining.micro_dollars))
    return found


def _left(limit: int | None, taken: int) -> int | None:
    return None if limit is None else limit - taken


def _until(now: float, step: int) -> int:
    return max(1, math.ceil(step - now % step))
