"""Lists that are answered in pages: ``maxResults`` and ``nextToken``, or as a service has them in capitals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.model.errors import Json, invalid


def page(
    items: Sequence[Json],
    request: Mapping[str, Any],
    name: str,
    *,
    most: int = 1000,
    members: tuple[str, str] = ("maxResults", "nextToken"),
) -> Json:
    """Return ``{name: items of the asked page}``, with a token where more follow.

    Args:
        most: how many a page has where the request does not say.
        members: which one of the request says, and which one of request and answer has the token.

    Raises:
        AwsError: ValidationException, a token that was not given out.
    """
    size, token = members
    asked = request.get(token) or "0"
    if not (asked.isascii() and asked.isdecimal()):
        raise invalid("The pagination token is invalid.")
    start, count = int(asked), request.get(size) or most
    more = {token: str(start + count)} if start + count < len(items) else {}
    return {name: list(items[start : start + count]), **more}
