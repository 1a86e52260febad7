"""The only place that spells Bedrock's actions and ARNs. One function per grant, exact verbs, no wildcards.

What a knowledge base needs is in its neighbour, ``stacks.knowledge.permissions``.

Source of the inference-profile rules: Bedrock user guide, "Prerequisites for inference profiles".
"""

from collections.abc import Iterable
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from configuration.targets import Target
from lambdas.catalogue.facts import FoundationModel
from stacks.components.checks import acknowledge_wildcards
from stacks.components.model_arns import destination_arns, foundation_model_arn, source_arn

API_GATEWAY_LOGGING_POLICY: Final = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def grant_converse(
    grantee: iam.IGrantable, *, stack: Stack, targets: Iterable[Target], streaming: bool = False
) -> None:
    """Allow Converse on exactly these targets, and ConverseStream if ``streaming``.

    They are authorised as bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream.

    A call through an inference profile, AWS's or our own, needs the profile and the model in each region that it may be
    routed to; the latter is allowed only for calls that come through the profile.
    """
    direct: set[str] = set()
    routed: dict[str, set[str]] = {}
    for target in targets:
        called = target.cost_profile_arn or source_arn(target, stack=stack)
        direct.add(called)
        if target.cost_profile_arn or target.profile:
            routed.setdefault(called, set()).update(destination_arns(target, stack=stack))
    actions = _invoking(streaming)
    if direct:
        _allow(grantee, actions, sorted(direct))
    for profile, destinations in sorted(routed.items()):
        _allow(
            grantee,
            actions,
            sorted(destinations),
            conditions={"StringEquals": {"bedrock:InferenceProfileArn": profile}},
        )


def grant_count_tokens(grantee: iam.IGrantable, *, stack: Stack, models: Iterable[FoundationModel]) -> None:
    """Allow counting tokens for exactly these models, which are counted by themselves and never by a profile.

    Source: Service Authorization Reference of bedrock, CountTokens; Bedrock user guide, "Monitor your token usage".
    """
    arns = sorted({foundation_model_arn(model.model_id, region=stack.region, stack=stack) for model in models})
    if arns:
        _allow(grantee, ["bedrock:CountTokens"], arns)


def grant_rerank(grantee: iam.IRole, *, stack: Stack, models: Iterable[FoundationModel]) -> None:
    """Allow putting texts in order with exactly these models. bedrock:Rerank knows no resources.

    Source: Bedrock user guide, "Permissions for reranking models in Amazon Bedrock".
    """
    arns = sorted({foundation_model_arn(model.model_id, region=stack.region, stack=stack) for model in models})
    if not arns:
        return
    _allow(grantee, ["bedrock:InvokeModel"], arns)
    statement = iam.PolicyStatement(actions=["bedrock:Rerank"], resources=["*"])
    grantee.add_to_principal_policy(statement)
    acknowledge_wildcards(
        grantee, [statement], because="bedrock:Rerank knows no resources; the model is named besides."
    )


def grant_converse_tuned(grantee: iam.IRole, *, stack: Stack, environment: str, streaming: bool = False) -> None:
    """Allow Converse, and ConverseStream if ``streaming``, on what hosts the environment's tuned models.

    Deployments and throughput are made at run time, under ids that nobody knows before: what they have in common is the
    environment's tag. Both types of resource know ``aws:ResourceTag`` (service authorization reference, Bedrock).
    """
    scope = f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}"
    statement = iam.PolicyStatement(
        actions=_invoking(streaming),
        resources=[f"{scope}:custom-model-deployment/*", f"{scope}:provisioned-model/*"],
        conditions={"StringEquals": {"aws:ResourceTag/quarry:environment": environment}},
    )
    grantee.add_to_principal_policy(statement)
    acknowledge_wildcards(
        grantee, [statement], because="What hosts tuned models is made at run time; a condition demands its tag."
    )


def _invoking(streaming: bool) -> list[str]:
    return ["bedrock:InvokeModel", *(["bedrock:InvokeModelWithResponseStream"] if streaming else [])]


def _allow(
    grantee: iam.IGrantable,
    actions: list[str],
    arns: list[str],
    conditions: dict[str, dict[str, str]] | None = None,
) -> None:
    iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=arns, conditions=conditions)


def grant_apply_guardrail(grantee: iam.IGrantable, *, stack: Stack, guardrail_id: str) -> None:
    """Allow calls that pass through this guardrail."""
    arn = f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}:guardrail/{guardrail_id}"
    iam.Grant.add_to_principal(grantee=grantee, actions=["bedrock:ApplyGuardrail"], resource_arns=[arn])


def grant_check_model_access(
    grantee: iam.IGrantable, *, stack: Stack, caller: lambda_.IFunction, parameter_name: str
) -> None:
    """Allow looking at what the account may call, letting ``caller`` call it, and writing one SSM parameter.

    Nothing here can accept an agreement, send a form or raise a quota. The first seven actions know no resources.
    """
    looking = [
        "bedrock:GetFoundationModelAvailability",
        "bedrock:GetUseCaseForModelAccess",
        "bedrock:ListFoundationModels",
        "bedrock:ListInferenceProfiles",
        "lambda:GetAccountSettings",
        "servicequotas:GetServiceQuota",
        "servicequotas:ListServiceQuotas",
    ]
    iam.Grant.add_to_principal(grantee=grantee, actions=looking, resource_arns=["*"])
    iam.Grant.add_to_principal(grantee=grantee, actions=["lambda:InvokeFunction"], resource_arns=[caller.function_arn])
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["ssm:PutParameter"], resource_arns=[_parameter_arn(parameter_name, stack=stack)]
    )


def grant_read_model_access(grantee: iam.IGrantable, *, stack: Stack, parameter_name: str) -> None:
    """Allow reading what the access check found."""
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["ssm:GetParameter"], resource_arns=[_parameter_arn(parameter_name, stack=stack)]
    )


def grant_read_promotions(grantee: iam.IGrantable, *, stack: Stack, path: str) -> None:
    """Allow reading what stands over the aliases. AWS authorises the path: who may have it has all levels below it.

    Source: Systems Manager user guide, "Restricting access to Parameter Store parameters using IAM policies".
    """
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["ssm:GetParametersByPath"], resource_arns=[_parameter_arn(path, stack=stack)]
    )


def _parameter_arn(name: str, *, stack: Stack) -> str:
    return f"arn:{stack.partition}:ssm:{stack.region}:{stack.account}:parameter{name}"


def grant_find_key(grantee: iam.IGrantable, *, table: dynamodb.ITable) -> None:
    """Allow looking one API key up by its hash; neither listing nor writing."""
    table.grant(grantee, "dynamodb:GetItem")


def grant_use_ledger(grantee: iam.IGrantable, *, table: dynamodb.ITable) -> None:
    """Allow reserving and settling allowances; neither deleting nor looking through the table."""
    table.grant(grantee, "dynamodb:GetItem", "dynamodb:UpdateItem")


def grant_report_usage(grantee: iam.IGrantable, *, table: dynamodb.ITable) -> None:
    """Allow reading a key's past days."""
    table.grant(grantee, "dynamodb:Query")


def grant_sweep(grantee: iam.IGrantable, *, table: dynamodb.ITable) -> None:
    """Allow ending dead calls' reservations and moving past days into items of their own."""
    table.grant(grantee, "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")


def grant_use_sessions(grantee: iam.IGrantable, *, table: dynamodb.ITable) -> None:
    """Allow making sessions and responses, and reading one; no scan."""
    using = [f"dynamodb:{verb}" for verb in ("GetItem", "PutItem", "Query")]
    iam.Grant.add_to_principal(grantee=grantee, actions=using, resource_arns=[table.table_arn])


def grant_go_on_from_responses(grantee: iam.IGrantable, *, table: dynamodb.ITable) -> None:
    """Allow reading the responses that go before a request together, and adding turns to sessions.

    DynamoDB authorises each part of a transaction as PutItem or UpdateItem.
    """
    going_on = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
    iam.Grant.add_to_principal(grantee=grantee, actions=going_on, resource_arns=[table.table_arn])


def grant_manage_sessions(grantee: iam.IGrantable, *, table: dynamodb.ITable, owner_index: str) -> None:
    """Allow deleting sessions and responses, and listing sessions by owner."""
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=["dynamodb:BatchWriteItem", "dynamodb:DeleteItem"],
        resource_arns=[table.table_arn],
    )
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["dynamodb:Query"], resource_arns=[f"{table.table_arn}/index/{owner_index}"]
    )


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
