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
    """ARNs of the schedules of an environment's end, of their group, and of the role that Scheduler calls with."""

    end_arn: str
    warning_arns: Sequence[str]
    group_arn: str
    role_arn: str


def grant_keep(
    role: iam.Role,
    *,
    table: dynamodb.ITable,
    topic: sns.ITopic,
    stopped_by: sfn.IStateMachine | None,
    end: Scheduling | None,
) -> None:
    """Allow moving the end where there is one, telling the owner, and having what costs ended.

    Args:
        stopped_by: what ends it once a budget is spent; None where there is no budget.
    """
    table.grant(role, "dynamodb:GetItem", "dynamodb:UpdateItem")
    iam.Grant.add_to_principal(grantee=role, actions=["sns:Publish"], resource_arns=[topic.topic_arn])
    if stopped_by is not None:
        iam.Grant.add_to_principal(
            grantee=role, actions=["states:StartExecution"], resource_arns=[stopped_by.state_machine_arn]
        )
    if end is not None:
        table.grant(role, "dynamodb:DeleteItem")
        grant_schedule(role, end=end)


def grant_schedule(role: iam.Role, *, end: Scheduling) -> None:
    """Allow making, moving and deleting the schedules of the environment's group, and tagging that."""
    verbs = ("CreateSchedule", "DeleteSchedule", "UpdateSchedule")
    _schedules(role, [end.end_arn, *end.warning_arns], verbs, role_arn=end.role_arn)
    iam.Grant.add_to_principal(grantee=role, actions=["scheduler:TagResource"], resource_arns=[end.group_arn])


def grant_try_again(role: iam.Role, *, end: Scheduling) -> None:
    """Allow having the end begun once more."""
    _schedules(role, [end.end_arn], ("CreateSchedule", "UpdateSchedule"), role_arn=end.role_arn)


def _schedules(role: iam.Role, arns: Sequence[str], verbs: Sequence[str], *, role_arn: str) -> None:
    iam.Grant.add_to_principal(grantee=role, actions=[f"scheduler:{verb}" for verb in verbs], resource_arns=list(arns))
    iam.Grant.add_to_principal(
        grantee=role,
        actions=["iam:PassRole"],
        resource_arns=[role_arn],
        conditions={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    )


def grant_tell(role: iam.Role, *, topic: sns.ITopic) -> None:
    """Allow telling the owner what came of it."""
    iam.Grant.add_to_principal(grantee=role, actions=["sns:Publish"], resource_arns=[topic.topic_arn])


def grant_end(role: iam.Role, *, table: dynamodb.ITable, names: Sequence[str]) -> None:
    """Allow beginning the end, once, and deleting the environment's stacks, by name."""
    table.grant(role, "dynamodb:UpdateItem")
    verbs = ("DeleteStack", "DescribeStackEvents", "DescribeStacks")
    stack = Stack.of(role)
    # A stack's ARN ends in an id that is drawn when it is made.
    arns = [f"arn:{stack.partition}:cloudformation:{stack.region}:{stack.account}:stack/{name}/*" for name in names]
    statement = iam.PolicyStatement(actions=[f"cloudformation:{verb}" for verb in verbs], resources=arns)
    role.add_to_policy(statement)
    acknowledge_wildcards(role, [statement], because="A stack's ARN ends in an id that is drawn when it is made.")
