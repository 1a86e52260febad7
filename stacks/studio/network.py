"""The VPC of the domain: one of its own that costs nothing and leads nowhere, or one that is there already."""

from typing import Final

from aws_cdk import Fn, Tags
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from configuration.studio.section import Studio
from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack

_CIDR: Final = "10.0.0.0/24"
_SUBNETS: Final = ("10.0.0.0/25", "10.0.0.128/25")


class Network(Construct):
    """What the domain is in.

    Its spaces reach the internet through SageMaker's own VPC (PublicInternetOnly). With no file system nothing of them
    is in this one, so it has no route, no gateway and no NAT.

    Attributes:
        vpc_id: the VPC's.
        subnet_ids: its subnets'.
    """

    def __init__(self, scope: Construct, id_: str, *, studio: Studio) -> None:
        super().__init__(scope, id_)
        if studio.vpc:
            self.vpc_id = studio.vpc.vpc_id
            self.subnet_ids = list(studio.vpc.subnet_ids)
        else:
            self._own()

    def _own(self) -> None:
        name = EnvironmentStack.of(self).config.physical_name("studio")
        vpc = ec2.CfnVPC(self, "Vpc", cidr_block=_CIDR)
        Tags.of(vpc).add("Name", name)
        acknowledge(vpc, "AwsSolutions-VPC7", because="Nothing flows: no route leads out of it, and nothing is in it.")
        subnets = [
            # Zones by number: a look-up of their names would need the account at synth.
            ec2.CfnSubnet(
                self,
                f"Subnet{number}",
                vpc_id=vpc.attr_vpc_id,
                cidr_block=block,
                availability_zone=Fn.select(number, Fn.get_azs()),
            )
            for number, block in enumerate(_SUBNETS)
        ]
        for subnet in subnets:
            Tags.of(subnet).add("Name", name)
        self.vpc_id = vpc.attr_vpc_id
        self.subnet_ids = [subnet.attr_subnet_id for subnet in subnets]
