"""The checks that every synth runs, and the way to acknowledge a finding on the one resource that it concerns."""

from aws_cdk import Acknowledgment, App, Validations
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
