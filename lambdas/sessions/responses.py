"""Stored responses: what the Responses API keeps of an answer, in the table of the sessions.

    session_id  part         what
    resp_...    RESPONSE     response_of (the key that owns it), created_at, expires_at; kept: JSON of the rest, or its
                             beginning; continued_by, if it goes on. No owner_key_id: it is not in the index of sessions
    resp_...    RESPONSE#01  kept: the JSON goes on here, since an item holds 400 KB

A response names those that went before it, oldest first, since the notes that stand for what was said before those; so
a conversation is read in two calls, may go on from any of its responses, twice too, and each response can be deleted by
itself: what followed goes on without it. Nothing is ever changed. Owned by one key, gone after the sessions' time.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.common.errors import NotFoundError, RequestTooLargeError
from lambdas.sessions import items
from lambdas.sessions.session import Message, Session, StoredTurn, Summary
from lambdas.sessions.store import DynamoDbClient
from lambdas.sessions.turn_store import TurnStore

PART: Final = "RESPONSE"
OWNER: Final = "response_of"
KEPT: Final = "kept"
# What goes before a response is read anew with it; of more, the oldest are left out.
MOST_BEFORE: Final = 300
_BATCH: Final = 100  # DynamoDB's limit of BatchGetItem
_DELETED: Final = 25  # and of BatchWriteItem


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


class Past(Struct, frozen=True, kw_only=True):
    """What goes before a request.

    Attributes:
        responses: those that are still there, oldest first; the last one is the one that the request names.
        notes: what was said before those, in short.
    """

    responses: Sequence[StoredResponse]
    notes: str | None

    @property
    def session(self) -> Session:
        """The same as ``lambdas.sessions.service`` has it."""
        last = self.responses[-1]
        return Session(
            session_id=last.response_id,
            owner_key_id=last.owner_key_id,
            created_at=last.created_at,
            updated_at=last.created_at,
            expires_at=last.expires_at,
            turns_kept_until=last.expires_at,
            turn_count=len(self.responses),
            version=0,
            metadata={},
            alias=None,
            system="\n\n".join(self.system) or None,
            summary=Summary(text=self.notes, up_to_turn=0) if self.notes else None,
        )

    @property
    def turns(self) -> list[StoredTurn]:
        """What was said, a response a turn."""
        return [
            StoredTurn(
                number=number,
                messages=one.kept.messages,
                usage=one.kept.usage,
                created_at=one.created_at,
                blocked=one.kept.blocked,
            )
            for number, one in enumerate(self.responses, 1)
        ]

    @property
    def system(self) -> list[str]:
        """The instructions that go on."""
        return [text for one in self.responses for text in one.kept.system]


class ResponseStore:
    """The stored responses.

    Args:
        ttl_seconds: how long one is kept.
        clock: seconds since the epoch.
    """

    def __init__(
        self, *, client: DynamoDbClient, table_name: str, ttl_seconds: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._table = table_name
        self._ttl = ttl_seconds
        self._clock = clock

    def put(self, response_id: str, owner_key_id: str, kept: Kept) -> None:
        """Store a response.

        Raises:
            RequestTooLargeError: it is more than one transaction writes.
        """
        now = int(self._clock())
        made = _to_items(
            StoredResponse(
                response_id=response_id,
                owner_key_id=owner_key_id,
                created_at=now,
                expires_at=now + self._ttl,
                kept=kept,
            )
        )
        new = {"TableName": self._table, "ConditionExpression": f"attribute_not_exists({items.PARTITION_KEY})"}
        if len(made) == 1:
            # Half the price of a transaction.
            self._client.put_item(**new, Item=made[0])
        else:
            self._client.transact_write_items(TransactItems=[{"Put": {**new, "Item": item}} for item in made])

    def get(self, response_id: str, owner_key_id: str) -> StoredResponse:
        """Return a response, read consistently.

        Raises:
            NotFoundError: there is none, it has expired, or it is another key's.
        """
        found = self._read(response_id)
        if found is None or not self._is_there(found, owner_key_id):
            raise no_such_response(response_id)
        return found

    def several(self, response_ids: Iterable[str], owner_key_id: str) -> dict[str, StoredResponse]:
        """Return those of some responses that are there and the key's own, by their ids."""
        found: dict[str, StoredResponse] = {}
        wanted = list(dict.fromkeys(response_ids))
        for start in range(0, len(wanted), _BATCH):
            for item in self._heads(wanted[start : start + _BATCH]):
                one = self._read(item[items.PARTITION_KEY]["S"]) if "continued_by" in item else _of_items([item])
                if one is not None and self._is_there(one, owner_key_id):
                    found[one.response_id] = one
        return found

    def past(self, response_id: str, owner_key_id: str) -> Past:
        """Return a response with those before it.

        Raises:
            NotFoundError: as ``get``; of those before it, the ones that are gone are left out.
        """
        last = self.get(response_id, owner_key_id)
        before = self.several(last.kept.before, owner_key_id) if last.kept.before else {}
        return Past(
            responses=[*(before[one] for one in last.kept.before if one in before), last], notes=last.kept.notes
        )

    def delete(self, response_id: str, owner_key_id: str) -> None:
        """Delete a response.

        Raises:
            NotFoundError: as ``get``.
        """
        self.get(response_id, owner_key_id)
        keys = [items.key(response_id, item[items.SORT_KEY]["S"]) for item in self._items(response_id)]
        for start in range(0, len(keys), _DELETED):
            unprocessed: Any = {
                self._table: [{"DeleteRequest": {"Key": key}} for key in keys[start : start + _DELETED]]
            }
            while unprocessed:
                unprocessed = self._client.batch_write_item(RequestItems=unprocessed).get("UnprocessedItems", {})

    def _is_there(self, found: StoredResponse, owner_key_id: str) -> bool:
        # DynamoDB deletes what has expired within days, not at once.
        return found.owner_key_id == owner_key_id and found.expires_at > self._clock()

    def _heads(self, response_ids: Sequence[str]) -> Iterable[items.Item]:
        keys = [items.key(one, PART) for one in response_ids]
        request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        while request:
            reply = self._client.batch_get_item(RequestItems=request)
            yield from reply.get("Responses", {}).get(self._table, [])
            request = reply.get("UnprocessedKeys", {})

    def _read(self, response_id: str) -> StoredResponse | None:
        return _of_items(self._items(response_id))

    def _items(self, response_id: str) -> list[items.Item]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": f"{items.PARTITION_KEY} = :id",
            "ExpressionAttributeValues": {":id": {"S": response_id}},
            "ConsistentRead": True,
        }
        found: list[items.Item] = []
        while True:
            reply = self._client.query(**request)
            found += reply.get("Items", [])
            if "LastEvaluatedKey" not in reply:
                return found
            request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]


class Keeping(TurnStore):
    """Stores the turn of a response, for ``lambdas.sessions.service.Turn``.

    Args:
        past: what goes before it; None where nothing does.
        told: returns the response as it is told.
    """

    def __init__(
        self,
        store: ResponseStore,
        *,
        response_id: str,
        owner_key_id: str,
        past: Past | None,
        system: Sequence[str],
        told: Callable[[], dict[str, Any]],
    ) -> None:
        self._store = store
        self._response_id = response_id
        self._owner = owner_key_id
        self._past = past
        self._system = system
        self._told = told

    def append(
        self,
        session: Session,
        messages: Sequence[Message],
        usage: dict[str, int],
        *,
        blocked: bool = False,
        summary: Summary | None = None,
    ) -> Session:
        """Store the response, and return the session as it was: what is stored is never changed."""
        self.keep(messages, usage, blocked=blocked, summary=summary)
        return session

    def keep(
        self, messages: Sequence[Message], usage: dict[str, int], *, blocked: bool, summary: Summary | None = None
    ) -> None:
        """Store the response.

        Args:
            usage: Converse's token counts.
            summary: notes of what went before, if there are any.

        Raises:
            RequestTooLargeError: it is more than is stored.
        """
        before = [one.response_id for one in self._past.responses] if self._past is not None else []
        if summary is not None:
            before = before[summary.up_to_turn :]
        kept = Kept(
            told=self._told(),
            messages=list(messages),
            system=list(self._system),
            usage=usage,
            blocked=blocked,
            before=before[-MOST_BEFORE:],
            notes=summary.text if summary is not None else None,
        )
        self._store.put(self._response_id, self._owner, kept)


def no_such_response(response_id: str) -> NotFoundError:
    """Return the error for one that is not there, expired, or somebody else's: callers cannot tell which."""
    return NotFoundError(
        f"There is no response `{response_id}`. It may have expired or been deleted, was not stored, or belongs to "
        "another key.",
        code="response_not_found",
    )


def _to_items(stored: StoredResponse) -> list[items.Item]:
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


def _of_items(found: Sequence[items.Item]) -> StoredResponse | None:
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
