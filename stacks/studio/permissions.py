"""What a participant's notebook may do. Each has a role of their own, which reaches nothing of anybody else's.

Sources: Service Authorization Reference of sagemaker; SageMaker developer guide, "Amazon SageMaker Studio" (execution
roles, cross-service confused deputy).
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from configuration.studio.names import APP_NAME, APP_TYPE, own_prefix
from configuration.targets import Target
from stacks.components.confused_deputy import only_for
from stacks.inference.permissions import grant_converse

# Where SageMaker writes the output of apps and of their start scripts, account-wide.
LOG_GROUP: Final = "/aws/sagemaker/studio"
# A managed policy holds 6,144 characters; a model that is routed to many regions takes some 1,000 of them.
_TARGETS_IN_A_POLICY: Final = 4


def execution_role(
    scope: Construct,
    id_: str,
    *,
    policies: Sequence[iam.IManagedPolicy] = (),
    own: Sequence[iam.PolicyStatement] = (),
) -> iam.Role:
    """Return a role that SageMaker may take for what is in this account and region only.

    Args:
        policies: what all such roles may.
        own: what this one may besides; in the role itself, since a policy apart would be a resource more.
    """
    ours = only_for(Stack.of(scope), service="sagemaker", source="*")
    return iam.Role(
        scope,
        id_,
        assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com", conditions=ours),
        managed_policies=list(policies),
        inline_policies={"Own": iam.PolicyDocument(statements=list(own))} if own else None,
    )


def calling_models(scope: Construct, id_: str, *, targets: Sequence[Target]) -> list[iam.ManagedPolicy]:
    """Return policies that allow Converse on these targets by Bedrock's own API, which the endpoint does not see."""
    different = iter({target.callable_id: target for target in targets}.values())
    policies: list[iam.ManagedPolicy] = []
    while some := list(islice(different, _TARGETS_IN_A_POLICY)):
        policy = iam.ManagedPolicy(scope, f"{id_}{len(policies)}", description="Quarry: notebooks call models by boto3")
        grant_converse(policy, stack=Stack.of(scope), targets=some, streaming=True)
        policies.append(policy)
    return policies


def looking_around(*, domain_arn: str) -> list[iam.PolicyStatement]:
    """Seeing the domain, and which spaces and apps there are: what Studio's own page shows. Lists know no resources."""
    return [
        iam.PolicyStatement(actions=["sagemaker:DescribeDomain"], resources=[domain_arn]),
        iam.PolicyStatement(actions=["sagemaker:ListApps", "sagemaker:ListSpaces"], resources=["*"]),
    ]


def reading_notebooks(notebooks: s3_assets.Asset) -> iam.PolicyStatement:
    """Reading the one object that the notebooks come in."""
    return iam.PolicyStatement(
        actions=["s3:GetObject"], resources=[notebooks.bucket.arn_for_objects(notebooks.s3_object_key)]
    )


def own_secret(secret_arn: str) -> iam.PolicyStatement:
    """Reading the participant's key."""
    return iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret_arn])


def own_objects(participant_id: str, *, bucket_arn: str) -> list[iam.PolicyStatement]:
    """Listing, reading, writing and deleting what lies under the participant's prefix."""
    prefix = own_prefix(participant_id)
    return [
        iam.PolicyStatement(
            actions=["s3:ListBucket"],
            resources=[bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*"]}},
        ),
        iam.PolicyStatement(
            actions=["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], resources=[f"{bucket_arn}/{prefix}*"]
        ),
    ]


def own_session(participant_id: str, *, stack: Stack, domain_id: str, instance_type: str) -> list[iam.PolicyStatement]:
    """Opening the participant's own space: seeing it, starting its app on its machine, and stopping it.

    No other app, on no other machine: neither is in the event's price.
    """
    sagemaker = f"arn:{stack.partition}:sagemaker:{stack.region}:{stack.account}"
    here = f"{domain_id}/{participant_id}"
    # Written in one way in some places of AWS's documentation, and in the other in others.
    app = [f"{sagemaker}:app/{here}/{kind}/{APP_NAME}" for kind in (APP_TYPE, APP_TYPE.lower())]
    space, profile = f"{sagemaker}:space/{here}", f"{sagemaker}:user-profile/{here}"
    return [
        # A link leads to a profile, and into its space: the reference names the first alone.
        iam.PolicyStatement(actions=["sagemaker:CreatePresignedDomainUrl"], resources=[space, profile]),
        iam.PolicyStatement(actions=["sagemaker:DescribeSpace"], resources=[space]),
        iam.PolicyStatement(actions=["sagemaker:DescribeUserProfile"], resources=[profile]),
        # SageMaker asks for AddTags where a domain's tags are handed on to its apps. Only CreateApp has the condition's
        # key; for the others there are no values, and so none that differ.
        iam.PolicyStatement(
            actions=["sagemaker:AddTags", "sagemaker:CreateApp", "sagemaker:DeleteApp", "sagemaker:DescribeApp"],
            resources=app,
            conditions={"ForAllValues:StringEquals": {"sagemaker:InstanceTypes": [instance_type]}},
        ),
    ]


def own_log(participant_id: str, *, stack: Stack, domain_id: str) -> iam.PolicyStatement:
    """Writing the log streams of the participant's own space.

    Not making the log group: what SageMaker would make, account-wide, would stay behind.
    """
    group = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:{LOG_GROUP}"
    return iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[f"{group}:log-stream:{domain_id}/{participant_id}/*"],
    )
