"""Step Functions: tasks run with the rights of the state machine's role, and call ``aws-sdk:bedrockagent``.

MiniStack does every task as the account's root and has no integration with Bedrock's agent service. Checked are the
tasks that call a function, publish to a topic, send to a queue, or call ``bedrock-agent``; others run unchecked.
"""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ParamValidationError
from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions

from sandbox import service_role
from sandbox.resources import service_api, translation
from sandbox.resources.service_api import ApiError
from sandbox.service_role import NotAuthorizedError

_AGENT = "arn:aws:states:::aws-sdk:bedrockagent:"
_ERRORS = {
    "lambda:InvokeFunction": "Lambda.AWSLambdaException",
    "sns:Publish": "SNS.AuthorizationErrorException",
    "sqs:SendMessage": "SQS.AccessDeniedException",
}

# The state machine and the role of the task that this thread works on.
_at_work: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("state_machine", default=None)


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    stepfunctions._execute_task = _knowing_its_role(stepfunctions._execute_task)
    stepfunctions._invoke_resource = _checked(stepfunctions._invoke_resource)


def _knowing_its_role(execute: Any) -> Any:
    @functools.wraps(execute)
    def executing(state: Any, raw_input: Any, execution: Any, context: Any) -> Any:
        arn = (execution or {}).get("stateMachineArn", "")
        machine = stepfunctions._state_machines.get(arn)
        token = _at_work.set((arn, machine["roleArn"]) if machine else None)
        try:
            return execute(state, raw_input, execution, context)
        finally:
            _at_work.reset(token)

    return executing


def _checked(invoke: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    @functools.wraps(invoke)
    def invoking(resource: str, parameters: Any) -> Any:
        needed = _needed(resource, parameters)
        if needed is not None:
            _require(*needed)
        return _call_agent(resource, parameters) if resource.startswith(_AGENT) else invoke(resource, parameters)

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
    if resource.startswith(_AGENT):
        base = given.get("KnowledgeBaseId")
        arn = f"arn:aws:bedrock:{region}:{account}:knowledge-base/{base}" if base else "*"
        return f"bedrock:{_operation(resource)}", arn
    return None


def _require(action: str, arn: str) -> None:
    machine = _at_work.get()
    if machine is None:
        return  # TestState and the like, which run without a state machine
    try:
        role = service_role.assume(
            machine[1], service="states.amazonaws.com", session=machine[0].rpartition(":")[2], source_arn=machine[0]
        )
        role.require(action, arn)
    except NotAuthorizedError as error:
        raise stepfunctions._ExecutionError(
            _ERRORS.get(action, "BedrockAgent.AccessDeniedException"), str(error)
        ) from error


def _operation(resource: str) -> str:
    action = resource.removeprefix(_AGENT).partition(".")[0]
    return f"{action[:1].upper()}{action[1:]}"


def _call_agent(resource: str, parameters: Any) -> Any:
    """Call an operation of ``bedrock-agent``; parameters and result have capital first letters, as in AWS."""
    operation = _operation(resource)
    try:
        shape = service_api.operation_model("bedrock-agent", operation).input_shape
        arguments = translation.to_parameters(parameters or {}, shape, {}) if shape else {}
        return translation.to_property(service_api.call("bedrock-agent", operation, arguments))
    except ApiError as error:
        raise stepfunctions._ExecutionError(f"BedrockAgent.{error.code}", error.message) from error
    except (translation.UntranslatableError, ParamValidationError) as error:
        raise stepfunctions._ExecutionError("States.Runtime", str(error)) from error
