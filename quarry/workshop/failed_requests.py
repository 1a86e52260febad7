"""How many requests of each key failed today: every request is a line of the endpoint's access log.

Sources: CloudWatch Logs API reference, FilterLogEvents; CloudWatch Logs user guide, "Filter pattern syntax" (JSON).
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Final

from quarry.deployed.deployment import Deployment

_DAY: Final = 86_400
# Lines may come into the log later than those that were written after them.
_LATE_SECONDS: Final = 120
_FAILED: Final = '{ ($.status = "4*") || ($.status = "5*") }'


class FailedRequests:
    """Reads the log from the beginning of the day (UTC), and on from there each time that it is asked.

    A stream that breaks off after its first token is a line with 200, and not counted.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._group: str | None = None
        self._seen: dict[str, str] = {}
        self._from = 0.0

    def by_key(self, *, now: float) -> Mapping[str, int]:
        """Return how many there were, by key id; keys without any are not in it.

        Args:
            now: seconds since the epoch.

        Raises:
            ClientError: the log or the stage that names it cannot be read.
        """
        midnight = now - now % _DAY
        if self._from < midnight:
            self._from, self._seen = midnight, {}
        pages = self._deployment.client("logs").get_paginator("filter_log_events")
        since = int(self._from * 1000)
        for page in pages.paginate(logGroupName=self._log_group(), startTime=since, filterPattern=_FAILED):
            for event in page["events"]:
                line = json.loads(event["message"])
                if line["status"][:1] in ("4", "5") and line["keyId"] not in ("", "-"):
                    self._seen[line["requestId"]] = line["keyId"]
        self._from = max(midnight, now - _LATE_SECONDS)
        return Counter(self._seen.values())

    def _log_group(self) -> str:
        """Return the log group that the stage writes to."""
        if self._group is None:
            stage = self._deployment.client("apigateway").get_stage(
                restApiId=self._deployment.output("RestApiId"), stageName=self._deployment.output("StageName")
            )
            # arn:aws:logs:us-east-1:000000000000:log-group:NAME
            self._group = stage["accessLogSettings"]["destinationArn"].split(":")[6]
        return self._group
