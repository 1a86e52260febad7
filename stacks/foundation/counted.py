"""The environment's month as functions that charge keys see it: what they are told of it, and that they may count."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm

from configuration.parameters import ParameterNames
from lambdas.budget.settings import BudgetSettings
from stacks.components.environment_stack import EnvironmentStack

# Keys of the items of months; the environment's end is none of the functions' business.
MONTHS = "SPENT#*"


def counted_budget(stack: EnvironmentStack) -> BudgetSettings | None:
    """Return what the functions are told; None if the environment has no budget."""
    budget = stack.config.budget
    if budget is None:
        return None
    stop = None if budget.stop_at is None else budget.monthly_micro_dollars * budget.stop_at // 100
    return BudgetSettings(table=_table(stack), stop_micro_dollars=stop)


def grant_count(grantee: iam.IGrantable, *, stack: EnvironmentStack) -> None:
    """Allow reading and adding to months, if the environment has a budget."""
    if stack.config.budget is None:
        return
    arn = f"arn:{stack.partition}:dynamodb:{stack.region}:{stack.account}:table/{_table(stack)}"
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=["dynamodb:GetItem", "dynamodb:UpdateItem"],
        resource_arns=[arn],
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [MONTHS]}},
    )


def _table(stack: EnvironmentStack) -> str:
    return ssm.StringParameter.value_for_string_parameter(stack, ParameterNames(stack.config).environment_table)
