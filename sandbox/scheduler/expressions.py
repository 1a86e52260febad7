"""When a schedule is due: ``at()``, ``rate()`` and ``cron()``, each in the schedule's time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ministack.services import eventbridge

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


def is_one_time(expression: str) -> bool:
    """Whether a schedule fires once."""
    return expression.startswith("at(")


def check(expression: str, timezone: str) -> None:
    """Refuse what is no expression, or no time zone.

    Raises:
        ValueError: with what is wrong.
    """
    try:
        ZoneInfo(timezone)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError(f"Provided timezone {timezone} is invalid.") from error
    if next_time(expression, timezone, after=0.0) is None:
        raise ValueError(f"Invalid Schedule Expression {expression}.")


def next_time(expression: str, timezone: str, *, after: float) -> float | None:
    """Return when it is due next (seconds since the epoch), None for what is no expression or never due.

    Args:
        after: when the schedule was made or changed, or was due last. An ``at()`` is due at its time, be it past.
    """
    if match := _AT.fullmatch(expression):
        try:
            return datetime.fromisoformat(match[1]).replace(tzinfo=ZoneInfo(timezone)).timestamp()
        except ValueError:
            return None
    interval = eventbridge._parse_rate_seconds(expression)
    if interval is not None:
        return after + interval if interval else None
    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        return None
    zone = ZoneInfo(timezone)
    found = eventbridge._cron_next_fire(fields, datetime.fromtimestamp(after, UTC).astimezone(zone))
    return None if found is None else found.timestamp()
