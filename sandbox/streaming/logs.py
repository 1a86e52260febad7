"""The CloudWatch log stream of one instance, in MiniStack's log store."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from ministack.core.responses import request_scope

from sandbox import log_store
from sandbox.streaming.function import Function


class LogStream:
    """Writes to the function's log group, which may be deleted at any time.

    The group and the stream are made when the instance starts and when it is invoked, as AWS does. Lines that come
    when they are gone are dropped.
    """

    def __init__(self, function: Function) -> None:
        self._key = function.key
        logging = function.config.get("LoggingConfig") or {}
        self.group: str = logging.get("LogGroup") or f"/aws/lambda/{function.key.name}"
        self.name = f"{datetime.now(UTC):%Y/%m/%d}/[{function.key.version}]{uuid.uuid4().hex}"

    def open(self) -> None:
        """Make the group and the stream where they are missing."""
        with request_scope(self._key.account, self._key.region):
            log_store.open_group(self.group)
            log_store.open_stream(self.group, self.name)

    def write(self, lines: Sequence[str]) -> None:
        """Append events of this moment, one a line."""
        with request_scope(self._key.account, self._key.region):
            log_store.append(self.group, self.name, lines)
