"""How many requests of each key failed today: every request is a line of the endpoint's access log.

Sources: CloudWatch Logs API reference, FilterLogEvents; CloudWatch Logs user guide, "Filter pattern syntax" (JSON).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment
from quarry.deployed.refusals import explanation

_DAY: Final = 86_400
# Lines may come into the log later than those that were written after them, and this machine's clock may be ahead of
# the log's by five minutes: AWS accepts no signature that is further off.
_LATE_SECONDS: Final = 600
_FAILED: Final = '{ ($.status = "4*") || ($.status = "5*") }'


class _Line(msgspec.Struct, rename="camel"):
    """What of a line counts (stacks/inference/rest_api.py); API Gateway writes "-" for what it does not know."""

    request_id: str
    status: str
    key_id: str


class FailedRequests:
    """Reads the log from the beginning of the day (UTC), and on from there each time that it is asked.

    A stream that breaks off after its first token is a line with 200, and not counted.

    Attributes:
        problem: why the log could not be read when it was asked last; None if it could.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._group: str | None = None
        self._seen: dict[str, str] = {}
        self._from = 0.0
        self.problem: str | None = None

    def by_key(self, *, now: float) -> Mapping[str, int] | None:
        """Return how many there were, by key id; keys without any are not in it. None if the log cannot be read.

        Args:
            now: seconds since the epoch.
        """
        midnight = now - now % _DAY
        if self._from < midnight:
            self._from, self._seen = midnight, {}
        try:
            for line in self._lines():
                self._seen[line.request_id] = line.key_id
        except (BotoCoreError, ClientError) as error:
            self.problem = explanation(error)
            return None
        except CommandError as error:
            self.problem = str(error)
            return None
        self.problem, self._from = None, max(midnight, now - _LATE_SECONDS)
        return Counter(self._seen.values())

    def _lines(self) -> Iterator[_Line]:
        """Yield the lines of requests that failed with a key. The local AWS filters less than AWS does."""
        pages = self._deployment.client("logs").get_paginator("filter_log_events")
        since = int(self._from * 1000)
        for page in pages.paginate(logGroupName=self._log_group(), startTime=since, filterPattern=_FAILED):
            for event in page["events"]:
                try:
                    line = msgspec.json.decode(event["message"], type=_Line)
                except msgspec.DecodeError:
                    # Whatever else was written there, and a path with a quotation mark, which API Gateway lets be.
                    continue
                if line.status.startswith(("4", "5")) and line.key_id not in ("", "-"):
                    yield line

    def _log_group(self) -> str:
        """Return the log group that the stage writes to.

        Raises:
            CommandError: it writes to none.
        """
        if self._group is None:
            stage = self._deployment.client("apigateway").get_stage(
                restApiId=self._deployment.output("RestApiId"), stageName=self._deployment.output("StageName")
            )
            arn = stage.get("accessLogSettings", {}).get("destinationArn")
            if arn is None:
                raise CommandError("The endpoint's stage has no access log: somebody turned it off by hand.")
            # arn:aws:logs:us-east-1:000000000000:log-group:NAME
            self._group = arn.split(":")[6]
        return self._group
