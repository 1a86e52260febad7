"""Filters of requests: checked against the documents' fields, and turned into Bedrock's RetrievalFilter.

{"department": "Finance"}                              equals
{"year": {"gte": 2024, "lt": 2026}}                    comparisons; of several, all must hold
{"any": [{"year": 2024}, {"department": "Finance"}]}   one of them must hold; "all": each of them
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lambdas.common.errors import InvalidRequestError
from lambdas.knowledge import filter_shape
from lambdas.knowledge.fields import FieldType
from lambdas.knowledge.filter_shape import RetrievalFilter, joined

Fields = Mapping[str, FieldType]

# Bedrock's own bounds of groups are tighter, see ``filter_shape``; these keep a request from costing much here.
MOST_DEPTH: Final = 4
MOST_CONDITIONS: Final = 50

# A group of conditions -> Bedrock's. No field can have such a name.
GROUPS: Final = {"any": "orAll", "all": "andAll"}
_COMPARISONS: Final = {
    "eq": "equals",
    "ne": "notEquals",
    "gt": "greaterThan",
    "gte": "greaterThanOrEquals",
    "lt": "lessThan",
    "lte": "lessThanOrEquals",
    "in": "in",
    "not_in": "notIn",
    "starts_with": "startsWith",
    "contains": "stringContains",
}
_LISTS: Final = ("in", "not_in")
_TAKES: Final[dict[FieldType, tuple[str, ...]]] = {
    "string": ("eq", "ne", "in", "not_in", "starts_with", "contains"),
    "number": ("eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in"),
    "boolean": ("eq", "ne"),
}
_WORDS: Final[dict[FieldType, str]] = {"string": "a text", "number": "a number", "boolean": "true or false"}
# Larger whole numbers are not exact in JSON's floating point.
_LARGEST: Final = 2**53


def to_retrieval_filter(given: Mapping[str, Any] | None, fields: Fields, *, param: str) -> RetrievalFilter | None:
    """Return Bedrock's filter, or None where nothing is filtered.

    Args:
        fields: what may be filtered by.
        param: the filter's own path in the request, for errors.

    Raises:
        InvalidRequestError: an unknown field or comparison, a value of the wrong type, or more than Bedrock filters by;
            ``param`` is its path.
    """
    conditions = list(_conditions(given or {}, fields, param, MOST_DEPTH))
    if sum(map(_size, conditions)) > MOST_CONDITIONS:
        raise InvalidRequestError(f"`{param}` has more than {MOST_CONDITIONS} conditions.", param=param)
    if not conditions:
        return None
    written = filter_shape.within_bounds(joined(conditions, "andAll"))
    if written is None:
        most = filter_shape.MOST_MEMBERS
        raise InvalidRequestError(
            f"`{param}` is more than Bedrock filters by: it takes {most} conditions together, each of which may be "
            f"{most} more; a list of numbers counts one by one. Ask for less, or in several requests.",
            param=param,
        )
    return written


def _conditions(given: Any, fields: Fields, path: str, depth: int) -> Iterator[RetrievalFilter]:
    if not isinstance(given, Mapping):
        raise InvalidRequestError(f"`{path}` must be an object of fields.", param=path)
    if not depth:
        raise InvalidRequestError(f"`{path}` is nested too deeply.", param=path)
    for name, wanted in given.items():
        where = f"{path}.{name}"
        if name in GROUPS:
            yield _group(name, wanted, fields, where, depth)
        elif name not in fields:
            raise InvalidRequestError(f"`{where}`: {_known(fields)}", param=where)
        elif isinstance(wanted, Mapping):
            yield from _comparisons(name, wanted, fields[name], where)
        else:
            yield _condition("eq", name, wanted, fields[name], where)


def _group(name: str, members: Any, fields: Fields, path: str, depth: int) -> RetrievalFilter:
    if not isinstance(members, list) or not members:
        raise InvalidRequestError(f"`{path}` must be a list of filters that is not empty.", param=path)
    members_: list[RetrievalFilter] = []
    for index, member in enumerate(members):
        where = f"{path}[{index}]"
        conditions = list(_conditions(member, fields, where, depth - 1))
        if not conditions:
            raise InvalidRequestError(f"`{where}` is empty.", param=where)
        members_.append(joined(conditions, "andAll"))
    return joined(members_, GROUPS[name])


def _comparisons(name: str, wanted: Mapping[str, Any], kind: FieldType, path: str) -> Iterator[RetrievalFilter]:
    if not wanted:
        raise InvalidRequestError(f"`{path}` is empty.", param=path)
    for comparison, value in wanted.items():
        where = f"{path}.{comparison}"
        if comparison not in _TAKES[kind]:
            raise InvalidRequestError(
                f"`{where}`: `{name}` is {_WORDS[kind]} and takes {', '.join(_TAKES[kind])}.", param=where
            )
        yield _condition(comparison, name, value, kind, where)


def _condition(comparison: str, name: str, value: Any, kind: FieldType, path: str) -> RetrievalFilter:
    if comparison in _LISTS:
        if not isinstance(value, list) or not value:
            raise InvalidRequestError(f"`{path}` must be a list that is not empty.", param=path)
        for index, each in enumerate(value):
            _check(each, kind, f"{path}[{index}]")
    else:
        _check(value, kind, path)
    return {_COMPARISONS[comparison]: {"key": name, "value": value}}


def _check(value: Any, kind: FieldType, path: str) -> None:
    match kind:
        case "string":
            fits = isinstance(value, str)
        case "boolean":
            fits = isinstance(value, bool)
        case "number":
            fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST
    if not fits:
        raise InvalidRequestError(f"`{path}` must be {_WORDS[kind]}.", param=path)


def _known(fields: Fields) -> str:
    if not fields:
        return (
            "the documents have no fields to filter by. The platform's owner can name some in `knowledge.metadata` of "
            "the environment file."
        )
    named = ", ".join(f"`{name}` ({_WORDS[kind]})" for name, kind in sorted(fields.items()))
    return f"the documents have no such field to filter by. There are: {named}."


def _size(filter_: RetrievalFilter) -> int:
    ((how, what),) = filter_.items()
    if isinstance(what, list):
        return sum(map(_size, what))
    return len(what["value"]) if how in ("in", "notIn") else 1
