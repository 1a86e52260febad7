"""Executions that are over before their last state, in a MiniStack of this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import stepfunctions

from sandbox import clock, service_role, state_machines
from sandbox.state_machines import lifecycle

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:one"
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:one:first"


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    state_machines.install()
    monkeypatch.setattr(service_role, "is_enforced", lambda: False)
    monkeypatch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 1)
    yield
    stepfunctions.reset()
    clock.reset()


def _run(states: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Run an execution to its end in this thread, and return it."""
    definition = {"StartAt": next(iter(states)), "States": states, **more}
    stepfunctions._state_machines[MACHINE] = {"name": "one", "roleArn": "r", "definition": json.dumps(definition)}
    execution: dict[str, Any] = {
        "executionArn": EXECUTION,
        "stateMachineArn": MACHINE,
        "name": "first",
        "status": "RUNNING",
        "startDate": "2026-11-30T00:00:00Z",
        "stopDate": None,
        "input": "{}",
        "output": None,
        "events": [],
    }
    stepfunctions._executions[EXECUTION] = execution
    stepfunctions._run_execution(EXECUTION)
    return execution


def _task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, **more}


def _doing(monkeypatch: pytest.MonkeyPatch, what: Any) -> list[str]:
    """Let the function ``f`` do something; return the list of its calls."""
    called: list[str] = []

    def call(*_: Any) -> Any:
        called.append("f")
        return what()

    monkeypatch.setattr(stepfunctions, "_call_lambda", call)
    monkeypatch.setattr(stepfunctions, "_resolve_lambda_function_ref", lambda name, **_: name)
    return called


def _stop() -> None:
    stepfunctions._stop_execution({"executionArn": EXECUTION, "error": "Stopped", "cause": "by hand"})


def test_what_is_stopped_in_a_task_that_fails_stays_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        _stop()
        raise stepfunctions._ExecutionError("Lambda.Unknown", "no")

    called = _doing(monkeypatch, fail)
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 9, "MaxAttempts": 3}]
    execution = _run({"Do": _task(Retry=retry, End=True)})
    assert (execution["status"], execution["error"], called) == ("ABORTED", "Stopped", ["f"])


def test_nothing_is_begun_after_a_stop_also_in_a_map(monkeypatch: pytest.MonkeyPatch) -> None:
    called = _doing(monkeypatch, _stop)
    inner = {"StartAt": "Do", "States": {"Do": _task(End=True)}}
    items = {"Type": "Pass", "Result": [1, 2, 3, 4], "Next": "Each"}
    each = {"Type": "Map", "ItemProcessor": inner, "MaxConcurrency": 1, "Next": "After"}
    execution = _run({"Items": items, "Each": each, "After": _task(End=True)})
    assert (execution["status"], called) == ("ABORTED", ["f"])


def test_the_machines_deletion_ends_it_at_the_next_transition(monkeypatch: pytest.MonkeyPatch) -> None:
    called = _doing(monkeypatch, lambda: stepfunctions._delete_state_machine({"stateMachineArn": MACHINE}))
    execution = _run({"Do": _task(Next="Again"), "Again": _task(End=True)})
    assert (execution["status"], called) == ("ABORTED", ["f"])


def test_a_wait_is_over_when_the_clock_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    called = _doing(monkeypatch, lambda: clock.advance(3600))
    until = {"Type": "Wait", "Timestamp": "2026-01-01T00:00:00Z", "Next": "Do"}
    execution = _run({"W": until, "Do": _task(End=True)}, TimeoutSeconds=7200)
    assert (execution["status"], called) == ("SUCCEEDED", ["f"])


def test_the_time_of_the_machine_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    called = _doing(monkeypatch, lambda: clock.advance(3600))
    execution = _run({"Do": _task(Next="Again"), "Again": _task(End=True)}, TimeoutSeconds=60)
    assert (execution["status"], called) == ("TIMED_OUT", ["f"])


def test_a_full_history_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "MOST_EVENTS", 100)
    called = _doing(monkeypatch, lambda: None)
    execution = _run({"Do": _task(Next="Again"), "Again": {"Type": "Pass", "Next": "Do"}})
    assert execution["cause"] == "The execution reached the maximum number of history events (100)."
    assert 10 < len(called) < 100


def test_what_is_forgotten_does_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    called = _doing(monkeypatch, stepfunctions.reset)
    _run({"Do": _task(Next="W"), "W": {"Type": "Wait", "Seconds": 3600, "Next": "Again"}, "Again": _task(End=True)})
    assert called == ["f"]


def test_the_thread_is_free_afterwards() -> None:
    _run({"P": {"Type": "Pass", "End": True}})
    stepfunctions.reset()
    assert lifecycle.is_running()
