"""The watcher's state machine, walked with answers of Bedrock that are made up."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stacks.knowledge.ingestion_watch import POLL_SECONDS, definition

MACHINE = definition(recorder_arn="arn:recorder", max_minutes=5)
INPUT = {"knowledgeBaseId": "KB", "dataSourceId": "DS", "ingestionJobId": "JOB", "polls": 0}


def filled(template: Any, data: dict[str, Any]) -> Any:
    """Return a template of Parameters with its paths and its one function filled in."""
    if not isinstance(template, dict):
        return template
    result = {}
    for key, value in template.items():
        if not key.endswith(".$"):
            result[key] = filled(value, data)
        elif value.startswith("States.MathAdd($.polls, 1)"):
            result[key.removesuffix(".$")] = data["polls"] + 1
        else:
            found: Any = data
            for part in value.removeprefix("$.").split("."):
                found = found[part]
            result[key.removesuffix(".$")] = found
    return result


def holds(rule: dict[str, Any], data: dict[str, Any]) -> bool:
    if "Or" in rule:
        return any(holds(one, data) for one in rule["Or"])
    value: Any = data
    for part in rule["Variable"].removeprefix("$.").split("."):
        value = value[part]
    if "StringEquals" in rule:
        return bool(value == rule["StringEquals"])
    return bool(value >= rule["NumericGreaterThanEquals"])


def walk(statuses: Iterator[str], *, outcome: str = "complete", stop_fails: bool = False) -> tuple[str, list[Any]]:
    """Return the state that it ends in, and what was asked: (API or recorder, parameters)."""
    state, data, asked = "Look", dict(INPUT), []
    while MACHINE["States"][state]["Type"] not in ("Succeed", "Fail"):
        step = MACHINE["States"][state]
        state = step.get("Next", step.get("Default"))
        if step["Type"] == "Choice":
            state = next((rule["Next"] for rule in step["Choices"] if holds(rule, data)), step["Default"])
        elif step["Type"] == "Pass":
            data = filled(step["Parameters"], data)
        elif step["Type"] == "Task":
            call = step["Resource"].rpartition(":")[2]
            asked.append((call, filled(step["Parameters"], data)))
            if call == "getIngestionJob":
                data["job"] = filled(step["ResultSelector"], {"IngestionJob": {"Status": next(statuses)}})
            elif call == "stopIngestionJob":
                (caught,) = step["Catch"]
                assert step["ResultPath"] == caught["ResultPath"] == "$.stopped"
                state = caught["Next"] if stop_fails else step["Next"]
            else:
                data = filled(step["ResultSelector"], {"Payload": {"outcome": outcome}})
    return state, asked


def forever(status: str) -> Iterator[str]:
    while True:
        yield status


def test_a_job_that_ends_well_is_recorded() -> None:
    state, asked = walk(iter(["STARTING", "IN_PROGRESS", "COMPLETE"]))

    ids = {"KnowledgeBaseId": "KB", "DataSourceId": "DS", "IngestionJobId": "JOB"}
    assert state == "Complete"
    assert asked[:3] == [("getIngestionJob", ids)] * 3
    assert asked[3:] == [
        (
            "invoke",
            {
                "FunctionName": "arn:recorder",
                "Payload": {
                    "knowledgeBaseId": "KB",
                    "dataSourceId": "DS",
                    "ingestionJobId": "JOB",
                    "timedOut": False,
                },
            },
        )
    ]


@pytest.mark.parametrize("status", ["COMPLETE", "FAILED", "STOPPED"])
@pytest.mark.parametrize("outcome", ["failed", "partly_failed"])
def test_an_execution_fails_unless_every_document_was_ingested(status: str, outcome: str) -> None:
    assert walk(iter([status]), outcome=outcome)[0] == "Incomplete"


@pytest.mark.parametrize("stop_fails", [False, True])
def test_a_job_that_does_not_end_is_stopped_after_its_time_and_recorded_as_such(stop_fails: bool) -> None:
    state, asked = walk(forever("IN_PROGRESS"), outcome="timed_out", stop_fails=stop_fails)

    calls = [call for call, _ in asked]
    assert state == "Incomplete"
    assert calls == ["getIngestionJob"] * (5 * 60 // POLL_SECONDS + 1) + ["stopIngestionJob", "invoke"]
    assert asked[-1][1]["Payload"]["timedOut"] is True


def test_the_machine_itself_ends_after_the_job_has() -> None:
    assert MACHINE["TimeoutSeconds"] > 5 * 60


def test_nothing_in_it_is_null_because_the_cdk_leaves_nulls_out() -> None:
    assert "null" not in json.dumps(MACHINE)


@pytest.mark.parametrize(("max_minutes", "seconds"), [(5, 15), (500, 15), (1_440, 44)])
def test_an_execution_has_room_for_all_looks(max_minutes: int, seconds: int) -> None:
    states = definition(recorder_arn="arn:recorder", max_minutes=max_minutes)["States"]

    looks = states["Ended?"]["Choices"][1]["NumericGreaterThanEquals"]

    assert states["Wait"]["Seconds"] == seconds
    assert looks * 11 < 25_000
    assert max_minutes - 1 <= looks * seconds / 60 <= max_minutes
