"""OpenAI's filters of ``file_search`` as the documents' own: ``lambdas.knowledge.filters`` checks what they say."""

from collections.abc import Mapping
from typing import Any, Final

from lambdas.common.errors import InvalidRequestError
from lambdas.common.nesting import MOST

_PARAM: Final = "tools"
_COMPARISONS: Final = {name: name for name in ("eq", "ne", "gt", "gte", "lt", "lte", "in")} | {"nin": "not_in"}
_GROUPS: Final = {"and": "all", "or": "any"}


def own(given: Mapping[str, Any] | None, *, depth: int = MOST) -> dict[str, Any] | None:
    """Return the filter in our words; None where nothing is filtered.

    Raises:
        InvalidRequestError: it is no filter of OpenAI's.
    """
    if not given:
        return None
    kind = str(given.get("type"))
    members = given.get("filters")
    if kind in _GROUPS and isinstance(members, list) and depth:
        return {_GROUPS[kind]: [own(one, depth=depth - 1) if isinstance(one, dict) else one for one in members]}
    key = given.get("key")
    if kind in _COMPARISONS and isinstance(key, str) and "value" in given:
        return {key: {_COMPARISONS[kind]: given["value"]}}
    raise InvalidRequestError(
        'A filter of `file_search` is a comparison, as {"type": "eq", "key": "year", "value": 2024}, or '
        "several of them joined by `and` or `or`.",
        param=_PARAM,
    )
