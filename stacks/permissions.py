"""The only place that spells Bedrock's actions and ARNs. One function per grant, exact verbs, no wildcards.

Source of the inference-profile rules: Bedrock user guide, "Prerequisites for inference profiles".
"""

from collections.abc import Iterable
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from lambdas.catalogue.models import InferenceProfile, ResolvedModel

API_GATEWAY_LOGGING_POLICY: Final = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def grant_converse(grantee: iam.IGrantable, *, stack: Stack, models: Iterable[ResolvedModel]) -> None:
    """Allow Converse on exactly these models. Converse is authorised as bedrock:InvokeModel.

    A call through an inference profile needs the profile and the model in each region that it may be routed to; the
    latter is allowed only for calls that come through the profile.
    """
    direct: list[str] = []
    for resolved in models:
        if resolved.profile is None:
            direct.append(_foundation_model_arn(resolved.model.model_id, region=stack.region, stack=stack))
            continue
        profile = (
            f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}:inference-profile/{resolved.callable_id}"
        )
        direct.append(profile)
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["bedrock:InvokeModel"],
            resource_arns=_destination_arns(resolved.model.model_id, profile=resolved.profile, stack=stack),
            conditions={"StringEquals": {"bedrock:InferenceProfileArn": profile}},
        )
    iam.Grant.add_to_principal(grantee=grantee, actions=["bedrock:InvokeModel"], resource_arns=sorted(set(direct)))


def _destination_arns(model_id: str, *, profile: InferenceProfile, stack: Stack) -> list[str]:
    """Return the model's ARN per destination; a global profile wants one without region too."""
    regions = [stack.region, ""] if "*" in profile.destinations else profile.destinations
    return [_foundation_model_arn(model_id, region=region, stack=stack) for region in regions]


def _foundation_model_arn(model_id: str, *, region: str, stack: Stack) -> str:
    return f"arn:{stack.partition}:bedrock:{region}::foundation-model/{model_id}"


def grant_apply_guardrail(grantee: iam.IGrantable, *, stack: Stack, guardrail_id: str) -> None:
    """Allow calls that pass through this guardrail."""
    arn = f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}:guardrail/{guardrail_id}"
    iam.Grant.add_to_principal(grantee=grantee, actions=["bedrock:ApplyGuardrail"], resource_arns=[arn])


def grant_find_key(grantee: iam.IGrantable, *, table: dynamodb.ITable) -> None:
    """Allow looking one API key up by its hash; neither listing nor writing."""
    table.grant(grantee, "dynamodb:GetItem")


def api_gateway_logging_role(scope: Construct, id_: str) -> iam.Role:
    """Return the role with which API Gateway writes logs, account-wide.

    API Gateway accepts the role only with the permissions of its own managed policy.
    """
    return iam.Role(
        scope,
        id_,
        assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(API_GATEWAY_LOGGING_POLICY)],
    )
