"""Durations as people write them, in environment files and on the command line: 30m, 12h, 30d, 2w."""

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
    match = re.fullmatch(r"([1-9][0-9]{0,7})([mhdw])", text.strip(), re.ASCII)
    if not match:
        raise ValueError(f"{text!r} is not a duration; write 30m, 12h, 30d or 2w")
    duration = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if duration > _LONGEST:
        raise ValueError(f"{text!r} is more than a hundred years")
    return duration


def between(least: str, most: str, text: str) -> str:
    """Return ``text`` if it is a duration from ``least`` to ``most``.

    Raises:
        ValueError: it is none, or shorter or longer; with the bounds.
    """
    if not parse(least) <= parse(text) <= parse(most):
        raise ValueError(f"{text!r} is not accepted: expected a duration from {least} to {most}")
    return text
