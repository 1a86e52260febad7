"""Stored responses: what the Responses API keeps of its answers. Their items: ``lambdas.sessions.response_items``.

A response names those that went before it, oldest first, since the notes that stand for what was said before those; so
a conversation is read in two calls, may go on from any of its responses, twice too, and each response can be deleted by
itself: what followed goes on without it. Nothing is ever changed. Owned by one key, gone after the sessions' time.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from msgspec import Struct

from lambdas.common.errors import NotFoundError
from lambdas.sessions import batches, items
from lambdas.sessions.response_items import PART, Kept, StoredResponse, of_items, to_items
from lambdas.sessions.session import Session, StoredTurn, Summary
from lambdas.sessions.store import DynamoDbClient

_BATCH: Final = 100  # DynamoDB's limit of BatchGetItem
_DELETED: Final = 25  # and of BatchWriteItem


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
        made = to_items(
            StoredResponse(
                response_id=response_id,
                owner_key_id=owner_key_id,
                created_at=now,
                expires_at=now + self._ttl,
                kept=kept,
            )
        )
        # Without a condition: nobody else draws the same id, and an answer that got lost may be asked for again.
        puts = [{"TableName": self._table, "Item": item} for item in made]
        if len(puts) == 1:
            # Half the price of a transaction.
            self._client.put_item(**puts[0])
        else:
            self._client.transact_write_items(TransactItems=[{"Put": put} for put in puts])

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
                one = self._read(item[items.PARTITION_KEY]["S"]) if "continued_by" in item else of_items([item])
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
            wanted = {self._table: [{"DeleteRequest": {"Key": key}} for key in keys[start : start + _DELETED]]}
            for _ in batches.done(self._client.batch_write_item, wanted, left="UnprocessedItems"):
                pass

    def _is_there(self, found: StoredResponse, owner_key_id: str) -> bool:
        # DynamoDB deletes what has expired within days, not at once.
        return found.owner_key_id == owner_key_id and found.expires_at > self._clock()

    def _heads(self, response_ids: Sequence[str]) -> Iterable[items.Item]:
        keys = [items.key(one, PART) for one in response_ids]
        wanted = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for reply in batches.done(self._client.batch_get_item, wanted, left="UnprocessedKeys"):
            yield from reply.get("Responses", {}).get(self._table, [])

    def _read(self, response_id: str) -> StoredResponse | None:
        return of_items(self._items(response_id))

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


def no_such_response(response_id: str) -> NotFoundError:
    """Return the error for one that is not there, expired, or somebody else's: callers cannot tell which."""
    return NotFoundError(
        f"There is no response `{response_id}`. It may have expired or been deleted, was not stored, or belongs to "
        "another key.",
        code="response_not_found",
    )
