"""The pipeline's states around what hosts a model: waiting until it can be called, and moving an alias to it."""

from typing import Final

from stacks.tuning.pipeline_steps import Functions, conducted, look, too_long
from stacks.tuning.states import RETRY, UNUSED, State, counter

HOST_POLL_SECONDS: Final = 15
HOSTED_ARN: Final = "$.host.answer.hosted_arn"


def hosting(most: int) -> dict[str, State]:
    """Return the states that wait until what hosts the model can be called."""
    begin, more = counter("looks", then="Kind?")
    looks = {
        "LookAtDeployment": ("getCustomModelDeployment", "CustomModelDeploymentIdentifier"),
        "LookAtThroughput": ("getProvisionedModelThroughput", "ProvisionedModelId"),
    }
    return {
        "FirstLookAtHost": begin,
        "Kind?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.host.answer.kind", "StringEquals": "provisioned", "Next": "LookAtThroughput"}
            ],
            "Default": "LookAtDeployment",
        },
        **{
            name: look(operation, {f"{given}.$": HOSTED_ARN}, then="Hosted?")
            for name, (operation, given) in looks.items()
        },
        "Hosted?": {
            "Type": "Choice",
            "Choices": [
                {
                    "Or": [
                        {"Variable": "$.looked.Status", "StringEquals": "Active"},
                        {"Variable": "$.looked.Status", "StringEquals": "InService"},
                    ],
                    "Next": "Measure",
                },
                {"Variable": "$.looked.Status", "StringEquals": "Failed", "Next": "HostFailed"},
                {"Variable": "$.looks.n", "NumericGreaterThanEquals": most, "Next": "HostTooLong"},
            ],
            "Default": "PauseForHost",
        },
        "PauseForHost": {"Type": "Wait", "Seconds": HOST_POLL_SECONDS, "Next": "CountForHost"},
        "CountForHost": more,
        "HostFailed": too_long("Bedrock could not host the model: what was to host it failed, and was taken away."),
        "HostTooLong": too_long(
            "It took longer than its bound until the model could be called. Start it again with --again, or raise "
            "tuning.bounds.hosting_minutes."
        ),
    }  # fmt: skip


def promoting(functions: Functions, most: int, removal_arn: str) -> dict[str, State]:
    """Return the states that have the alias answer from the model.

    Where the alias has a deployment that serves, this takes the new model, and is waited for; else there is nothing to
    move.
    """
    begin, more = counter("looks", then="LookAtMove")
    update = "$.looked.UpdateDetails.UpdateStatus"
    moved = "$.moved.answer.hosted_arn"
    return {
        "Move": conducted(functions, "move", then="Moving?", result="$.moved"),
        "Moving?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.moved.answer.moving", "BooleanEquals": True, "Next": "FirstLookAtMove"}],
            "Default": "Promote",
        },
        "FirstLookAtMove": begin,
        "LookAtMove": look("getCustomModelDeployment", {"CustomModelDeploymentIdentifier.$": moved}, then="Moved?"),
        "Moved?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": update, "IsPresent": False, "Next": "Promote"},
                {"Variable": update, "StringEquals": "UpdateCompleted", "Next": "Promote"},
                {"Variable": update, "StringEquals": "UpdateFailed", "Next": "MoveFailed"},
                {"Variable": "$.looks.n", "NumericGreaterThanEquals": most, "Next": "HostTooLong"},
            ],
            "Default": "PauseForMove",
        },
        "PauseForMove": {"Type": "Wait", "Seconds": HOST_POLL_SECONDS, "Next": "CountForMove"},
        "CountForMove": more,
        "MoveFailed": too_long("Bedrock could not give the alias's deployment the new model; it has the former one."),
        "Promote": conducted(functions, "promote", {"hosted_arn.$": moved}, then="Retires?", result="$.promoted"),
        "Retires?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.promoted.answer.retires", "BooleanEquals": True, "Next": "Retire"}],
            "Default": "TidyUp",
        },
        # The throughput that the alias answered from until now; its own schedule ends it, should this fail.
        "Retire": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {"StateMachineArn": removal_arn, "Input": {"end.$": "$.promoted.answer.end"}},
            "ResultPath": UNUSED,
            "Retry": RETRY,
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": UNUSED, "Next": "TidyUp"}],
            "Next": "TidyUp",
        },
    }
