"""GetResources, GetTagKeys and GetTagValues over everything that carries tags, in pages.

Source: Resource Groups Tagging API reference. What never had a tag is not listed; what lost its tags is.
"""

from __future__ import annotations

import base64
import functools
import re
from typing import Any

from ministack.services import tagging

from sandbox.tagging import lag

_PAGE = 50
_MOST = 100
_EXPIRED = "PaginationTokenExpiredException"


@functools.cache
def install() -> None:
    """Replace MiniStack's three operations; doing it again changes nothing."""
    tagging._HANDLERS["GetResources"] = _get_resources
    tagging._HANDLERS["GetTagKeys"] = lambda data: _paged(
        sorted({key for _, tags in lag.listed() for key in tags}), data, "TagKeys"
    )
    tagging._HANDLERS["GetTagValues"] = _get_tag_values


def _get_resources(data: dict[str, Any]) -> Any:
    arns = data.get("ResourceARNList")
    if arns and set(data) - {"ResourceARNList"}:
        return tagging._invalid_parameter("ResourceARNList cannot be specified with filters or pagination parameters")
    page = data.get("ResourcesPerPage", _PAGE)
    if not isinstance(page, int) or not 1 <= page <= _MOST:
        return tagging._invalid_parameter(f"ResourcesPerPage must be from 1 to {_MOST}")
    types, filters = data.get("ResourceTypeFilters") or [], data.get("TagFilters") or []
    found = [
        {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}
        for arn, tags in sorted(lag.listed())
        if tags and (not arns or arn in arns) and _is_of(arn, types) and _fits(tags, filters)
    ]
    return _paged(found, data, "ResourceTagMappingList", page=page)


def _get_tag_values(data: dict[str, Any]) -> Any:
    values = {tags[data["Key"]] for _, tags in lag.listed() if data.get("Key") in tags}
    return _paged(sorted(values), data, "TagValues")


def _is_of(arn: str, types: list[str]) -> bool:
    """Whether an ARN is of one of the types, as ``logs`` or ``logs:log-group``; of any if there are none."""
    _, _, service, _, _, resource = arn.split(":", 5)
    return not types or bool({service, f"{service}:{re.split('[:/]', resource)[0]}"} & set(types))


def _fits(tags: dict[str, str], filters: list[dict[str, Any]]) -> bool:
    """All keys have to be there, each with one of its values if any are given."""
    return all(one["Key"] in tags and (not one.get("Values") or tags[one["Key"]] in one["Values"]) for one in filters)


def _paged(found: list[Any], data: dict[str, Any], member: str, *, page: int = _MOST) -> Any:
    """A page from where the token says, whatever is in the list by then."""
    token = data.get("PaginationToken") or ""
    try:
        start = int(base64.b64decode(token, validate=True)) if token else 0
    except ValueError:
        return _error(_EXPIRED, "The pagination token is not valid, or has expired.")
    more = base64.b64encode(str(start + page).encode()).decode() if start + page < len(found) else ""
    return tagging._json({member: found[start : start + page], "PaginationToken": more})


def _error(code: str, message: str) -> Any:
    _status, headers, body = tagging._json({"__type": code, "message": message})
    return 400, {**headers, "x-amzn-errortype": code}, body
