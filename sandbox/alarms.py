"""CloudWatch metric alarms, evaluated by themselves and by their dimensions.

MiniStack looks at alarms only when somebody calls PutMetricData, and takes the metric of all dimensions together. Here
every alarm is looked at each second, period by period, missing data included (CloudWatch user guide, "Using CloudWatch
alarms"). Two kinds of metrics that AWS's services send and MiniStack's do not are added: how many messages a queue
holds, which is read when an alarm asks for it, and how executions of state machines ended.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, sqs, stepfunctions

Alarm = dict[str, Any]

_SECONDS = 1.0
_QUEUE_METRICS = {
    "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}
_EXECUTION_METRICS = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
_ALL_MISSING = {"breaching": "ALARM", "notBreaching": "OK", "missing": "INSUFFICIENT_DATA"}

_logger = logging.getLogger(__name__)


@functools.cache
def install() -> None:
    """Put it into MiniStack and begin to look at the alarms. Doing it again changes nothing."""
    cloudwatch._evaluate_alarm = evaluate
    stepfunctions._emit_execution_status_event = _counting(stepfunctions._emit_execution_status_event)
    threading.Thread(target=_watch, name="sandbox-alarms", daemon=True).start()


def evaluate(alarm: Alarm) -> None:
    """Bring an alarm into the state that its metric gives it, and do that state's actions when it is another one."""
    if alarm.get("ComparisonOperator") not in _COMPARE or not alarm.get("MetricName"):
        return  # anomaly detection and metric math are not done here
    state, values = _state(alarm)
    before = alarm["StateValue"]
    if state == before:
        return
    reason = (
        f"Threshold Crossed: datapoints {values} were compared ({alarm['ComparisonOperator']}) with the threshold "
        f"({alarm['Threshold']}); missing data is treated as {alarm.get('TreatMissingData') or 'missing'}."
    )
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _state(alarm: Alarm) -> tuple[str, list[float | None]]:
    """Return the state of an alarm and the values it comes from, the latest period first; None is missing data."""
    treatment = alarm.get("TreatMissingData") or "missing"
    periods = int(alarm.get("EvaluationPeriods") or 1)
    length = float(alarm.get("Period") or 60)
    points, now = _points(alarm), time.time()
    values = [
        _statistic(alarm, [p for p in points if age * length <= max(0.0, now - p["Timestamp"]) < (age + 1) * length])
        for age in range(periods)
    ]
    if all(value is None for value in values):
        return _ALL_MISSING.get(treatment, str(alarm["StateValue"])), values
    compare = _COMPARE[alarm["ComparisonOperator"]]
    threshold = float(alarm["Threshold"])
    over = [treatment == "breaching" if value is None else compare(value, threshold) for value in values]
    return ("ALARM" if sum(over) >= int(alarm.get("DatapointsToAlarm") or periods) else "OK"), values


def _statistic(alarm: Alarm, points: list[dict[str, Any]]) -> float | None:
    if not points:
        return None
    name = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    value: float | None = cloudwatch._stat_value(cloudwatch._calc_stats(points), name, points)
    return value


def _points(alarm: Alarm) -> list[dict[str, Any]]:
    dimensions = cloudwatch._dims_from_list(alarm.get("Dimensions") or [])
    if alarm["Namespace"] == "AWS/SQS" and alarm["MetricName"] in _QUEUE_METRICS:
        held = _held(dimensions.get("QueueName", ""), _QUEUE_METRICS[alarm["MetricName"]])
        return [] if held is None else [{"Timestamp": time.time(), "Value": held}]
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    return list(cloudwatch._metrics.get(key) or ())


def _held(queue_name: str, attribute: str) -> float | None:
    with sqs._queues_lock:
        queue = sqs._queues.get(sqs._queue_url(queue_name))
        if queue is None:
            return None
        sqs._refresh_counts(queue)
        return float(queue["attributes"][attribute])


def _counting(emit: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    @functools.wraps(emit)
    def emitting(execution: dict[str, Any]) -> None:
        emit(execution)
        name = _EXECUTION_METRICS.get(execution["status"])
        if name is not None:
            dimensions = {"StateMachineArn": execution["stateMachineArn"]}
            cloudwatch.record_metric("AWS/States", name, 1, "Count", dimensions)

    return emitting


def _watch() -> None:
    while True:
        time.sleep(_SECONDS)
        for (account, region, _name), alarm in cloudwatch._alarms.all_items():
            try:
                with request_scope(account, region):
                    evaluate(alarm)
            except Exception:
                _logger.exception("alarm %s could not be evaluated", alarm.get("AlarmName"))
