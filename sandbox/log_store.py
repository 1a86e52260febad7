"""MiniStack's store of CloudWatch's logs: streams are opened and lines are added, in the account and region at hand."""

import time
from collections.abc import Sequence
from typing import Any

from ministack.services import cloudwatch_logs


def open_stream(group: str, name: str) -> None:
    """Make a stream in a group where it is missing; of a group that is not there nothing is made."""
    found = cloudwatch_logs._log_groups.get(group)
    if found is None:
        return
    found["streams"].setdefault(
        name,
        {
            "events": [],
            "uploadSequenceToken": "1",
            "creationTime": int(time.time() * 1000),
            "firstEventTimestamp": None,
            "lastEventTimestamp": None,
            "lastIngestionTime": None,
        },
    )


def open_group(group: str) -> None:
    """Make a group where it is missing, kept for ever."""
    if group not in cloudwatch_logs._log_groups:
        cloudwatch_logs._log_groups[group] = {
            "arn": cloudwatch_logs._make_group_arn(group),
            "creationTime": int(time.time() * 1000),
            "retentionInDays": None,
            "tags": {},
            "subscriptionFilters": {},
            "streams": {},
        }


def append(group: str, name: str, lines: Sequence[str]) -> None:
    """Add events of this moment, one a line, and pass them to the group's subscription filters.

    Lines that come when the group or the stream is gone are dropped: a stack that was destroyed is not to get its log
    group back.
    """
    now = int(time.time() * 1000)
    events: list[dict[str, Any]] = [{"timestamp": now, "message": line, "ingestionTime": now} for line in lines if line]
    found = cloudwatch_logs._log_groups.get(group)
    stream = found["streams"].get(name) if found else None
    if stream is not None and events:
        cloudwatch_logs._append_log_events(stream, events)
        cloudwatch_logs._fanout_to_subscription_filters(group, name, events)
