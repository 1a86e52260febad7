"""Who calls, and what the key may do: what the authorizer hands to functions, so that none of them reads the keys.

API Gateway carries strings only, so the limits travel as compact JSON with what is not limited left out:
``{"requests_per_minute":20,"usd_total":5000000}``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

# Of a key's limits, the amounts.
COUNTED: Final = ("requests_per_minute", "tokens_per_day", "usd_total")


@dataclass(frozen=True, kw_only=True)
class KeyLimits:
    """A key's limits; None is no limit.

    Attributes:
        requests_per_minute: requests in a minute of the clock.
        tokens_per_day: tokens, in and out, in a day (UTC).
        usd_total: micro-dollars (millionths of a US dollar) in the key's whole life.
        aliases: the aliases that it may call.
    """

    requests_per_minute: int | None = None
    tokens_per_day: int | None = None
    usd_total: int | None = None
    aliases: tuple[str, ...] | None = None

    @property
    def counted(self) -> bool:
        """Whether calls have to be reserved: some amount is limited, and not just which aliases may be called."""
        return any(getattr(self, name) is not None for name in COUNTED)

    def to_context(self) -> str:
        """Return the limits as JSON for the authorizer's context."""
        limits = {name: getattr(self, name) for name in (*COUNTED, "aliases") if getattr(self, name) is not None}
        return json.dumps(limits, separators=(",", ":"))

    @classmethod
    def from_context(cls, text: str) -> Self:
        """Read what ``to_context`` wrote.

        Raises:
            ValueError: it is something else. What is not understood could be a limit, so it is not passed over.
        """
        limits = json.loads(text)
        if not isinstance(limits, dict) or set(limits) - {*COUNTED, "aliases"}:
            raise ValueError("the authorizer's limits are not understood")
        counts = {name: limits[name] for name in COUNTED if name in limits}
        if not all(type(count) is int and count >= 0 for count in counts.values()):
            raise ValueError("the authorizer's limits are not whole numbers")
        aliases = limits.get("aliases")
        if aliases is None:
            return cls(**counts)
        if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
            raise ValueError("the authorizer's aliases are not a list of names")
        return cls(**counts, aliases=tuple(aliases))


NO_LIMITS: Final = KeyLimits()


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The key behind a request. ``owner`` is the name that the key was made for."""

    key_id: str
    owner: str = ""
    limits: KeyLimits = NO_LIMITS

    @classmethod
    def from_authorizer_context(cls, context: Mapping[str, Any]) -> Self:
        """Read ``event["requestContext"]["authorizer"]``. A context without ``limits`` has none.

        Raises:
            ValueError: there is no key_id, or the limits are not what ``KeyLimits.to_context`` writes.
        """
        key_id = context.get("key_id")
        if not isinstance(key_id, str) or not key_id:
            raise ValueError("the authorizer's context names no key")
        limits = context.get("limits")
        return cls(
            key_id=key_id,
            owner=str(context.get("owner", "")),
            limits=KeyLimits.from_context(limits) if limits else NO_LIMITS,
        )
