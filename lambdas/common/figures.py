"""Figures as people read them: money of which something is left however little it is, and nouns that are counted."""

from math import floor, log10
from typing import Final

_CENT: Final = 0.01
_LEAST: Final = 0.000_001


def us_dollars(amount: float) -> str:
    """Return dollars, as "1,234.50"; less than a cent with two digits that count, as "0.0042", or "< 0.000001"."""
    size = abs(amount)
    if size == 0 or size >= _CENT:
        return f"{amount:,.2f}"
    if size < _LEAST:
        return f"{'> -' if amount < 0 else '< '}{_LEAST:.6f}"
    return f"{amount:.{min(6, 1 - floor(log10(size)))}f}"


def counted(number: float, noun: str) -> str:
    """Return a number of things, as "1 hour", "2.5 hours" or "1,000 hours"."""
    said = f"{number:,}" if isinstance(number, int) else f"{number:,.6g}"
    return f"{said} {noun}" if number == 1 else f"{said} {noun}s"
