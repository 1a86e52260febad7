"""The checks that every synth runs, and the way to acknowledge a finding on the one resource that it concerns."""

from collections.abc import Iterable
from typing import Any

from aws_cdk import Acknowledgment, App, Stack, Validations
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks
from cdk_preflight import Preflight
from constructs import IConstruct


def add_checks(app: App) -> None:
    """Make the synth fail on what AWS would refuse (cdk-preflight, CDK's own validator) or advise against (cdk-nag).

    CDK's validator reports errors because cdk.json sets @aws-cdk/core:validateAgainstDefaultRules.
    """
    Preflight.apply(app)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledge(construct: IConstruct, rule: str, *, because: str) -> None:
    """Accept one finding of cdk-nag on one construct, for a reason that is true there."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=because))


def acknowledge_wildcards(construct: IConstruct, statements: Iterable[iam.PolicyStatement], *, because: str) -> None:
    """Accept the resources with a wildcard that these statements, of this construct's policy, name."""
    for resource in sorted({arn for statement in statements for arn in statement.resources if "*" in arn}):
        acknowledge_wildcard(construct, resource, because=because)


def acknowledge_wildcard(construct: IConstruct, resource: str, *, because: str) -> None:
    """Accept one resource with a wildcard that this construct's policy names."""
    acknowledge(construct, f"AwsSolutions-IAM5[Resource::{_shown(construct, resource)}]", because=because)


def _shown(construct: IConstruct, arn: str) -> str:
    """Return an ARN as cdk-nag shows it, with <Id> and <Id.Attribute> for what CloudFormation puts in."""
    resolved: Any = Stack.of(construct).resolve(arn)
    parts = resolved["Fn::Join"][1] if isinstance(resolved, dict) else [resolved]
    return "".join(_shown_part(part) for part in parts)


def _shown_part(part: Any) -> str:
    if isinstance(part, str):
        return part
    return f"<{part['Ref']}>" if "Ref" in part else f"<{'.'.join(part['Fn::GetAtt'])}>"
