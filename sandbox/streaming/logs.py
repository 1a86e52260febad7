"""The CloudWatch log stream of one instance, in MiniStack's log store."""

import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch_logs

from sandbox.streaming.function import Function


class LogStream:
    """Writes to the function's log group, which may be deleted at any time.

    The group and the stream are made when the instance starts and when it is invoked, as AWS does. Lines that come
    when they are gone are dropped: a stack that was destroyed is not to get its log group back.
    """

    def __init__(self, function: Function) -> None:
        self._key = function.key
        logging = function.config.get("LoggingConfig") or {}
        self.group: str = logging.get("LogGroup") or f"/aws/lambda/{function.key.name}"
        self.name = f"{datetime.now(UTC):%Y/%m/%d}/[{function.key.version}]{uuid.uuid4().hex}"

    def open(self) -> None:
        """Make the group and the stream where they are missing."""
        now = int(time.time() * 1000)
        with request_scope(self._key.account, self._key.region):
            if self.group not in cloudwatch_logs._log_groups:
                cloudwatch_logs._log_groups[self.group] = {
                    "arn": cloudwatch_logs._make_group_arn(self.group),
                    "creationTime": now,
                    "retentionInDays": None,
                    "tags": {},
                    "subscriptionFilters": {},
                    "streams": {},
                }
            cloudwatch_logs._log_groups[self.group]["streams"].setdefault(
                self.name,
                {
                    "events": [],
                    "uploadSequenceToken": "1",
                    "creationTime": now,
                    "firstEventTimestamp": None,
                    "lastEventTimestamp": None,
                    "lastIngestionTime": None,
                },
            )

    def write(self, lines: Sequence[str]) -> None:
        """Append events of this moment, one a line, and pass them to the group's subscription filters."""
        now = int(time.time() * 1000)
        events: list[dict[str, Any]] = [
            {"timestamp": now, "message": line, "ingestionTime": now} for line in lines if line
        ]
        with request_scope(self._key.account, self._key.region):
            group = cloudwatch_logs._log_groups.get(self.group)
            stream = group["streams"].get(self.name) if group else None
            if stream is not None and events:
                cloudwatch_logs._append_log_events(stream, events)
                cloudwatch_logs._fanout_to_subscription_filters(self.group, self.name, events)
