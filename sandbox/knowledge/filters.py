"""RetrievalFilter: which passages a question is asked of, by their metadata.

The shape was checked against the service model before. S3 Vectors has no operator for a part of a string, and
OpenSearch finds a string by the ``keyword`` subfield that it adds to fields of its own accord: a field that the index
maps explicitly has none (CloudFormation cannot ask for one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.knowledge.stores import Store
from sandbox.model.errors import invalid

Filter = Mapping[str, Any]

_GROUPS = ("andAll", "orAll")
# Source: Bedrock user guide, kb-test-config: "up to 5 filter types" in a group, "one level of embedding".
_MOST_MEMBERS = 5
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "greaterThan": lambda actual, expected: actual > expected,
    "greaterThanOrEquals": lambda actual, expected: actual >= expected,
    "lessThan": lambda actual, expected: actual < expected,
    "lessThanOrEquals": lambda actual, expected: actual <= expected,
}
_PARTS: dict[str, Callable[[str, str], bool]] = {
    "startsWith": lambda actual, expected: actual.startswith(expected),
    "stringContains": lambda actual, expected: expected in actual,
}
_EXPLICIT_STRINGS = ("text", "keyword")


def check(wanted: Filter, store: Store) -> None:
    """Check that a store can evaluate a filter.

    Raises:
        AwsError: ValidationException; names the operator or the field.
    """
    _check_groups(wanted, depth=0)
    for operator, condition in _leaves(wanted):
        key, value = condition["key"], condition["value"]
        _check_value(operator, key, value)
        if operator in _PARTS and not store.is_search:
            raise invalid(f"The filter operator {operator} is not supported by vector stores of type S3_VECTORS.")
        values = value if isinstance(value, list) else [value]
        if store.fields.get(key) in _EXPLICIT_STRINGS and any(isinstance(each, str) for each in values):
            raise invalid(
                "Request failed: [search_phase_execution_exception] all shards failed: failed to create query: "
                f"Rewrite first. The index {store.index} maps the field {key} without a keyword subfield."
            )


def matches(wanted: Filter, metadata: Mapping[str, Any]) -> bool:
    """Return whether a passage with ``metadata`` passes. A field that it lacks passes negated conditions only."""
    operator, condition = next(iter(wanted.items()))
    if operator in _GROUPS:
        combine = all if operator == "andAll" else any
        return combine(matches(each, metadata) for each in condition)
    return _holds(operator, metadata.get(condition["key"]), condition["value"])


def _leaves(wanted: Filter) -> Iterator[tuple[str, Any]]:
    for operator, condition in wanted.items():
        if operator in _GROUPS:
            for each in condition:
                yield from _leaves(each)
        else:
            yield operator, condition


def _check_groups(wanted: Filter, *, depth: int) -> None:
    for operator, condition in wanted.items():
        if operator not in _GROUPS:
            continue
        if depth > 1:
            raise invalid(
                f"Invalid filter: {operator} is nested too deeply. A filter has one level of embedded groups."
            )
        if len(condition) > _MOST_MEMBERS:
            raise invalid(
                f"Invalid filter: {operator} has {len(condition)} members, at most {_MOST_MEMBERS} are allowed."
            )
        for each in condition:
            _check_groups(each, depth=depth + 1)


def _check_value(operator: str, key: str, value: Any) -> None:
    if operator in _ORDER:
        fits, kind = _is_number(value), "a number"
    elif operator in (*_PARTS, "listContains"):
        fits, kind = isinstance(value, str), "a string"
    elif operator in ("in", "notIn"):
        fits = isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
        kind = "a list of strings that is not empty"
    else:
        fits, kind = isinstance(value, (str, bool, int, float)), "a string, a number or a boolean"
    if not fits:
        raise invalid(f"Invalid filter value for the key {key}: the operator {operator} takes {kind}.")


def _holds(operator: str, actual: Any, expected: Any) -> bool:
    if operator in ("notEquals", "notIn"):
        return not _holds("equals" if operator == "notEquals" else "in", actual, expected)
    if operator in _ORDER:
        return _is_number(actual) and _ORDER[operator](actual, expected)
    if operator in _PARTS:
        return isinstance(actual, str) and _PARTS[operator](actual, expected)
    if operator == "listContains":
        return isinstance(actual, list) and expected in actual
    if operator == "in":
        return any(_same(actual, each) for each in expected)
    return _same(actual, expected)


def _same(actual: Any, expected: Any) -> bool:
    """Equality that tells true from 1; a list has each of its members, as in both stores."""
    if isinstance(actual, list):
        return expected in actual
    return isinstance(actual, bool) == isinstance(expected, bool) and bool(actual == expected)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
