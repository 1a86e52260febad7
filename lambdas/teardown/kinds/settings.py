"""Parameters, secrets, keys and roles: what costs little or nothing, and is in the way of the next deployment."""

from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.teardown.aws import Aws, is_missing
from lambdas.teardown.kind import Found, Kind, Phase
from lambdas.teardown.kinds.forms import by, call, may_be_ours, nothing, tags_of

_SSM: Final = "ssm"
_SECRETS: Final = "secretsmanager"
_IAM: Final = "iam"
_API: Final = "apigateway"
_API_2: Final = "apigatewayv2"
# The least that KMS waits.
_KMS_DAYS: Final = 7


def _parameters(aws: Aws) -> Iterator[Found]:
    """Yield what stands below the environment's own path: nobody else's name begins so."""
    path = f"/quarry/{aws.environment}"
    for one in aws.pages(_SSM, "get_parameters_by_path", "Parameters", Path=path, Recursive=True):
        yield Found(id=one["Name"], name=one["Name"], arn=str(one.get("ARN") or ""))


def _look_at_parameter(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_SSM, "get_parameter", Name=id_)
    return None if found is None else Found(id=id_)


def _secrets(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_SECRETS, "list_secrets", "SecretList"):
        if not one.get("DeletedDate"):
            yield Found(id=one["ARN"], name=one["Name"], arn=one["ARN"], tags=tags_of(one.get("Tags")))


def _look_at_secret(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_SECRETS, "describe_secret", SecretId=id_)
    if found is None or found.get("DeletedDate"):
        return None
    return Found(id=found["ARN"], arn=found["ARN"], name=str(found.get("Name") or ""))


def _look_at_key(aws: Aws, id_: str) -> Found | None:
    found = aws.described("kms", "describe_key", KeyId=id_)
    state = found["KeyMetadata"]["KeyState"] if found else ""
    # One that waits for its deletion costs nothing and ends by itself.
    return None if state in ("", "PendingDeletion", "PendingReplicaDeletion") else Found(id=id_, state=state)


def _roles(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_IAM, "list_roles", "Roles"):
        if may_be_ours(aws, one["RoleName"]):
            tags = tags_of((aws.described(_IAM, "list_role_tags", RoleName=one["RoleName"]) or {}).get("Tags"))
            yield Found(id=one["RoleName"], name=one["RoleName"], arn=one["Arn"], tags=tags)


def _writes_logs(aws: Aws, id_: str) -> bool:
    """Tell whether API Gateway writes the logs of the account's APIs, in this region, with a role."""
    arn = str((aws.described(_API, "get_account") or {}).get("cloudwatchRoleArn") or "")
    return arn.rpartition("/")[2] == id_


def _writes_others_logs(aws: Aws, id_: str) -> str:
    """Return why a role of an environment that is gone has to stay: the account's setting outlives who set it."""
    if not _writes_logs(aws, id_):
        return ""
    apis = [one["name"] for one in aws.pages(_API, "get_rest_apis", "items")]
    apis += [one["Name"] for one in aws.pages(_API_2, "get_apis", "Items") if one.get("ProtocolType") == "WEBSOCKET"]
    if not apis:
        return ""
    more = f" and {len(apis) - 1:,} more" if len(apis) > 1 else ""
    return (
        f"API Gateway writes the logs of all APIs of the account and region with it, as those of {apis[0]}{more}. It "
        "goes when the account is given another role, or has no API."
    )


def _delete_role(aws: Aws, id_: str) -> object:
    if _writes_logs(aws, id_):
        # Nobody's API is left here: see ``_writes_others_logs``. The setting would name a role that is gone.
        patch = {"op": "remove", "path": "/cloudwatchRoleArn"}
        aws.client(_API).update_account(patchOperations=[patch])
    iam = aws.client(_IAM)
    for name in list(aws.pages(_IAM, "list_role_policies", "PolicyNames", RoleName=id_)):
        _gone_is_fine(iam.delete_role_policy, RoleName=id_, PolicyName=name)
    for one in list(aws.pages(_IAM, "list_attached_role_policies", "AttachedPolicies", RoleName=id_)):
        _gone_is_fine(iam.detach_role_policy, RoleName=id_, PolicyArn=one["PolicyArn"])
    return iam.delete_role(RoleName=id_)


def _policies(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_IAM, "list_policies", "Policies", Scope="Local"):
        if may_be_ours(aws, one["PolicyName"]):
            yield Found(id=one["Arn"], name=one["PolicyName"], arn=one["Arn"])


def _delete_policy(aws: Aws, id_: str) -> object:
    iam = aws.client(_IAM)
    for role in list(aws.pages(_IAM, "list_entities_for_policy", "PolicyRoles", PolicyArn=id_)):
        _gone_is_fine(iam.detach_role_policy, RoleName=role["RoleName"], PolicyArn=id_)
    for version in list(aws.pages(_IAM, "list_policy_versions", "Versions", PolicyArn=id_)):
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=id_, VersionId=version["VersionId"])
    return iam.delete_policy(PolicyArn=id_)


def _gone_is_fine(operation: Any, **arguments: str) -> None:
    try:
        operation(**arguments)
    except ClientError as error:
        if not is_missing(error):
            raise


KINDS: Final = (
    Kind(
        service=_SSM,
        type="parameter",
        phase=Phase.REST,
        resource="AWS::SSM::Parameter",
        arn=r"parameter(/.+)",
        finds=_parameters,
        looks=_look_at_parameter,
        deletes=call(_SSM, "delete_parameter", "Name"),
        run_time=True,
    ),
    Kind(
        service=_SECRETS,
        type="secret",
        phase=Phase.REST,
        resource="AWS::SecretsManager::Secret",
        arn=r"secret:(.+)",
        id_is_arn=True,
        finds=_secrets,
        looks=_look_at_secret,
        # At once: a name that waits for its deletion is in the way of the next deployment.
        deletes=call(_SECRETS, "delete_secret", "SecretId", ForceDeleteWithoutRecovery=True),
    ),
    Kind(
        service="kms",
        type="key",
        phase=Phase.REST,
        resource="AWS::KMS::Key",
        arn=r"key/(.+)",
        finds=nothing,
        looks=_look_at_key,
        deletes=call("kms", "schedule_key_deletion", "KeyId", PendingWindowInDays=_KMS_DAYS),
    ),
    Kind(
        service=_IAM,
        type="role",
        phase=Phase.ROLES,
        resource="AWS::IAM::Role",
        finds=_roles,
        looks=by(_IAM, "get_role", "RoleName", member="Role"),
        deletes=_delete_role,
        shared=_writes_others_logs,
    ),
    Kind(
        service=_IAM,
        type="policy",
        phase=Phase.ROLES,
        resource="AWS::IAM::ManagedPolicy",
        arn=r"policy/(.+)",
        id_is_arn=True,
        finds=_policies,
        looks=by(_IAM, "get_policy", "PolicyArn", member="Policy"),
        deletes=_delete_policy,
    ),
)
