"""Proofs by what AWS says of itself: nothing is made, nothing is asked of a model, nothing costs."""

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.catalogue.models import catalogue
from quarry.prove.proof import Account, Outcome, not_told

# Quota code -> what it counts, and the value that the code goes by. Source: AWS general reference, Bedrock quotas.
VERSION_QUOTAS: Final[Mapping[str, tuple[str, float]]] = {
    "L-D471AEAB": ("versions per guardrail", 20.0),
    "L-FBBE47CA": ("versions per prompt", 10.0),
}
# Scopes of which AWS's cards and other pages do not say the same.
DOUBTED: Final = ("in", "ca", "apac")
_MISSING: Final = "ResourceNotFoundException"


def version_quotas(account: Account) -> Outcome:
    """Compare the quotas that the retained versions are kept under."""
    client = account.client("service-quotas")
    told = {
        what: (client.get_service_quota(ServiceCode="bedrock", QuotaCode=code)["Quota"]["Value"], assumed)
        for code, (what, assumed) in VERSION_QUOTAS.items()
    }
    seen = ", ".join(f"{what}: {value:g}" for what, (value, _) in told.items())
    return Outcome.of(all(value == assumed for value, assumed in told.values()), seen)


def profiles(account: Account) -> Outcome:
    """Compare the doubted profiles that the catalogue has for the environment's region with those that are there."""
    region = account.deployment.config.region
    ours = {
        profile.profile_id
        for model in catalogue().values()
        for profile in model.profiles
        if profile.scope in DOUBTED and region in profile.callable_from
    }
    if not ours:
        return not_told(f"the catalogue has none of them for {region}: ask in ap-south-1, ca-central-1, ap-southeast-2")
    there = set(_profile_ids(account.client("bedrock")))
    missing = sorted(ours - there)
    return Outcome.of(not missing, f"missing: {', '.join(missing)}" if missing else f"all {len(ours)} are there")


def _profile_ids(client: Any) -> list[str]:
    found: list[str] = []
    arguments: dict[str, Any] = {"typeEquals": "SYSTEM_DEFINED", "maxResults": 1000}
    while True:
        page = client.list_inference_profiles(**arguments)
        found += [summary["inferenceProfileId"] for summary in page["inferenceProfileSummaries"]]
        if not page.get("nextToken"):
            return found
        arguments["nextToken"] = page["nextToken"]


def adapter_layer(account: Account) -> Outcome:
    """Read the layer that streams go through, which another account keeps."""
    functions, region = account.deployment.config.functions, account.deployment.config.region
    if functions.build_for == "host":
        return not_told("the environment runs on this machine, where the layer's part is played")
    name = f"LambdaAdapterLayer{'X86' if functions.build_for == 'x86_64' else 'Arm64'}"
    arn = f"arn:aws:lambda:{region}:753240598075:layer:{name}:{functions.web_adapter_layer}"
    try:
        size = account.client("lambda").get_layer_version_by_arn(Arn=arn)["Content"]["CodeSize"]
    except ClientError as error:
        if error.response["Error"]["Code"] != _MISSING:
            raise
        return Outcome.of(False, f"{arn} is not there")
    return Outcome.of(True, f"{arn}, {size / 1e6:.1f} MB")


def logging_role(account: Account) -> Outcome:
    """See whether the role that API Gateway logs with, one per account and region, is there."""
    arn = account.client("apigateway").get_account().get("cloudwatchRoleArn")
    if not arn:
        return not_told("API Gateway has no role to log with: nothing was deployed in this region")
    try:
        account.client("iam").get_role(RoleName=arn.rpartition("/")[2])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        return Outcome.of(False, f"{arn} was deleted, and the account still names it")
    return Outcome.of(True, f"{arn} is there")


def waits(account: Account) -> Outcome:
    """Read from CloudFormation's events whether something was refused after it had waited for roles and policies."""
    config = account.deployment.config
    if config.knowledge is None:
        return not_told(f"{config.name} has no knowledge base")
    pages = account.client("cloudformation").get_paginator("describe_stack_events")
    failed = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason')}"
        for page in pages.paginate(StackName=config.physical_name("knowledge"))
        for event in page["StackEvents"]
        if event["ResourceStatus"] in {"CREATE_FAILED", "UPDATE_FAILED"}
    ]
    waited = f"{config.knowledge.propagation_seconds} s of propagation_seconds"
    return Outcome.of(not failed, "; ".join(failed[:3]) if failed else f"{waited} were enough, nothing was refused")
