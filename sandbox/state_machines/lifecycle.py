"""Executions that end before their last state: stopped, timed out, their history full, or their state machine deleted.

What is in the middle of a task ends it; nothing is begun after that, also not in a branch or an iteration. MiniStack
lets both go on, and a stopped execution become a failed one. Wait states and the waits of Retry go by the sandbox's
clock.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from sandbox import clock

MOST_EVENTS = 25_000
"""What ends a standard execution. Source: Step Functions developer guide, "Quotas"."""


class ExecutionEnded(SystemExit):
    """The execution is over: its thread, and those of its branches, end without a word."""


@dataclass(frozen=True)
class _Running:
    """An execution in this thread, and when it is out of time (None: never)."""

    execution: dict[str, Any]
    machine: str
    deadline: float | None
    begun: float = field(default_factory=clock.now)


_running: contextvars.ContextVar[_Running | None] = contextvars.ContextVar("execution", default=None)


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    stepfunctions._run_execution = _knowing_itself(stepfunctions._run_execution)
    stepfunctions._fail_execution = _unless_over(stepfunctions._fail_execution)
    stepfunctions._delete_state_machine = _ending_executions(stepfunctions._delete_state_machine)
    stepfunctions._scaled_sleep = _sleep
    stepfunctions._sleep_until = _sleep_until


def is_running() -> bool:
    """Whether the execution of this thread goes on; true where there is none."""
    running = _running.get()
    if running is None:
        return True
    if stepfunctions._executions.get(running.execution["executionArn"]) is not running.execution:
        return False  # gone with its state machine, or with everything
    if running.deadline is not None and clock.now() >= running.deadline:
        _time_out(running.execution)
    if len(running.execution["events"]) >= MOST_EVENTS:
        words = f"The execution reached the maximum number of history events ({MOST_EVENTS})."
        stepfunctions._fail_execution(running.execution, "States.Runtime", words)
    return bool(running.execution["status"] == "RUNNING")


def require_running() -> None:
    """Go no further in an execution that is over.

    Raises:
        ExecutionEnded: it is.
    """
    if not is_running():
        raise ExecutionEnded


def _knowing_itself(run: Any) -> Any:
    @functools.wraps(run)
    def running(arn: str) -> None:
        execution = stepfunctions._executions.get(arn)
        if execution is None:
            return
        machine = execution["stateMachineArn"]
        token = _running.set(_Running(execution, machine, _deadline(machine)))
        try:
            with contextlib.suppress(ExecutionEnded):
                run(arn)
        finally:
            _running.reset(token)

    return running


def _deadline(machine: str) -> float | None:
    found = stepfunctions._state_machines.get(machine)
    try:
        seconds = json.loads(found["definition"]).get("TimeoutSeconds") if found else None
    except ValueError:
        return None  # it fails for that
    return clock.now() + seconds if isinstance(seconds, int | float) else None


def _time_out(execution: dict[str, Any]) -> None:
    if execution["status"] != "RUNNING":
        return
    execution |= {"status": "TIMED_OUT", "stopDate": now_iso()}
    stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
    stepfunctions._emit_execution_status_event(execution)


def _unless_over(fail: Any) -> Any:
    @functools.wraps(fail)
    def failing(execution: dict[str, Any], error: Any, cause: Any) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    return failing


def _ending_executions(delete: Any) -> Any:
    @functools.wraps(delete)
    def deleting(data: dict[str, Any]) -> Any:
        machine = data.get("stateMachineArn")
        for execution in list(stepfunctions._executions.values()):
            if execution.get("stateMachineArn") == machine and execution["status"] == "RUNNING":
                execution |= {"status": "ABORTED", "stopDate": now_iso()}
        return delete(data)

    return deleting


def _sleep(seconds: float) -> None:
    """Wait so long by the clock, times ``SFN_WAIT_SCALE``."""
    scaled = seconds * stepfunctions._SFN_WAIT_SCALE
    if scaled > 0:
        clock.wait_until(clock.now() + scaled, given_up=lambda: not is_running())
    require_running()


def _sleep_until(moment: str) -> None:
    try:
        seconds = datetime.fromisoformat(moment).timestamp() - clock.now()
    except (ValueError, TypeError):
        return
    _sleep(max(0.0, seconds))
