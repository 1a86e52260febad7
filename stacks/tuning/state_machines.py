"""The two state machines of tuning, with their roles: the pipeline, and what takes away."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from configuration.tuning.section import Tuning
from lambdas.tuning.places import REPORTS_PREFIX
from stacks.components.checks import acknowledge, acknowledge_wildcards
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.log_group import log_group
from stacks.tuning import permissions, pipeline_definition, removal_definition
from stacks.tuning.pipeline_definition import LABEL
from stacks.tuning.states import State
from stacks.tuning.steps import Steps

_LOGS: Final = "X-Ray and the deliveries of CloudWatch Logs know no resources."
_LOOKS: Final = (
    "What is looked at has no id before it is there; the pieces of a test set, and the executions that ask them, have "
    "names of each run."
)


class Removal(Construct):
    """Takes away what runs have made.

    Attributes:
        state_machine: started with {"run", "outcome", "error"} or {"end": {"throughput", "alias", "run"}}.
        schedule_role: the role with which schedules start it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        conductor_arn: str,
        topic: sns.ITopic,
        schedule_role: iam.Role,
        settle_seconds: int,
        drain_seconds: int,
    ) -> None:
        super().__init__(scope, id_)
        self.state_machine = _state_machine(
            self,
            removal_definition.definition(
                conductor_arn,
                topic_arn=topic.topic_arn,
                environment=EnvironmentStack.of(self).config.name,
                settle_seconds=settle_seconds,
                drain_seconds=drain_seconds,
            ),
        )
        self.state_machine.add_to_role_policy(_invoking([conductor_arn]))
        self.state_machine.add_to_role_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn]))
        schedule_role.add_to_policy(permissions.starting(self.state_machine.state_machine_arn))


class Pipeline(Construct):
    """From a request to a promoted model.

    Attributes:
        state_machine: started with {"run", "key"}.
    """

    def __init__(
        self, scope: Construct, id_: str, *, steps: Steps, tuning: Tuning, bucket: s3.IBucket, removal: Removal
    ) -> None:
        super().__init__(scope, id_)
        stack = Stack.of(self)
        removal_arn = removal.state_machine.state_machine_arn
        self.state_machine = _state_machine(
            self,
            pipeline_definition.definition(
                steps.arns, tuning=tuning, bucket=bucket.bucket_name, removal_arn=removal_arn
            ),
        )
        pieces = iam.PolicyStatement(
            actions=["s3:GetObject"], resources=[f"{bucket.bucket_arn}/{REPORTS_PREFIX}*/batches.json"]
        )
        statements = [
            _invoking([one.function.function_arn for one in steps.functions]),
            permissions.looking_at_jobs(stack),
            *permissions.looking_at_hosting(stack),
            permissions.starting(removal_arn),
            pieces,
        ]
        for statement in statements:
            self.state_machine.add_to_role_policy(statement)
        acknowledge_wildcards(self.state_machine.role, statements, because=_LOOKS)
        self._may_run_itself()

    def _may_run_itself(self) -> None:
        """Let it run children of itself, a piece of the test set each: beside its role's policy, which it waits for."""
        stack, machine = Stack.of(self), self.state_machine
        children = f"arn:{stack.partition}:states:{stack.region}:{stack.account}:execution:{machine.state_machine_name}"
        statements = [
            permissions.starting(machine.state_machine_arn),
            iam.PolicyStatement(
                actions=["states:DescribeExecution", "states:StopExecution"], resources=[f"{children}/{LABEL}:*"]
            ),
        ]
        policy = iam.Policy(self, "MayRunItself", roles=[machine.role], statements=statements)
        acknowledge_wildcards(policy, statements, because=_LOOKS)


def _state_machine(scope: Construct, definition: State) -> sfn.StateMachine:
    machine = sfn.StateMachine(
        scope,
        "Machine",
        definition_body=sfn.DefinitionBody.from_string(Stack.of(scope).to_json_string(definition)),
        tracing_enabled=True,
        logs=sfn.LogOptions(
            destination=log_group(scope, "Log", vended_by="states"),
            level=sfn.LogLevel.ALL,
            include_execution_data=False,
        ),
    )
    acknowledge(machine.role, "AwsSolutions-IAM5[Resource::*]", because=_LOGS)
    return machine


def _invoking(functions: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=list(functions))
