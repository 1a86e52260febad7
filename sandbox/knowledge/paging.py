"""Lists that are answered in pages: ``maxResults`` and ``nextToken``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.model.errors import Json, invalid

_MOST = 1000


def page(items: Sequence[Json], request: Mapping[str, Any], name: str) -> Json:
    """Return ``{name: items of the asked page}``, with ``nextToken`` where more follow.

    Raises:
        AwsError: ValidationException, a token that was not given out.
    """
    token = request.get("nextToken") or "0"
    if not token.isdecimal():
        raise invalid("The pagination token is invalid.")
    start, most = int(token), request.get("maxResults") or _MOST
    more = {"nextToken": str(start + most)} if start + most < len(items) else {}
    return {name: list(items[start : start + most]), **more}
