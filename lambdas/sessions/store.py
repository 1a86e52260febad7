"""Sessions in DynamoDB: owned by one key, changed by one turn at a time, gone when they were not used for long."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.errors import ApiError, ConflictError
from lambdas.common.observability import logger
from lambdas.sessions import batches, items
from lambdas.sessions.retention import keep_turns, turn_expiry
from lambdas.sessions.session import (
    Message,
    Session,
    SessionHead,
    StoredTurn,
    Summary,
    new_session_id,
    no_such_session,
)

# Turns that are read before it is known how many are needed.
READ_AHEAD: Final = 25
_BATCH: Final = 25  # DynamoDB's limit of BatchWriteItem
_THREADS: Final = 4

Metadata = dict[str, str]
Usage = dict[str, int]


class DynamoDbClient(Protocol):
    """The calls that the store makes, with DynamoDB's own shapes. botocore's and boto3's clients both fit."""

    def batch_get_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def batch_write_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def delete_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def get_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def put_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def query(self, **kwargs: Any) -> dict[str, Any]: ...
    def transact_write_items(self, **kwargs: Any) -> dict[str, Any]: ...
    def update_item(self, **kwargs: Any) -> dict[str, Any]: ...


@dataclass(frozen=True)
class SessionPage:
    """A part of a list, newest first. With ``has_more``, the last one's id is the cursor for the next part."""

    sessions: list[SessionHead]
    has_more: bool


class SessionStore:
    """The sessions table.

    Args:
        ttl_seconds: after so long without a turn a session is gone.
        clock: seconds since the epoch.
    """

    def __init__(
        self, *, client: DynamoDbClient, table_name: str, ttl_seconds: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._table = table_name
        self._ttl = ttl_seconds
        self._clock = clock

    def create(
        self,
        owner_key_id: str,
        *,
        metadata: Metadata | None = None,
        system: str | None = None,
        alias: str | None = None,
    ) -> Session:
        """Store a new session and return it."""
        now = self._clock()
        session = Session(
            session_id=new_session_id(now),
            owner_key_id=owner_key_id,
            created_at=int(now),
            updated_at=int(now),
            expires_at=int(now) + self._ttl,
            turns_kept_until=turn_expiry(int(now), self._ttl),
            turn_count=0,
            version=0,
            metadata=metadata or {},
            system=system,
            alias=alias,
        )
        # Without a condition: nobody else draws the same id, and an answer that got lost may be asked for again.
        self._client.put_item(TableName=self._table, Item=items.to_meta(session))
        return session

    def get(self, session_id: str, owner_key_id: str) -> Session:
        """Return the session, read consistently.

        Raises:
            NotFoundError: there is none, it has expired, or it is another key's.
        """
        reply = self._client.get_item(TableName=self._table, Key=items.key(session_id, items.META), ConsistentRead=True)
        session = items.to_session(reply["Item"]) if "Item" in reply else None
        # DynamoDB deletes what has expired within days, not at once.
        if session is None or session.owner_key_id != owner_key_id or session.expires_at <= self._clock():
            raise no_such_session(session_id)
        return session

    def open(self, session_id: str, owner_key_id: str) -> tuple[Session, list[StoredTurn]]:
        """Return the session and its turns after those of the summary, oldest first.

        The session and its newest turns are read side by side; a second read follows only if those are not enough.

        Raises:
            NotFoundError: as ``get``.
        """
        ahead = self._threads.submit(self._newest, session_id)
        session = self.get(session_id, owner_key_id)
        first = (session.summary.up_to_turn if session.summary else 0) + 1
        wanted = range(first, session.turn_count + 1)
        found = {turn.number: turn for turn in ahead.result()}
        missing = [number for number in wanted if number not in found]
        if missing:
            # Older than what was read ahead, or stored by another request between the two reads.
            found |= {turn.number: turn for turn in self._between(session_id, missing[0], missing[-1])}
        lost = [number for number in wanted if number not in found]
        if lost:
            logger.error("turns are missing", extra={"session_id": session_id, "turns": lost})
        return session, [found[number] for number in wanted if number in found]

    def turns(self, session: Session, *, after: int = 0) -> Iterator[StoredTurn]:
        """Yield every turn of a session after turn ``after``, oldest first, blocked ones too, read page by page."""
        if after < session.turn_count:
            yield from self._between(session.session_id, after + 1, session.turn_count)

    def append(
        self,
        session: Session,
        messages: Sequence[Message],
        usage: Usage,
        *,
        blocked: bool = False,
        summary: Summary | None = None,
    ) -> Session:
        """Store one turn, and the new summary if there is one, and return the session as it is then.

        Args:
            usage: Converse's token counts.

        Raises:
            ConflictError: another turn was stored since ``session`` was read; nothing of this one is.
            NotFoundError: the session was deleted meanwhile.
            RequestTooLargeError: the turn is more than one transaction writes.
        """
        now = int(self._clock())
        number = session.turn_count + 1
        turn_expires_at = turn_expiry(now, self._ttl)
        turn = StoredTurn(number=number, messages=list(messages), usage=usage, created_at=now, blocked=blocked)
        updated = replace(
            session,
            version=session.version + 1,
            turn_count=number,
            updated_at=now,
            expires_at=now + self._ttl,
            turns_kept_until=session.turns_kept_until if session.turn_count else turn_expires_at,
            summary=summary or session.summary,
            input_tokens=session.input_tokens + _read(usage),
            output_tokens=session.output_tokens + usage.get("outputTokens", 0),
        )
        new = {"TableName": self._table, "ConditionExpression": f"attribute_not_exists({items.PARTITION_KEY})"}
        stored = items.to_turn_items(session.session_id, turn, expires_at=turn_expires_at)
        puts = [{"Put": {**new, "Item": item}} for item in stored]
        update = {"TableName": self._table, **items.to_update(session, updated)}
        try:
            self._client.transact_write_items(TransactItems=[*puts, {"Update": update}])
        except ClientError as error:
            refusal = _refusal(error, session.session_id)
            if refusal is None:
                raise
            raise refusal from error
        if updated.turns_kept_until >= updated.expires_at:
            return updated
        return keep_turns(
            self._client,
            self._threads,
            table_name=self._table,
            session=updated,
            parts=lambda: self._parts(session.session_id),
            until=turn_expires_at,
        )

    def delete(self, session_id: str, owner_key_id: str) -> None:
        """Delete the session at once and then its turns.

        Raises:
            NotFoundError: as ``get``.
        """
        self.get(session_id, owner_key_id)
        # From here on nobody sees it or adds to it; turns that a failure left behind would expire.
        self._client.delete_item(TableName=self._table, Key=items.key(session_id, items.META))
        parts = self._parts(session_id)
        for start in range(0, len(parts), _BATCH):
            batch = [{"DeleteRequest": {"Key": items.key(session_id, part)}} for part in parts[start : start + _BATCH]]
            for _ in batches.done(self._client.batch_write_item, {self._table: batch}, left="UnprocessedItems"):
                pass

    def list(self, owner_key_id: str, *, limit: int = 20, after: str | None = None) -> SessionPage:
        """Return the owner's sessions, newest first. One that was just made may be missing for a moment.

        Args:
            after: id of the last session of the page before.
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": items.OWNER_INDEX,
            "KeyConditionExpression": f"{items.OWNER_KEY} = :owner",
            "FilterExpression": f"{items.TIME_TO_LIVE} > :now",
            "ExpressionAttributeValues": {":owner": {"S": owner_key_id}, ":now": {"N": str(int(self._clock()))}},
            "ScanIndexForward": False,
            "Limit": limit + 1,
        }
        if after is not None:
            request["ExclusiveStartKey"] = {items.OWNER_KEY: {"S": owner_key_id}, **items.key(after, items.META)}
        found = []
        for item in self._every(request):
            found.append(items.to_head(item))
            if len(found) > limit:
                break
        return SessionPage(sessions=found[:limit], has_more=len(found) > limit)

    def _newest(self, session_id: str) -> Sequence[StoredTurn]:
        """Return the newest turns, whoever they belong to: only for ``open``, which checks the owner."""
        request = self._turns_query(session_id, 1, items.LAST_TURN)
        reply = self._client.query(**request, ScanIndexForward=False, Limit=READ_AHEAD)
        return list(items.to_turns(reversed(reply.get("Items", []))))

    def _between(self, session_id: str, first: int, last: int) -> Iterator[StoredTurn]:
        yield from items.to_turns(self._every(self._turns_query(session_id, first, last)))

    def _parts(self, session_id: str) -> Sequence[str]:
        """Return the sort keys of all items of a session's turns."""
        request = self._turns_query(session_id, 1, items.LAST_TURN)
        keys = {"ProjectionExpression": "#part", "ExpressionAttributeNames": {"#part": items.SORT_KEY}}
        return [item[items.SORT_KEY]["S"] for item in self._every({**request, **keys})]

    def _turns_query(self, session_id: str, first: int, last: int) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "KeyConditionExpression": f"{items.PARTITION_KEY} = :id AND {items.SORT_KEY} BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":id": {"S": session_id},
                ":first": {"S": items.turn_part(first)},
                ":last": {"S": items.turns_until(last)},
            },
            "ConsistentRead": True,
        }

    def _every(self, request: dict[str, Any]) -> Iterator[items.Item]:
        while True:
            reply = self._client.query(**request)
            yield from reply.get("Items", [])
            if "LastEvaluatedKey" not in reply:
                return
            request = {**request, "ExclusiveStartKey": reply["LastEvaluatedKey"]}

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="sessions")


def _read(usage: Usage) -> int:
    """Return the tokens that the model read, those from its prompt cache included."""
    return sum(usage.get(name, 0) for name in ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"))


def _refusal(error: ClientError, session_id: str) -> ApiError | None:
    """Return what a failed transaction means for the caller; None if it is no matter of the caller's."""
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code") for reason in reasons}
    conflicts = {"ConditionalCheckFailed", "TransactionConflict"}
    if code_of(error) != "TransactionInProgressException" and not codes & conflicts:
        return None
    update = reasons[-1] if reasons else {}
    if update.get("Code") == "ConditionalCheckFailed" and "Item" not in update:
        return no_such_session(session_id)
    return ConflictError(
        f"Another request added a turn to session `{session_id}` meanwhile, so this one was not stored. Send it again.",
        code="session_conflict",
        retry_after=1,
    )
