"""Durations as people type them: 30m, 8h, 14d."""

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST: Final = timedelta(days=36_500)


def parse(text: str) -> timedelta:
    """Return the duration that ``text`` says.

    Raises:
        ValueError: not a positive whole number with one of the units m, h, d, w, or more than a hundred years.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,7})([mhdw])", text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a duration; write 30m, 8h, 14d or 2w")
    duration = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if duration > _LONGEST:
        raise ValueError(f"{text!r} is more than a hundred years")
    return duration
