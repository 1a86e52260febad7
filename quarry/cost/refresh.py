"""Holding ``prices.yaml`` against the Price List, and taking over what has changed, with the day; the text stays.

Of a line that changes only the figure and the two lines about where it is from are written anew: comments, order and
every other region are as they were.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from lambdas.catalogue.service_facts import ServicePrice
from quarry.command_error import CommandError
from quarry.cost.price_list import Listed

Kind = Literal["changed", "new", "ambiguous", "missing"]
# The list has ten digits.
_PRECISION: Final = 1e-6


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One price that the list has otherwise.

    Attributes:
        kind: "new": we had none in the region. "ambiguous": products of several prices answer to its name. "missing":
            we have one and the list none, which happens; it proves nothing.
        ours: None if we have none.
        theirs: what the list has; of an ambiguous one all figures.
    """

    name: str
    kind: Kind
    ours: float | None
    theirs: tuple[float, ...]

    @property
    def writable(self) -> bool:
        """Whether it can be taken over without anybody looking."""
        return self.kind in ("changed", "new")

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "price": self.name,
            "kind": self.kind,
            "ours": self.ours,
            "price_list": list(self.theirs),
            "writable": self.writable,
        }


def compare(prices: dict[str, ServicePrice], listed: Iterable[Listed], *, region: str) -> list[Difference]:
    """Return where the list disagrees."""
    found = (_difference(one, prices[one.name].usd.get(region)) for one in listed)
    return [one for one in found if one is not None]


def _difference(one: Listed, ours: float | None) -> Difference | None:
    if ours is None and not one.usd:
        return None
    if ours is not None and any(math.isclose(ours, usd, rel_tol=_PRECISION) for usd in one.usd):
        return None
    if not one.usd:
        kind: Kind = "missing"
    elif len(one.usd) > 1:
        kind = "ambiguous"
    else:
        kind = "new" if ours is None else "changed"
    return Difference(name=one.name, kind=kind, ours=ours, theirs=one.usd)


def patched(text: str, differences: Iterable[Difference], *, region: str, today: date) -> str:
    """Return ``prices.yaml`` with the writable differences taken over, ``checked`` today.

    Raises:
        CommandError: the text has not the shape that it should have; nothing was changed.
    """
    for one in differences:
        if one.writable:
            text = _patched(text, one, region=region, today=today)
    return text


def _patched(text: str, one: Difference, *, region: str, today: date) -> str:
    entry = re.search(rf"^  {re.escape(one.name)}:\n((?:    .*\n)+)", text, re.MULTILINE)
    if entry is None:
        raise CommandError(f"prices.yaml has no entry {one.name} of the shape that was expected; edit it by hand.")
    body = entry[1]
    figure = f"{one.theirs[0]:.9f}".rstrip("0").rstrip(".")
    if one.ours is None:
        body = _once(r"^(    usd: \{.*)\}$", rf"\g<1>, {region}: {figure}}}", body, one.name)
    else:
        body = _once(rf"^(    usd: \{{.*?\b{region}: )[\d.e-]+", rf"\g<1>{figure}", body, one.name)
    source = f"{region} by the Price List"
    if source not in body:
        body = _once(r'^(    source: ".*)"$', rf'\g<1>; {source}"', body, one.name)
    body = _once(r"^(    checked: ).*$", rf"\g<1>{today.isoformat()}", body, one.name)
    return text[: entry.start(1)] + body + text[entry.end(1) :]


def _once(pattern: str, replacement: str, body: str, name: str) -> str:
    changed, count = re.subn(pattern, replacement, body, count=1, flags=re.MULTILINE)
    if not count:
        raise CommandError(f"prices.yaml: {name} is not of the shape that was expected; edit it by hand.")
    return changed
