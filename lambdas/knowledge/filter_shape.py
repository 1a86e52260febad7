"""Bedrock's bounds of a filter, and how one is written within them.

A group has two to five members, a group may stand in a group but no third in that, and lists of ``in`` and ``notIn``
have texts only. Source: Bedrock user guide, kb-test-config, "Metadata and filtering". Within them much can be said in
another way that means the same: numbers one by one, groups of the same kind as one, ``a and (b or c)`` as ``(a and b)
or (a and c)``, and six conditions as a group of five and one.
"""

from collections.abc import Iterable
from itertools import product
from math import prod
from typing import Any, Final

RetrievalFilter = dict[str, Any]

MOST_MEMBERS: Final = 5

_OTHER: Final = {"andAll": "orAll", "orAll": "andAll"}
# A list of numbers -> what is said of each, and how they are joined.
_ONE_BY_ONE: Final = {"in": ("equals", "orAll"), "notIn": ("notEquals", "andAll")}


def within_bounds(filter_: RetrievalFilter) -> RetrievalFilter | None:
    """Return a filter that means the same and that Bedrock takes, or None if none is found."""
    flat = _flat(_one_by_one(filter_))
    packed = _packed(flat)
    for outer in ("orAll", "andAll"):
        if packed is not None:
            break
        written = _distributed(flat, outer)
        packed = _packed(written) if written else None
    return packed


def joined(filters: list[RetrievalFilter], how: str) -> RetrievalFilter:
    """Return one filter; Bedrock wants at least two members in a group."""
    return filters[0] if len(filters) == 1 else {how: filters}


def _one_by_one(filter_: RetrievalFilter) -> RetrievalFilter:
    ((how, what),) = filter_.items()
    if how in _OTHER:
        return {how: [_one_by_one(member) for member in what]}
    if how not in _ONE_BY_ONE or all(isinstance(value, str) for value in what["value"]):
        return filter_
    each, together = _ONE_BY_ONE[how]
    return joined([{each: {"key": what["key"], "value": value}} for value in dict.fromkeys(what["value"])], together)


def _flat(filter_: RetrievalFilter) -> RetrievalFilter:
    """Write groups of the same kind within one another as one."""
    ((how, what),) = filter_.items()
    if how not in _OTHER:
        return filter_
    members: list[RetrievalFilter] = []
    for member in map(_flat, what):
        members += member.get(how, [member])
    return joined(_without_repeats(members), how)


def _distributed(filter_: RetrievalFilter, outer: str) -> RetrievalFilter | None:
    """Write a filter as an ``outer`` group of groups of the other kind, None if there are too many of them."""
    found = _clauses(filter_, outer)
    if found is None:
        return None
    return _flat({outer: [joined(_without_repeats(clause), _OTHER[outer]) for clause in found]})


def _clauses(filter_: RetrievalFilter, outer: str) -> list[list[RetrievalFilter]] | None:
    ((how, what),) = filter_.items()
    if how not in _OTHER:
        return [[filter_]]
    parts: list[list[list[RetrievalFilter]]] = []
    for member in what:
        part = _clauses(member, outer)
        if part is None:
            return None
        parts.append(part)
    if how == outer:
        return [clause for part in parts for clause in part]
    if prod(map(len, parts)) > MOST_MEMBERS**2:
        return None
    return [[condition for clause in chosen for condition in clause] for chosen in product(*parts)]


def _packed(filter_: RetrievalFilter) -> RetrievalFilter | None:
    """Put conditions of a group that has too many into groups of its own kind; None if that does not fit either."""
    ((how, what),) = filter_.items()
    if how not in _OTHER:
        return filter_
    groups = [member for member in what if not _OTHER.keys().isdisjoint(member)]
    if any(not _fits(members) for group in groups for members in group.values()):
        return None
    if len(what) <= MOST_MEMBERS:
        return filter_
    single = [member for member in what if member not in groups]
    packs = [single[start : start + MOST_MEMBERS] for start in range(0, len(single), MOST_MEMBERS)]
    members = [*groups, *(joined(pack, how) for pack in packs)]
    return {how: members} if len(members) <= MOST_MEMBERS else None


def _fits(members: list[RetrievalFilter]) -> bool:
    return len(members) <= MOST_MEMBERS and all(_OTHER.keys().isdisjoint(member) for member in members)


def _without_repeats(filters: Iterable[RetrievalFilter]) -> list[RetrievalFilter]:
    kept: list[RetrievalFilter] = []
    for each in filters:
        if each not in kept:
            kept.append(each)
    return kept
