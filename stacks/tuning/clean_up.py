"""What makes tuning go without a hand: jobs stop, throughput, deployments and models go, then CloudFormation's own."""

from collections.abc import Sequence
from typing import Final, cast

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct, IConstruct

from configuration.tuning.section import Tuning
from lambdas.tuning.custom_resources import RUNS
from stacks.components.checks import acknowledge_wildcards
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import Lifecycle
from stacks.tuning import permissions

HANDLER: Final = "lambdas.tuning.custom_resources.lambda_handler"


def tuning_lifecycle(scope: Construct, id_: str) -> Lifecycle:
    """Return the function behind all custom resources of tuning's stack."""
    return Lifecycle(
        scope,
        id_,
        handler=HANDLER,
        description="Takes away what tuning has made, and empties its bucket, for CloudFormation",
        runs=RUNS,
    )


class CleanUp(Construct):
    """Takes away at the stack's deletion what runs have made.

    Args:
        machines: whose executions are stopped first.
        after: what has to be there as long as it works: roles, the schedules' group.
        lifecycle: of ``tuning_lifecycle``.

    Attributes:
        resource: what has to go first, because it could start something, depends on this.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        tuning: Tuning,
        machines: Sequence[sfn.StateMachine],
        after: Sequence[IConstruct],
        lifecycle: Lifecycle,
    ) -> None:
        super().__init__(scope, id_)
        stack, environment = Stack.of(self), EnvironmentStack.of(self).config.name
        arns = [machine.state_machine_arn for machine in machines]
        executions = [
            f"arn:{stack.partition}:states:{stack.region}:{stack.account}:execution:{machine.state_machine_name}:*"
            for machine in machines
        ]
        statements = [
            *permissions.removing(stack, environment=environment),
            permissions.listing_schedules(),
            *permissions.removing_schedules(stack, environment=environment),
            *permissions.ending_promotions(stack, environment=environment),
            iam.PolicyStatement(actions=["states:ListExecutions"], resources=arns),
            iam.PolicyStatement(actions=["states:StopExecution"], resources=executions),
        ]
        policy = iam.Policy(self, "MayCleanUp", roles=[lifecycle.function.role], statements=statements)
        acknowledge_wildcards(
            policy, statements, because="All that the environment's tag is on has to go; lists know no resources."
        )
        self.resource = lifecycle.resource(
            self,
            "Everything",
            kind="TuningCleanUp",
            action="clean_up",
            properties={
                "Environment": environment,
                "StateMachines": arns,
                "SettleSeconds": str(tuning.bounds.settle_seconds),
            },
            after=[*machines, *after, cast(CfnResource, policy.node.default_child)],
        )
