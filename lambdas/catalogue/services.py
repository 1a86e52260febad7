"""What AWS's services cost, in US dollars: list prices by region, dated. An estimate, never a bill."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from lambdas.catalogue.service_facts import ServicePrice, Services

__all__ = [
    "HOURS_PER_MONTH",
    "PATH",
    "ServicePrice",
    "UnpricedError",
    "as_of",
    "load",
    "price",
    "usd_per_hour",
    "usd_per_use",
]

PATH: Final = Path(__file__).with_name("services.json")
# AWS's own calculator and pages reckon a month so; what is billed by the month is billed by its hours.
HOURS_PER_MONTH: Final = 730


class UnpricedError(LookupError):
    """There is no figure for it, in that region; says for what."""


@cache
def load() -> Services:
    """Return all prices, read and type-checked once per process.

    Raises:
        msgspec.ValidationError: the file is not what this code expects; compile it anew.
    """
    return msgspec.json.decode(PATH.read_bytes(), type=Services)


def price(name: str) -> ServicePrice:
    """Return a price with all its regions.

    Raises:
        UnpricedError: there is none of that name.
    """
    try:
        return load().prices[name]
    except KeyError as error:
        raise UnpricedError(f"no price {name}") from error


def usd_per_hour(name: str, *, region: str) -> float:
    """Return what one unit costs for an hour.

    Raises:
        UnpricedError: the price is not known there, or is one per use.
    """
    found = price(name)
    if found.period is None:
        raise UnpricedError(f"{name} is paid per use")
    return _in(found, name, region) / (HOURS_PER_MONTH if found.period == "month" else 1)


def usd_per_use(name: str, *, region: str) -> float:
    """Return what one unit costs.

    Raises:
        UnpricedError: the price is not known there, or is one for as long as something is there.
    """
    found = price(name)
    if found.period is not None:
        raise UnpricedError(f"{name} is paid by the {found.period}")
    return _in(found, name, region)


def as_of() -> date:
    """Return the day on which the oldest of the prices was looked up."""
    return min(one.checked for one in load().prices.values())


def _in(found: ServicePrice, name: str, region: str) -> float:
    if region not in found.usd:
        raise UnpricedError(f"{name} has no price in {region}; it has in {', '.join(sorted(found.usd))}")
    return found.usd[region] / found.per
