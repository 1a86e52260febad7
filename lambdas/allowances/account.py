"""A key's account: one item, changed by single updates only, so that whatever happens at once happens in some order.

Layout of the table (partition key ``pk``, sort key ``sk``, time to live ``ttl``):

    pk ACCOUNTS#<0..f>   sk <key_id>         the account; sixteen shards, so that all accounts can be queried
        committed            N  micro-dollars spent and reserved in the key's whole life
        spent                N  micro-dollars spent
        m#<minute>           N  requests in that minute since the epoch
        t#<day>              N  tokens spent and reserved on that day (UTC)
        p#<reservation id>   M  a reservation: d day, a alias, i/o tokens in/out, u micro-dollars, e end;
                                l/x the input's likely tokens and micro-dollars
        u#<day>#<measure>#<alias>  N  what was spent, by day and alias; see MEASURES
        s#<0..2>             SS ids of calls that were charged without a reservation, of the last minute or so, so that
                                none is charged twice when an answer of the table's is lost
    pk KEY#<key_id>      sk DAY#<day>        a past day, moved out of the account by the sweep: <measure>#<alias> N, ttl

Minutes and days are part of the names, so a new one begins at nothing without anybody having to reset a counter.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from lambdas.allowances.usage import Usage

Item = dict[str, dict[str, Any]]
Measures = dict[str, int]

SHARDS: Final = tuple(f"ACCOUNTS#{number:x}" for number in range(16))
# What is counted per day and alias. Tokens in include those of the cache; money is micro-dollars.
MEASURES: Final = ("requests", "input_tokens", "output_tokens", "micro_dollars")
KEEP_DAYS: Final = 400
# A charge is tried again within seconds of the first attempt.
CHARGED_SECONDS: Final = 30
_CHARGED_SETS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A reservation that is neither settled nor released.

    Attributes:
        usage: what is held: the most that the call can take.
        likely_input: what the input likely takes, which is charged if the call is not heard of again.
        ends_at: its function is dead from then on (epoch).
    """

    reservation_id: str
    day: str
    alias: str
    usage: Usage
    likely_input: Usage
    ends_at: int

    def to_value(self) -> dict[str, Any]:
        """Return it as an attribute's value."""
        numbers = {
            "i": self.usage.input_tokens,
            "o": self.usage.output_tokens,
            "u": self.usage.micro_dollars,
            "l": self.likely_input.input_tokens,
            "x": self.likely_input.micro_dollars,
            "e": self.ends_at,
        }
        texts = {"d": {"S": self.day}, "a": {"S": self.alias}}
        return {"M": texts | {name: {"N": str(number)} for name, number in numbers.items()}}

    @classmethod
    def from_value(cls, reservation_id: str, value: Mapping[str, Any]) -> "Pending":
        """Read what ``to_value`` made."""
        entry = value["M"]
        usage = Usage(
            input_tokens=int(entry["i"]["N"]),
            output_tokens=int(entry["o"]["N"]),
            micro_dollars=int(entry["u"]["N"]),
        )
        likely_input = Usage(
            # Reservations of functions before an update have no likely tokens.
            input_tokens=int(entry.get("l", entry["i"])["N"]),
            micro_dollars=int(entry["x"]["N"]),
            input_micro_dollars=int(entry["x"]["N"]),
        )
        return cls(
            reservation_id=reservation_id,
            day=entry["d"]["S"],
            alias=entry["a"]["S"],
            usage=usage,
            likely_input=likely_input.input_part,
            ends_at=int(entry["e"]["N"]),
        )


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account as it was at one moment.

    Attributes:
        committed: micro-dollars spent and reserved in the key's whole life.
        spent: micro-dollars spent.
        requests: minute since the epoch -> requests.
        tokens: day -> tokens spent and reserved.
        pending: reservations, by id.
        days: day -> alias -> measure -> what was spent.
    """

    key_id: str
    committed: int = 0
    spent: int = 0
    requests: dict[int, int] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    days: dict[str, dict[str, Measures]] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """Micro-dollars that calls hold which are under way."""
        return self.committed - self.spent

    def held_tokens(self, day: str) -> int:
        """Return the tokens of a day that calls hold which are under way."""
        return sum(pending.usage.tokens for pending in self.pending.values() if pending.day == day)

    @classmethod
    def from_item(cls, key_id: str, item: Mapping[str, Any]) -> "Account":
        """Read the item; an empty one is the account of a key that was never used."""
        requests: dict[int, int] = {}
        tokens: dict[str, int] = {}
        pending: dict[str, Pending] = {}
        days: dict[str, dict[str, Measures]] = {}
        for name, value in item.items():
            kind, _, rest = name.partition("#")
            if kind == "m":
                requests[int(rest)] = int(value["N"])
            elif kind == "t":
                tokens[rest] = int(value["N"])
            elif kind == "p":
                pending[rest] = Pending.from_value(rest, value)
            elif kind == "u":
                day, measure, alias = rest.split("#", 2)
                days.setdefault(day, {}).setdefault(alias, {})[measure] = int(value["N"])
        return cls(
            key_id=key_id,
            committed=int(item.get("committed", {"N": "0"})["N"]),
            spent=int(item.get("spent", {"N": "0"})["N"]),
            requests=requests,
            tokens=tokens,
            pending=pending,
            days=days,
        )


def charged_sets(now: float) -> tuple[str, str]:
    """Return the set that has the calls that are charged now, and the oldest, which is no longer needed.

    Three take turns, so whatever is charged is remembered for ``CHARGED_SECONDS`` at least, and nobody has to read the
    account to know which one goes.
    """
    turn = int(now // CHARGED_SECONDS)
    return f"s#{turn % _CHARGED_SETS}", f"s#{(turn + 1) % _CHARGED_SETS}"


def key(key_id: str) -> Item:
    """Return the primary key of a key's account."""
    return {"pk": {"S": SHARDS[zlib.crc32(key_id.encode()) % len(SHARDS)]}, "sk": {"S": key_id}}


def day_key(key_id: str, day: str) -> Item:
    """Return the primary key of a past day."""
    return {"pk": {"S": f"KEY#{key_id}"}, "sk": {"S": f"DAY#{day}"}}


def past_day_item(key_id: str, day: str, aliases: Mapping[str, Measures]) -> Item:
    """Return a past day's item."""
    expires = datetime.combine(date.fromisoformat(day) + timedelta(days=KEEP_DAYS), datetime.min.time(), UTC)
    item = day_key(key_id, day)
    item["ttl"] = {"N": str(int(expires.timestamp()))}
    for alias, measures in aliases.items():
        item.update({f"{measure}#{alias}": {"N": str(count)} for measure, count in measures.items()})
    return item


def past_day(item: Mapping[str, Any]) -> tuple[str, dict[str, Measures]]:
    """Return (day, alias -> measures) of a past day's item."""
    aliases: dict[str, Measures] = {}
    for name, value in item.items():
        measure, found, alias = name.partition("#")
        if found:
            aliases.setdefault(alias, {})[measure] = int(value["N"])
    return item["sk"]["S"].removeprefix("DAY#"), aliases


def charges(usage: Usage, *, alias: str, day: str) -> dict[str, int]:
    """Return what one call adds to the account's attributes on what is spent."""
    measures = (1, usage.input_tokens, usage.output_tokens, usage.micro_dollars)
    counted = {f"u#{day}#{measure}#{alias}": count for measure, count in zip(MEASURES, measures, strict=True)}
    return {"spent": usage.micro_dollars, **counted}


def minute_of(now: float) -> int:
    """Return the minute since the epoch."""
    return int(now // 60)


def day_of(now: float) -> str:
    """Return the day (UTC) as 2026-11-21."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()
