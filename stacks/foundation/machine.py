"""The state machine that ends things: it calls one function, step after step, and waits in between.

A step costs four transitions, 0.0001 USD; an end with all stacks takes some hundred.
"""

from typing import Any, Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.log_group import log_group
from stacks.components.python_function import PythonFunction

# All stacks with their time, and what costs: steps.MONEY_SECONDS, steps.STACK_SECONDS.
HOURS: Final = 12
_AGAIN: Final = {
    "ErrorEquals": ["States.ALL"],
    "IntervalSeconds": 5,
    "BackoffRate": 2,
    "MaxDelaySeconds": 300,
    "MaxAttempts": 8,
}


class EndingMachine(Construct):
    """The machine; an execution is started with a document of ``lambdas.expiry.steps.State``."""

    def __init__(self, scope: Construct, id_: str, *, ending: PythonFunction, topic: sns.Topic) -> None:
        super().__init__(scope, id_)
        stack = EnvironmentStack.of(self)
        document = definition(
            function_arn=ending.function.function_arn, topic_arn=topic.topic_arn, environment=stack.config.name
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_string(Stack.of(self).to_json_string(document)),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log_group(self, "Log", vended_by="states"),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        role = self.machine.role
        iam.Grant.add_to_principal(
            grantee=role, actions=["lambda:InvokeFunction"], resource_arns=[ending.function.function_arn]
        )
        iam.Grant.add_to_principal(grantee=role, actions=["sns:Publish"], resource_arns=[topic.topic_arn])
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            because="X-Ray and the deliveries of CloudWatch Logs know no resources.",
        )


def definition(*, function_arn: str, topic_arn: str, environment: str) -> dict[str, Any]:
    """Return the state machine: a step, a wait where one is asked for, the next step, until it is done.

    What fails for good is told, with the way out, since nobody looks at the machine.
    """
    return {
        "Comment": "Ends what costs, and the environment's stacks",
        "StartAt": "Step",
        "TimeoutSeconds": HOURS * 3_600,
        "States": {
            "Step": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {
                    "FunctionName": function_arn,
                    "Payload": {
                        "state.$": "$",
                        "execution.$": "$$.Execution.Name",
                        # Who calls is told, because the function cannot name what is made after it.
                        "machine.$": "$$.StateMachine.Id",
                    },
                },
                "OutputPath": "$.Payload",
                "Retry": [_AGAIN],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}],
                "Next": "Done?",
            },
            "Done?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.done", "BooleanEquals": True, "Next": "Ended"},
                    {"Variable": "$.wait", "NumericGreaterThan": 0, "Next": "Wait"},
                ],
                "Default": "Step",
            },
            "Wait": {"Type": "Wait", "SecondsPath": "$.wait", "Next": "Step"},
            "Ended": {"Type": "Succeed"},
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {
                    "TopicArn": topic_arn,
                    "Subject": f"quarry {environment}: not ended",
                    "Message.$": "States.Format('The end of the environment "
                    f"{environment} broke off in the phase {{}}: {{}}. What is there still costs. By hand: quarry "
                    f"teardown --environment {environment}', $.phase, $.error.Cause)",
                },
                "Next": "Failed",
            },
            "Failed": {"Type": "Fail", "Error": "NotEnded", "Cause": "A step failed for good; the owner was told."},
        },
    }
