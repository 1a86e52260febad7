"""What the ingestion queue carries: S3's events as EventBridge hands them on, and the wish for a first ingestion.

An event of S3 says when the documents changed, in whole seconds; SQS says when it took the message, in milliseconds.
Neither is before the change by more than the second that S3 leaves out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

# S3 cuts the fraction off.
_SECOND: Final = timedelta(seconds=1)


class NotAChangeError(ValueError):
    """The message is not one of ours; says what is wrong with it and has none of its contents."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One message.

    Attributes:
        message_id: its id in the queue.
        happened_by: the documents had changed by then; a job that started no earlier has seen the change.
        sent: when the queue took it; whatever was done about it was done later.
        data_source: (knowledge base id, data source id) that it is meant for; None is whichever there is.
    """

    message_id: str
    happened_by: datetime
    sent: datetime
    data_source: tuple[str, str] | None = None


def first_message(knowledge_base_id: str, data_source_id: str) -> str:
    """Return the body of the message that asks for an ingestion without a change."""
    return json.dumps({"first": True, "knowledgeBaseId": knowledge_base_id, "dataSourceId": data_source_id})


def change(record: Mapping[str, Any]) -> Change:
    """Read a record of SQS's event for functions.

    Raises:
        NotAChangeError: it is something else.
    """
    message_id = str(record["messageId"])
    sent = _sent(record.get("attributes"))
    try:
        body = json.loads(record.get("body", ""))
    except (TypeError, ValueError, RecursionError) as error:
        raise NotAChangeError("the message is not JSON") from error
    if not isinstance(body, dict):
        raise NotAChangeError("the message is not a JSON object")
    if body.get("first") is True:
        ids = (body.get("knowledgeBaseId"), body.get("dataSourceId"))
        if not all(isinstance(id_, str) and id_ for id_ in ids):
            raise NotAChangeError("the wish for a first ingestion names no data source")
        return Change(message_id=message_id, happened_by=sent, sent=sent, data_source=(str(ids[0]), str(ids[1])))
    detail = body.get("detail")
    changed = detail.get("object") if isinstance(detail, dict) else None
    if not isinstance(changed, dict) or not isinstance(changed.get("key"), str):
        raise NotAChangeError("the message is neither an event of S3 nor the wish for a first ingestion")
    # The event was sent after it happened, so the earlier of both is still late enough.
    return Change(message_id=message_id, happened_by=min(_time(body.get("time")) + _SECOND, sent), sent=sent)


def _sent(attributes: Any) -> datetime:
    try:
        return datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
    except (TypeError, KeyError, ValueError, OverflowError, OSError) as error:
        raise NotAChangeError("the record does not say when it was sent") from error


def _time(text: Any) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise ValueError("no time zone")
        # The last hours of the calendar leave no room for a second more or another zone.
        return min(time.astimezone(UTC), datetime.max.replace(tzinfo=UTC) - _SECOND)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotAChangeError("the event does not say when it happened") from error
