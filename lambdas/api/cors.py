"""What lets a page of another origin read an answer: only for the origins that the environment lists.

The question that browsers ask before (the preflight) API Gateway answers by itself: stacks/inference/unanswered.py.
Source: Fetch standard, "CORS protocol".
"""

from collections.abc import Collection
from typing import Final

from lambdas.api.operations import OPERATIONS

# What a page may read beside what browsers let it read of any answer.
EXPOSED: Final = tuple(sorted({"x-request-id", "Retry-After", *(name for one in OPERATIONS for name in one.headers)}))


def headers(origin: str | None, *, listed: Collection[str]) -> dict[str, str]:
    """Return an answer's headers for the page that asked.

    Args:
        origin: the request's header Origin.
        listed: the origins whose pages may read; none: nothing is said of it.
    """
    if not listed:
        return {}
    # What caches keep for one origin is not another's.
    varies = {"Vary": "Origin"}
    if origin is None or origin not in listed:
        return varies
    return {**varies, "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": ", ".join(EXPOSED)}
