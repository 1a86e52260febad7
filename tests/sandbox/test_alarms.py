"""Alarms, and the metrics they look at, in a MiniStack of this process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import cloudwatch, cloudwatch_logs, sqs

from sandbox import alarms, embedded_metrics

NOW = time.time()
ALARM = {
    "AlarmName": "failed",
    "Namespace": "App",
    "MetricName": "Failed",
    "Dimensions": [{"Name": "Environment", "Value": "test"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "StateValue": "INSUFFICIENT_DATA",
}


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Between a value and the look at it no time passes, however long the test takes.
    monkeypatch.setattr(alarms, "time", SimpleNamespace(time=lambda: NOW, sleep=time.sleep))
    yield
    cloudwatch.reset()
    sqs.reset()


def _state(*, minutes: list[float | None] = [], environment: str = "test", **changes: Any) -> str:  # noqa: B006 - read only
    """The state of an alarm whose metric had these values, the latest minute first."""
    for age, value in enumerate(minutes):
        if value is not None:
            cloudwatch._store_datum(
                "App", "Failed", {"Environment": environment}, NOW - age * 60 - 30, "Count", value, None, None, None
            )
    alarm = {**ALARM, **changes}
    alarms.evaluate(alarm)
    return str(alarm["StateValue"])


def test_a_value_over_the_threshold_is_an_alarm() -> None:
    assert _state(minutes=[1]) == "ALARM"


def test_other_dimensions_are_another_metric() -> None:
    assert _state(minutes=[1], environment="other") == "OK"


@pytest.mark.parametrize(
    ("treatment", "state"),
    [
        ("notBreaching", "OK"),
        ("breaching", "ALARM"),
        ("missing", "INSUFFICIENT_DATA"),
        (None, "INSUFFICIENT_DATA"),
        ("ignore", "OK"),
    ],
)
def test_missing_data_is_treated_as_asked(treatment: str | None, state: str) -> None:
    assert _state(TreatMissingData=treatment, StateValue="OK" if treatment == "ignore" else "ALARM") == state


def test_old_values_do_not_count() -> None:
    assert _state(minutes=[None, 1]) == "OK"


@pytest.mark.parametrize(
    ("minutes", "state"), [([1, 1, 0], "ALARM"), ([1, 0, 1], "ALARM"), ([1, 0, 0], "OK"), ([1, None, None], "OK")]
)
def test_some_of_several_periods_may_be_enough(minutes: list[float | None], state: str) -> None:
    assert _state(minutes=minutes, EvaluationPeriods=3, DatapointsToAlarm=2) == state


def test_all_periods_must_breach_otherwise() -> None:
    assert _state(minutes=[1, 0], EvaluationPeriods=2) == "OK"


@pytest.mark.parametrize(
    ("operator", "state"),
    [
        ("GreaterThanOrEqualToThreshold", "ALARM"),
        ("GreaterThanThreshold", "OK"),
        ("LessThanThreshold", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM"),
    ],
)
def test_comparisons(operator: str, state: str) -> None:
    assert _state(minutes=[5], Threshold=5, ComparisonOperator=operator) == state


def test_a_queue_is_asked_how_many_messages_it_holds() -> None:
    url = sqs._act_create_queue({"QueueName": "dead"}, "")["QueueUrl"]
    of_queue: dict[str, Any] = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": "dead"}],
        "Statistic": "Maximum",
    }
    assert _state(**of_queue) == "OK"
    assert _state(**{**of_queue, "Dimensions": [{"Name": "QueueName", "Value": "absent"}]}) == "OK"

    sqs._act_send_message({"MessageBody": "lost"}, url)

    assert _state(**of_queue) == "ALARM"


def test_printed_metrics_become_metrics() -> None:
    embedded_metrics.install()
    line = {
        "_aws": {
            "Timestamp": int(NOW * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": "App",
                    "Dimensions": [["Environment"], []],
                    "Metrics": [{"Name": "Failed", "Unit": "Count"}, {"Name": "Seconds"}],
                }
            ],
        },
        "Environment": "test",
        "Failed": 2,
        "Seconds": [1.5, 2.5],
        "message": "two documents failed",
    }
    event = {"timestamp": 1, "message": json.dumps(line), "ingestionTime": 1}

    cloudwatch_logs._append_log_events({"events": [], "firstEventTimestamp": None, "lastEventTimestamp": None}, [event])

    assert _state() == "ALARM"
    assert _state(Dimensions=[], MetricName="Seconds", Statistic="Average", Threshold=1.9) == "ALARM"
    assert _state(Dimensions=[], MetricName="Seconds", Statistic="Average", Threshold=2) == "OK"


@pytest.mark.parametrize(
    "line",
    [
        "START RequestId",
        '{"message": "no metrics"}',
        '{"_aws": ',
        '{"_aws": {"Timestamp": 1}}',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "n", "Metrics": [{"Name": "absent"}]}]}}',
        '{"_aws": 1}',
    ],
)
def test_other_lines_are_left_alone(line: str) -> None:
    assert embedded_metrics.measurements(line) == []
