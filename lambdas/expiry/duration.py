"""``expires_after`` as the environment file says it, and moments for people and for schedules."""

from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def moment(written: str, *, first_at: float) -> int:
    """Return when an environment ends (seconds since the epoch).

    Args:
        written: a duration, as 14d, or a moment in ISO 8601 with its offset; checked by ``configuration.expiry``.
        first_at: when it was first deployed, from which a duration counts.

    Raises:
        ValueError: it is neither.
    """
    if written[-1:] in _UNITS and written[:-1].isdigit():
        return int(first_at) + int(written[:-1]) * _UNITS[written[-1]]
    return int(datetime.fromisoformat(written).timestamp())


def shown(epoch: float) -> str:
    """Return a moment for people, as 2026-12-03 18:00 UTC."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")


def iso(epoch: float) -> str:
    """Return a moment as 2026-12-03T18:00:00Z."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(seconds: float) -> str:
    """Return a length of time for people, as "2 d 4 h" or "35 min"; seconds only where there is nothing larger."""
    minutes = int(timedelta(seconds=seconds).total_seconds()) // 60
    days, hours = divmod(minutes // 60, 24)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{minutes % 60} min" if minutes % 60 else ""]
    return " ".join(part for part in parts if part) or f"{int(seconds)} s"
