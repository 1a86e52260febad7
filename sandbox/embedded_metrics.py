"""Metrics that functions print in CloudWatch's Embedded Metric Format become metrics, as CloudWatch Logs does it.

CloudWatch user guide, "Specification: Embedded metric format". Lines of any log group are looked at.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measurement:
    """One metric of one set of dimensions; ``timestamp`` is in seconds since the epoch."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    unit: str
    timestamp: float
    values: list[float]


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    append = cloudwatch_logs._append_log_events

    def appending(stream: Any, events: list[dict[str, Any]]) -> None:
        append(stream, events)
        for event in events or ():
            for each in measurements(event["message"]):
                cloudwatch._store_datum(
                    each.namespace, each.name, each.dimensions, each.timestamp, each.unit, None, each.values, None, None
                )

    cloudwatch_logs._append_log_events = appending


def measurements(message: str) -> list[Measurement]:
    """Return the metrics in a log line: none where it is not in the format, or wrongly so."""
    if '"_aws"' not in message or not message.lstrip().startswith("{"):
        return []
    try:
        return list(_measurements(json.loads(message)))
    except (ValueError, TypeError, KeyError, AttributeError):
        _logger.warning("not in Embedded Metric Format: %s", message[:200])
        return []


def _measurements(document: dict[str, Any]) -> Iterator[Measurement]:
    timestamp = float(document["_aws"]["Timestamp"]) / 1000
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive.get("Dimensions") or [[]]:
            dimensions = {name: str(document[name]) for name in names}
            for metric in directive["Metrics"]:
                value = document[metric["Name"]]
                values = [float(each) for each in (value if isinstance(value, list) else [value])]
                yield Measurement(
                    directive["Namespace"], metric["Name"], dimensions, metric.get("Unit", "None"), timestamp, values
                )
