"""The only place that spells Bedrock's actions and ARNs. One function per grant, exact verbs, no wildcards.

Source of the inference-profile rules: Bedrock user guide, "Prerequisites for inference profiles".
"""

from collections.abc import Iterable
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from lambdas.catalogue.models import ResolvedModel

API_GATEWAY_LOGGING_POLICY: Final = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def grant_converse(grantee: iam.IGrantable, *, stack: Stack, models: Iterable[ResolvedModel]) -> None:
    """Allow Converse on exactly these models. Converse is authorised as bedrock:InvokeModel."""
    arns = sorted({arn for resolved in models for arn in model_arns(resolved, stack=stack)})
    iam.Grant.add_to_principal(grantee=grantee, actions=["bedrock:InvokeModel"], resource_arns=arns)


def model_arns(resolved: ResolvedModel, *, stack: Stack) -> list[str]:
    """Return the ARNs that a call needs: the model's, or the profile's and the model's in each destination region.

    A global profile routes anywhere: AWS then wants the model's ARN without a region beside the calling region's.
    """
    model_id = resolved.model.model_id
    if resolved.profile is None:
        return [_foundation_model_arn(model_id, region=stack.region, stack=stack)]
    profile = f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}:inference-profile/{resolved.callable_id}"
    regions = [stack.region, ""] if "*" in resolved.profile.destinations else list(resolved.profile.destinations)
    return [profile, *(_foundation_model_arn(model_id, region=region, stack=stack) for region in regions)]


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
