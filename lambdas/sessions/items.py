"""The sessions table: one item for the session, one per turn, in DynamoDB's own shapes.

    session_id  part            what
    sess_...    META            owner_key_id, version, turn_count, summary, ...; alone in the index by owner
    sess_...    TURN#000001     messages and usage as JSON texts, created_at, blocked; continued_by, if it goes on
    sess_...    TURN#000001#01  messages: the text goes on here, since an item holds 400 KB and a turn may have more

All items of a turn are written in one transaction.

``expires_at`` is the table's time to live (seconds since the epoch). Ids begin with their time, so the index by owner
(owner_key_id, session_id) lists sessions in the order of their making.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from lambdas.common.errors import RequestTooLargeError
from lambdas.sessions.session import Message, Session, SessionHead, StoredTurn, Summary

PARTITION_KEY: Final = "session_id"
SORT_KEY: Final = "part"
OWNER_INDEX: Final = "by-owner"
OWNER_KEY: Final = "owner_key_id"
TIME_TO_LIVE: Final = "expires_at"
# What the index has beside its keys: enough to list sessions, and small, since each turn writes it anew.
LISTED: Final = ("created_at", "updated_at", "expires_at", "turn_count", "metadata", "alias")

META: Final = "META"
LAST_TURN: Final = 999_999
# Of a turn's messages, what one item holds. DynamoDB's limit of an item is 400 KB, everything else in it included.
ITEM_BYTES: Final = 380_000
# DynamoDB's limit of a transaction is 4 MB; and a turn is told as a whole, in an answer of Lambda's, which holds 6 MB.
TURN_BYTES: Final = 3_000_000
# What may be taken by the caller's messages of one turn; the rest is the answer's.
MESSAGE_BYTES: Final = 2_000_000

Item = dict[str, Any]


def turn_part(number: int) -> str:
    """Return the sort key of a turn."""
    return f"TURN#{number:06d}"


def turns_until(number: int) -> str:
    """Return the last sort key that an item of a turn or of one before it can have."""
    return f"{turn_part(number)}~"


def key(session_id: str, part: str) -> Item:
    """Return an item's key."""
    return {PARTITION_KEY: {"S": session_id}, SORT_KEY: {"S": part}}


def to_meta(session: Session) -> Item:
    """Return a new session's item."""
    item = {
        **key(session.session_id, META),
        OWNER_KEY: {"S": session.owner_key_id},
        "metadata": {"S": _json(session.metadata)},
    }
    numbers = ("created_at", "updated_at", "expires_at", "turns_kept_until", "turn_count", "version")
    for name in (*numbers, "input_tokens", "output_tokens"):
        item[name] = {"N": str(getattr(session, name))}
    for name, text in (("alias", session.alias), ("system", session.system)):
        if text is not None:
            item[name] = {"S": text}
    return item


def to_head(item: Item) -> SessionHead:
    """Return what the index says of a session."""
    return SessionHead(**_head(item))


def to_session(item: Item) -> Session:
    """Return the session of its item."""
    summary = None
    if "summary" in item:
        summary = Summary(text=item["summary"]["S"], up_to_turn=int(item["summary_up_to"]["N"]))
    return Session(
        **_head(item),
        owner_key_id=item[OWNER_KEY]["S"],
        version=int(item["version"]["N"]),
        turns_kept_until=int(item["turns_kept_until"]["N"]),
        system=item["system"]["S"] if "system" in item else None,
        summary=summary,
        input_tokens=int(item["input_tokens"]["N"]),
        output_tokens=int(item["output_tokens"]["N"]),
    )


def to_update(read: Session, updated: Session) -> Item:
    """Return the change of a session's item from ``read`` to ``updated``, as a part of a transaction without table.

    It holds only while the item is at the version that was read.
    """
    names = ("version", "turn_count", "updated_at", "expires_at", "turns_kept_until", "input_tokens", "output_tokens")
    values: Item = {f":{name}": {"N": str(getattr(updated, name))} for name in names}
    if updated.summary is not None and updated.summary != read.summary:
        values[":summary"] = {"S": updated.summary.text}
        values[":summary_up_to"] = {"N": str(updated.summary.up_to_turn)}
    return {
        "Key": key(read.session_id, META),
        "UpdateExpression": "SET " + ", ".join(f"{name[1:]} = {name}" for name in values),
        "ConditionExpression": f"version = :read AND {OWNER_KEY} = :owner",
        "ExpressionAttributeValues": {
            **values,
            ":read": {"N": str(read.version)},
            ":owner": {"S": read.owner_key_id},
        },
        # Tells a session that was deleted from one that was changed.
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def to_turn_items(session_id: str, turn: StoredTurn, *, expires_at: int) -> list[Item]:
    """Return a turn's items, the one that stands for it first.

    Raises:
        RequestTooLargeError: it is more than one transaction writes.
    """
    text = _json(turn.messages).encode()
    if len(text) > TURN_BYTES:
        raise RequestTooLargeError(
            f"This turn has {len(text):,} bytes with its answer; a session stores at most {TURN_BYTES:,} per turn. "
            "Nothing of it was stored. Send less text at once, or ask without a session.",
            param="messages",
        )
    first, *rest = cut(text)
    item = {
        **key(session_id, turn_part(turn.number)),
        "messages": {"S": first},
        "token_usage": {"S": _json(turn.usage)},
        "created_at": {"N": str(turn.created_at)},
        "expires_at": {"N": str(expires_at)},
        "blocked": {"BOOL": turn.blocked},
    }
    if rest:
        item["continued_by"] = {"N": str(len(rest))}
    return [
        item,
        *(
            {
                **key(session_id, f"{turn_part(turn.number)}#{place:02d}"),
                "messages": {"S": more},
                "expires_at": {"N": str(expires_at)},
            }
            for place, more in enumerate(rest, 1)
        ),
    ]


def to_turns(found: Iterable[Item]) -> Iterator[StoredTurn]:
    """Yield the turns of items in the order of their keys; one of which items are missing is left out."""
    items: list[Item] = []
    for item in found:
        if "token_usage" in item:
            items = []
        items.append(item)
        head = items[0]
        if "token_usage" in head and len(items) == 1 + int(head.get("continued_by", {"N": "0"})["N"]):
            yield _turn(head, "".join(part["messages"]["S"] for part in items))


def _turn(item: Item, messages: str) -> StoredTurn:
    return StoredTurn(
        number=int(item[SORT_KEY]["S"].removeprefix("TURN#")),
        messages=msgspec.json.decode(messages),
        usage=msgspec.json.decode(item["token_usage"]["S"]),
        created_at=int(item["created_at"]["N"]),
        blocked=item["blocked"]["BOOL"],
    )


def cut(text: bytes) -> list[str]:
    """Return a text of UTF-8 in parts that one item holds each, cut between characters."""
    parts: list[str] = []
    start = 0
    while start < len(text) or not parts:
        end = min(start + ITEM_BYTES, len(text))
        while end < len(text) and text[end] & 0xC0 == 0x80:  # in the middle of a character
            end -= 1
        parts.append(text[start:end].decode())
        start = end
    return parts


def check_size(messages: Sequence[Message]) -> None:
    """Refuse messages that could not be stored together with an answer, before the answer is paid for.

    Raises:
        RequestTooLargeError: with the limit and what to do.
    """
    size = len(msgspec.json.encode(messages))
    if size > MESSAGE_BYTES:
        raise RequestTooLargeError(
            f"The new messages have {size:,} bytes; with a session at most {MESSAGE_BYTES:,} are accepted, because "
            "every turn is stored. Send less text at once, or ask without a session.",
            param="messages",
        )


def _head(item: Item) -> dict[str, Any]:
    return {
        "session_id": item[PARTITION_KEY]["S"],
        "created_at": int(item["created_at"]["N"]),
        "updated_at": int(item["updated_at"]["N"]),
        "expires_at": int(item["expires_at"]["N"]),
        "turn_count": int(item["turn_count"]["N"]),
        "metadata": msgspec.json.decode(item["metadata"]["S"]),
        "alias": item["alias"]["S"] if "alias" in item else None,
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
