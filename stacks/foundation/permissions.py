"""What the functions of an environment's end may do, spelled out: exact verbs, on what is this environment's.

DeleteStack names no role: CloudFormation deletes as the role that the stack was deployed with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn

from stacks.components.checks import acknowledge_wildcards


@dataclass(frozen=True, kw_only=True)
class Scheduling:
    """ARNs of an environment's schedules, of their group, and of the role that Scheduler calls with."""

    schedule_arns: Sequence[str]
    group_arn: str
    role_arn: str


def grant_keep(
    role: iam.Role,
    *,
    table: dynamodb.ITable,
    topic: sns.ITopic,
    machine: sfn.IStateMachine,
    end: Scheduling | None,
) -> None:
    """Allow moving the end, telling the owner, and having what costs ended."""
    table.grant(role, "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem")
    iam.Grant.add_to_principal(grantee=role, actions=["sns:Publish"], resource_arns=[topic.topic_arn])
    iam.Grant.add_to_principal(
        grantee=role, actions=["states:StartExecution"], resource_arns=[machine.state_machine_arn]
    )
    if end is not None:
        grant_schedule(role, end=end)


def grant_schedule(role: iam.Role, *, end: Scheduling) -> None:
    """Allow making, moving and deleting the schedules of the environment's group, and tagging that."""
    verbs = ("CreateSchedule", "DeleteSchedule", "UpdateSchedule")
    _schedules(role, end, verbs)
    iam.Grant.add_to_principal(grantee=role, actions=["scheduler:TagResource"], resource_arns=[end.group_arn])


def grant_try_again(role: iam.Role, *, end: Scheduling) -> None:
    """Allow having the end begun once more."""
    _schedules(role, end, ("CreateSchedule", "UpdateSchedule"))


def _schedules(role: iam.Role, end: Scheduling, verbs: Sequence[str]) -> None:
    iam.Grant.add_to_principal(
        grantee=role, actions=[f"scheduler:{verb}" for verb in verbs], resource_arns=list(end.schedule_arns)
    )
    iam.Grant.add_to_principal(
        grantee=role,
        actions=["iam:PassRole"],
        resource_arns=[end.role_arn],
        conditions={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    )


def grant_end(role: iam.Role, *, table: dynamodb.ITable, topic: sns.ITopic, names: Sequence[str]) -> None:
    """Allow deleting the environment's stacks, by name, and telling the owner what came of it."""
    table.grant(role, "dynamodb:GetItem", "dynamodb:UpdateItem")
    iam.Grant.add_to_principal(grantee=role, actions=["sns:Publish"], resource_arns=[topic.topic_arn])
    verbs = ("DeleteStack", "DescribeStackEvents", "DescribeStacks")
    stack = Stack.of(role)
    # A stack's ARN ends in an id that is drawn when it is made.
    arns = [f"arn:{stack.partition}:cloudformation:{stack.region}:{stack.account}:stack/{name}/*" for name in names]
    statement = iam.PolicyStatement(actions=[f"cloudformation:{verb}" for verb in verbs], resources=arns)
    role.add_to_policy(statement)
    acknowledge_wildcards(role, [statement], because="A stack's ARN ends in an id that is drawn when it is made.")
