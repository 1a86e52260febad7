"""The rights of a task: those of the state machine's role.

Checked are the tasks that call a function, publish to a topic, send to a queue, and all that call an operation of AWS;
others run unchecked.
"""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions

from sandbox import service_role
from sandbox.service_role import NotAuthorizedError, ServiceRole
from sandbox.state_machines import lifecycle, operations

_ERRORS = {
    "lambda:InvokeFunction": "Lambda.AWSLambdaException",
    "sns:Publish": "SNS.AuthorizationErrorException",
    "sqs:SendMessage": "SQS.AccessDeniedException",
}


@dataclass(frozen=True)
class AtWork:
    """The state machine, and its role, of the task that a thread works on."""

    machine: str
    role_arn: str

    def role(self) -> ServiceRole:
        """Return the role, assumed by Step Functions. Raises NotAuthorizedError: it does not let the service in."""
        session = self.machine.rpartition(":")[2]
        return service_role.assume(
            self.role_arn, service="states.amazonaws.com", session=session, source_arn=self.machine
        )


_at_work: contextvars.ContextVar[AtWork | None] = contextvars.ContextVar("state_machine", default=None)


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    stepfunctions._execute_task = _knowing_its_role(stepfunctions._execute_task)
    stepfunctions._execute_map = _knowing_its_role(stepfunctions._execute_map)
    stepfunctions._invoke_resource = _checked(stepfunctions._invoke_resource)


def at_work() -> AtWork | None:
    """Return whose task this thread works on; None for TestState and the like, which run without a state machine."""
    return _at_work.get()


def _knowing_its_role(execute: Any) -> Any:
    @functools.wraps(execute)
    def executing(state: Any, raw_input: Any, execution: Any, context: Any) -> Any:
        lifecycle.require_running()
        arn = (execution or {}).get("stateMachineArn", "")
        # A child of a distributed map is called by its parent's name and its label.
        machine = stepfunctions._state_machines.get(arn) or stepfunctions._state_machines.get(arn.partition("/")[0])
        token = _at_work.set(AtWork(arn.partition("/")[0], machine["roleArn"]) if machine else None)
        try:
            return execute(state, raw_input, execution, context)
        finally:
            _at_work.reset(token)

    return executing


def _checked(invoke: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    @functools.wraps(invoke)
    def invoking(resource: str, parameters: Any) -> Any:
        lifecycle.require_running()  # a task that is tried again, too
        operation = operations.find(resource)
        if operation is not None and (worker := _at_work.get()) is not None:
            return operation.run(parameters, _role_of(worker, operation), worker.machine)
        needed = _needed(resource, parameters)
        if needed is not None:
            _require(*needed)
        return invoke(resource, parameters)

    return invoking


def _needed(resource: str, parameters: Any) -> tuple[str, str] | None:
    """Return (action, ARN) that a task needs, or None where it is not known."""
    given = parameters if isinstance(parameters, dict) else {}
    region, account = get_region(), get_account_id()
    function = given.get("FunctionName", "") if "states:::lambda:invoke" in resource else ""
    if resource.startswith("arn:aws:lambda:"):
        function = resource
    if function:
        arn = function if function.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:function:{function}"
        return "lambda:InvokeFunction", arn
    if "states:::sns:publish" in resource:
        return "sns:Publish", given.get("TopicArn", "*")
    if "states:::sqs:sendMessage" in resource:
        return "sqs:SendMessage", f"arn:aws:sqs:{region}:{account}:{str(given.get('QueueUrl', '')).rpartition('/')[2]}"
    return None


def _require(action: str, arn: str) -> None:
    worker = _at_work.get()
    if worker is None:
        return
    try:
        worker.role().require(action, arn)
    except NotAuthorizedError as error:
        raise stepfunctions._ExecutionError(_ERRORS[action], str(error)) from error


def _role_of(worker: AtWork, operation: operations.Operation) -> ServiceRole:
    try:
        return worker.role()
    except NotAuthorizedError as error:
        raise stepfunctions._ExecutionError(operation.error_name("AccessDeniedException"), str(error)) from error
