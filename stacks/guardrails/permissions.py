"""What the clean-up of the guardrail's versions may do."""

from aws_cdk import Stack
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam

from stacks.components.checks import acknowledge


def grant_prune(role: iam.IRole, *, stack: Stack, guardrail: bedrock.CfnGuardrail, pins: str) -> None:
    """Allow listing and deleting the guardrail's versions, and reading which of them somebody names.

    IAM has one action for deleting a version and the guardrail itself.

    Args:
        pins: path of the parameters that name versions. AWS authorises the path: who may have it has all below it.
    """
    path = f"arn:{stack.partition}:ssm:{stack.region}:{stack.account}:parameter{pins}"
    for action, resource in (
        # Whether the list of one guardrail's versions knows that guardrail as its resource, AWS does not say.
        ("bedrock:ListGuardrails", "*"),
        ("bedrock:DeleteGuardrail", guardrail.attr_guardrail_arn),
        ("ssm:GetParametersByPath", path),
    ):
        iam.Grant.add_to_principal(grantee=role, actions=[action], resource_arns=[resource])
    acknowledge(
        role, "AwsSolutions-IAM5[Resource::*]", because="Bedrock's list of guardrails knows none; nor does X-Ray."
    )
