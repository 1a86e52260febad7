"""SageMaker Studio: apps, spaces, user profiles, the domain, its file system and lifecycle configurations.

Order: apps, spaces, user profiles, domain. Source: SageMaker developer guide, "Delete an Amazon SageMaker AI domain".
"""

from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.teardown.aws import Aws, is_missing
from lambdas.teardown.kind import Found, Kind, Phase
from lambdas.teardown.kinds.forms import by, call, may_be_ours, nothing, split, tags_of

_S: Final = "sagemaker"
_BUSY: Final = frozenset({"Pending", "Updating", "Deleting"})
_APP: Final = ("DomainId", "SpaceName", "UserProfileName", "AppType", "AppName")


def _domains(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_S, "list_domains", "Domains"):
        arn = one["DomainArn"]
        # Nothing in a stranger's domain is asked for.
        named = may_be_ours(aws, one["DomainName"])
        tags = tags_of(aws.pages(_S, "list_tags", "Tags", ResourceArn=arn)) if named else None
        yield Found(id=one["DomainId"], name=one["DomainName"], arn=arn, tags=tags, state=one["Status"])


def _in_domains(aws: Aws, operation: str, member: str) -> Iterator[tuple[Found, Any]]:
    for domain in _domains(aws):
        try:
            for one in aws.pages(_S, operation, member, DomainIdEquals=domain.id):
                yield domain, one
        except ClientError as error:
            if not is_missing(error):
                raise


def _apps(aws: Aws) -> Iterator[Found]:
    for domain, one in _in_domains(aws, "list_apps", "Apps"):
        if one["Status"] != "Deleted":
            id_ = "|".join(str(one.get(name) or "") for name in _APP)
            details = {**one, "InstanceType": one.get("ResourceSpec", {}).get("InstanceType")}
            yield Found(
                id=id_, tags=domain.tags, of=(domain.id,), name=domain.name, state=one["Status"], details=details
            )


def _spaces(aws: Aws) -> Iterator[Found]:
    for domain, one in _in_domains(aws, "list_spaces", "Spaces"):
        id_ = f"{domain.id}|{one['SpaceName']}"
        # The list calls the settings a summary; the disk, which is paid, stands in it as it does there.
        details = {**one, "SpaceSettings": one.get("SpaceSettingsSummary", {})}
        yield Found(id=id_, tags=domain.tags, of=(domain.id,), name=domain.name, state=one["Status"], details=details)


def _profiles(aws: Aws) -> Iterator[Found]:
    for domain, one in _in_domains(aws, "list_user_profiles", "UserProfiles"):
        id_ = f"{domain.id}|{one['UserProfileName']}"
        yield Found(id=id_, tags=domain.tags, of=(domain.id,), name=domain.name, state=one["Status"], details=one)


def _domain_first(id_: str) -> str:
    """Return domain and name in this order; CloudFormation has them in either."""
    return "|".join(sorted(id_.split("|"), key=lambda part: not part.startswith("d-")))


def _app(id_: str) -> dict[str, str]:
    return {name: part for name, part in zip(_APP, split(id_, into=5), strict=True) if part}


def _look_at_app(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_S, "describe_app", **_app(id_))
    if found is None or found["Status"] == "Deleted":
        return None
    return Found(id=id_, state=found["Status"], details=found)


def _pair(name: str, id_: str) -> dict[str, str]:
    domain, one = split(id_, into=2)
    return {"DomainId": domain, name: one}


def _look_at_pair(aws: Aws, operation: str, name: str, id_: str) -> Found | None:
    found = aws.described(_S, operation, **_pair(name, id_))
    return None if found is None else Found(id=id_, state=found["Status"], details=found)


def _delete_domain(aws: Aws, id_: str) -> object:
    # CloudFormation would leave the file system.
    return aws.client(_S).delete_domain(DomainId=id_, RetentionPolicy={"HomeEfsFileSystem": "Delete"})


KINDS: Final = (
    Kind(
        service=_S,
        type="app",
        priced="AWS::SageMaker::App",
        phase=Phase.APPS,
        finds=_apps,
        looks=_look_at_app,
        deletes=lambda aws, id_: aws.client(_S).delete_app(**_app(id_)),
        busy=_BUSY,
        run_time=True,
    ),
    Kind(
        service=_S,
        type="space",
        phase=Phase.SPACES,
        resource="AWS::SageMaker::Space",
        same=_domain_first,
        arn=r"space/([^/]+)/(.+)",
        finds=_spaces,
        looks=lambda aws, id_: _look_at_pair(aws, "describe_space", "SpaceName", id_),
        deletes=lambda aws, id_: aws.client(_S).delete_space(**_pair("SpaceName", id_)),
        busy=_BUSY,
        run_time=True,
    ),
    Kind(
        service=_S,
        type="user-profile",
        phase=Phase.PROFILES,
        resource="AWS::SageMaker::UserProfile",
        same=_domain_first,
        arn=r"user-profile/([^/]+)/(.+)",
        finds=_profiles,
        looks=lambda aws, id_: _look_at_pair(aws, "describe_user_profile", "UserProfileName", id_),
        deletes=lambda aws, id_: aws.client(_S).delete_user_profile(**_pair("UserProfileName", id_)),
        busy=_BUSY,
        run_time=True,
    ),
    Kind(
        service=_S,
        type="domain",
        phase=Phase.DOMAINS,
        resource="AWS::SageMaker::Domain",
        arn=r"domain/([^/]+)",
        finds=_domains,
        looks=by(_S, "describe_domain", "DomainId", state="Status"),
        deletes=_delete_domain,
        busy=_BUSY,
    ),
    Kind(
        service=_S,
        type="studio-lifecycle-config",
        phase=Phase.REST,
        resource="AWS::SageMaker::StudioLifecycleConfig",
        arn=r"studio-lifecycle-config/(.+)",
        finds=nothing,
        looks=by(_S, "describe_studio_lifecycle_config", "StudioLifecycleConfigName"),
        deletes=call(_S, "delete_studio_lifecycle_config", "StudioLifecycleConfigName"),
    ),
)
