"""How long turns are kept: never shorter than their session, which every turn prolongs.

A turn's item outlives the session's own by a quarter of the time to live, so that the expiry of all turns has to be
pushed ahead only now and then and not with every turn.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.observability import logger
from lambdas.sessions import items
from lambdas.sessions.session import Session


class UpdateClient(Protocol):
    """The one call that is made, with DynamoDB's own shapes."""

    def update_item(self, **kwargs: Any) -> dict[str, Any]: ...


def turn_expiry(now: int, ttl_seconds: int) -> int:
    """Return when a turn that is stored now expires, in seconds since the epoch."""
    return now + ttl_seconds + ttl_seconds // 4


def keep_turns(
    client: UpdateClient,
    executor: Executor,
    *,
    table_name: str,
    session: Session,
    parts: Callable[[], Sequence[str]],
    until: int,
) -> Session:
    """Make no turn of the session expire before ``until`` and return the session as it is then.

    What fails is logged and done with the next turn: the turn that caused this is stored already.

    Args:
        parts: finds the sort keys of all items of the turns.
    """

    def prolong(part: str, attribute: str = items.TIME_TO_LIVE) -> None:
        client.update_item(
            TableName=table_name,
            Key=items.key(session.session_id, part),
            UpdateExpression=f"SET {attribute} = :until",
            ConditionExpression=f"attribute_exists({items.PARTITION_KEY})",
            ExpressionAttributeValues={":until": {"N": str(until)}},
        )

    try:
        for _ in executor.map(prolong, parts()):
            pass
        prolong(items.META, "turns_kept_until")
    except (ClientError, BotoCoreError) as error:
        reason = code_of(error) if isinstance(error, ClientError) else type(error).__name__
        logger.warning("turns not kept longer yet", extra={"session_id": session.session_id, "reason": reason})
        return session
    return replace(session, turns_kept_until=until)
