"""A stored response, and its items in DynamoDB's own shapes: what the Responses API keeps, in the sessions' table.

session_id  part         what
resp_...    RESPONSE     response_of (the key that owns it), created_at, expires_at; kept: JSON of the rest, or its
                         beginning; continued_by, if it goes on. No owner_key_id: it is not in the index of sessions
resp_...    RESPONSE#01  kept: the JSON goes on here, since an item holds 400 KB
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.common.errors import RequestTooLargeError
from lambdas.sessions import items
from lambdas.sessions.session import Message

PART: Final = "RESPONSE"
OWNER: Final = "response_of"
KEPT: Final = "kept"


class Kept(Struct, frozen=True, kw_only=True):
    """What is kept of a response.

    Attributes:
        told: the response as it was told, its items with what has to come back.
        messages: what the request said, then the answer; Converse's blocks.
        system: the instructions that stood in the request's input: they go on, unlike its ``instructions``.
        usage: Converse's token counts.
        blocked: whether the guardrail intervened; it is never sent again then.
        before: ids of the responses before it, oldest first.
        notes: what was said before those, in short.
    """

    told: dict[str, Any]
    messages: list[Message]
    system: list[str] = []
    usage: dict[str, int] = {}
    blocked: bool = False
    before: list[str] = []
    notes: str | None = None


class StoredResponse(Struct, frozen=True, kw_only=True):
    """A response as it is stored. Times are seconds since the epoch; after ``expires_at`` it is gone."""

    response_id: str
    owner_key_id: str
    created_at: int
    expires_at: int
    kept: Kept


def to_items(stored: StoredResponse) -> list[items.Item]:
    """Return a response's items, the one that stands for it first.

    Raises:
        RequestTooLargeError: it is more than one transaction writes.
    """
    text = msgspec.json.encode(stored.kept)
    if len(text) > items.TURN_BYTES:
        raise RequestTooLargeError(
            f"This response has {len(text):,} bytes with what was asked; at most {items.TURN_BYTES:,} are stored.",
            code="response_too_large",
        )
    first, *rest = items.cut(text)
    expires_at = {"N": str(stored.expires_at)}
    head = {
        **items.key(stored.response_id, PART),
        OWNER: {"S": stored.owner_key_id},
        "created_at": {"N": str(stored.created_at)},
        items.TIME_TO_LIVE: expires_at,
        KEPT: {"S": first},
    }
    if rest:
        head["continued_by"] = {"N": str(len(rest))}
    return [
        head,
        *(
            {
                **items.key(stored.response_id, f"{PART}#{place:02d}"),
                KEPT: {"S": more},
                items.TIME_TO_LIVE: expires_at,
            }
            for place, more in enumerate(rest, 1)
        ),
    ]


def of_items(found: Sequence[items.Item]) -> StoredResponse | None:
    """Return the response of its items, in the order of their keys; None if some are missing."""
    if not found or OWNER not in found[0]:
        return None
    head = found[0]
    if len(found) != 1 + int(head.get("continued_by", {"N": "0"})["N"]):
        return None
    text = "".join(item[KEPT]["S"] for item in found)
    return StoredResponse(
        response_id=head[items.PARTITION_KEY]["S"],
        owner_key_id=head[OWNER]["S"],
        created_at=int(head["created_at"]["N"]),
        expires_at=int(head[items.TIME_TO_LIVE]["N"]),
        kept=msgspec.json.decode(text, type=Kept),
    )
