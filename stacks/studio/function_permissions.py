"""What Studio's own functions may do with a domain: one function per grant, exact verbs.

Sources: Service Authorization Reference of sagemaker, elasticfilesystem and ec2; EFS API reference, DeleteMountTarget.
"""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker

from lambdas.studio.file_system import TAG


def _arn(stack: Stack, kind: str, domain: sagemaker.CfnDomain) -> str:
    """Return the ARN of all of a kind that are in a domain."""
    return f"arn:{stack.partition}:sagemaker:{stack.region}:{stack.account}:{kind}/{domain.attr_domain_id}/*"


def stopping_apps(domain: sagemaker.CfnDomain) -> list[iam.PolicyStatement]:
    """Seeing the apps and deleting a domain's. Lists know no resources."""
    stack = Stack.of(domain)
    return [
        iam.PolicyStatement(actions=["sagemaker:ListApps"], resources=["*"]),
        iam.PolicyStatement(actions=["sagemaker:DeleteApp"], resources=[_arn(stack, "app", domain)]),
    ]


def cleaning_up(domain: sagemaker.CfnDomain) -> list[iam.PolicyStatement]:
    """Seeing what is in a domain, with the reason of what failed, and deleting it. Lists know no resources."""
    stack = Stack.of(domain)
    lists = ["sagemaker:ListApps", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"]
    kinds = {"App": "app", "Space": "space", "UserProfile": "user-profile"}
    return [
        iam.PolicyStatement(actions=lists, resources=["*"]),
        *(
            iam.PolicyStatement(
                actions=[f"sagemaker:Delete{name}", f"sagemaker:Describe{name}"], resources=[_arn(stack, kind, domain)]
            )
            for name, kind in kinds.items()
        ),
    ]


def deleting_file_system(domain: sagemaker.CfnDomain) -> list[iam.PolicyStatement]:
    """Deleting a domain, the file systems that SageMaker made for it, and two security groups of its VPC.

    What only reads is not bound to the domain: its file systems have to be found. EFS deletes a mount target's network
    interface with its caller's rights.
    """
    stack = Stack.of(domain)
    file_systems = f"arn:{stack.partition}:elasticfilesystem:{stack.region}:{stack.account}:file-system/*"
    ec2 = f"arn:{stack.partition}:ec2:{stack.region}:{stack.account}"
    marked = {"StringEquals": {f"aws:ResourceTag/{TAG}": domain.attr_domain_arn}}
    in_vpc = {"ArnEquals": {"ec2:Vpc": f"{ec2}:vpc/{domain.vpc_id}"}}
    groups = ["DeleteSecurityGroup", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"]
    return [
        iam.PolicyStatement(
            actions=["sagemaker:DeleteDomain", "sagemaker:DescribeDomain"], resources=[domain.attr_domain_arn]
        ),
        iam.PolicyStatement(
            actions=[
                "ec2:DescribeSecurityGroups",
                "elasticfilesystem:DescribeFileSystems",
                "elasticfilesystem:DescribeMountTargets",
            ],
            resources=["*"],
        ),
        iam.PolicyStatement(
            actions=["elasticfilesystem:DeleteFileSystem", "elasticfilesystem:DeleteMountTarget"],
            resources=[file_systems],
            conditions=marked,
        ),
        iam.PolicyStatement(
            actions=[f"ec2:{verb}" for verb in groups], resources=[f"{ec2}:security-group/*"], conditions=in_vpc
        ),
        iam.PolicyStatement(
            actions=["ec2:DeleteNetworkInterface"], resources=[f"{ec2}:network-interface/*"], conditions=in_vpc
        ),
    ]
