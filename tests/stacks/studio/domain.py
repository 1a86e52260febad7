"""A stack with a domain, two participants, and what cleans up after them: for the constructs by themselves."""

from typing import Any

from aws_cdk import CfnResource
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker

from configuration.environment_file import load
from stacks.components.checks import acknowledge, add_checks
from stacks.components.environment_stack import EnvironmentStack
from stacks.studio.clean_up import CleanUp, studio_lifecycle
from stacks.studio.max_age import MaxAge
from tests import templates
from tests.kept import kept

PEOPLE = ("ana-lima", "ben-ode")
HOURS = 7
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                "ArnLike": {"aws:SourceArn": "arn:aws:sagemaker:*:*:domain/*"},
            },
        }
    ],
}


class DomainStack(EnvironmentStack):
    """The order in which things are made here is another than the one in which they are needed."""

    def __init__(self, scope: Any) -> None:
        super().__init__(scope, "Studio", config=load("dev"), account=None, description="a domain")
        role = iam.CfnRole(self, "Notebooks", assume_role_policy_document=TRUST)
        network = ec2.CfnVPC(self, "Network", cidr_block="10.0.0.0/24")
        acknowledge(network, "AwsSolutions-VPC7", because="It stands for another.")
        subnet = ec2.CfnSubnet(self, "Subnet", vpc_id=network.attr_vpc_id, cidr_block="10.0.0.0/25")
        domain = sagemaker.CfnDomain(
            self,
            "Domain",
            auth_mode="IAM",
            domain_name="studio",
            vpc_id=network.attr_vpc_id,
            subnet_ids=[subnet.attr_subnet_id],
            default_user_settings=sagemaker.CfnDomain.UserSettingsProperty(execution_role=role.attr_arn),
        )
        theirs: list[CfnResource] = []
        for person in PEOPLE:
            profile = sagemaker.CfnUserProfile(
                self, f"Profile{person}", domain_id=domain.attr_domain_id, user_profile_name=person
            )
            space = sagemaker.CfnSpace(self, f"Space{person}", domain_id=domain.attr_domain_id, space_name=person)
            space.add_resource_dependency(profile)
            theirs += [profile, space]
        CleanUp(
            self,
            "CleanUp",
            domain=domain,
            participants=PEOPLE,
            after=theirs,
            lifecycle=studio_lifecycle(self, "Lifecycle"),
        )
        MaxAge(self, "MaxAge", domain=domain, hours=HOURS)


@kept
def template() -> dict[str, Any]:
    """Return its template, with all checks."""
    app = templates.new_app()
    DomainStack(app)
    add_checks(app)
    (stack,) = app.synth().stacks
    made: dict[str, Any] = stack.template
    return made
