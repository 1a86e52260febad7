"""A domain with a file system, which ours are made without and anybody may add later: CloudFormation would delete the
domain, leave the file system, which costs money, and fail at the VPC, in which its mount targets are.

The API deletes both if it is told so, which CloudFormation does not. What is still there then, as after a deletion by
CloudFormation, is found by what SageMaker marks it with.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.common.observability import logger
from lambdas.lifecycle.removal import GONE, Member, remove
from lambdas.studio.domain import SageMaker

# SageMaker's tag on a file system, with the domain's ARN; and its names of the security groups, before the domain's id.
TAG: Final = "ManagedByAmazonSageMakerResource"
GROUPS: Final = ("security-group-for-inbound-nfs-", "security-group-for-outbound-nfs-")


class FileSystems(Protocol):
    """The calls of EFS that are made, with its own shapes."""

    def describe_file_systems(self, **kwargs: Any) -> Any: ...
    def describe_mount_targets(self, **kwargs: Any) -> Any: ...
    def delete_mount_target(self, **kwargs: Any) -> Any: ...
    def delete_file_system(self, **kwargs: Any) -> Any: ...


class SecurityGroups(Protocol):
    """The calls of EC2 that are made, with its own shapes."""

    def describe_security_groups(self, **kwargs: Any) -> Any: ...
    def revoke_security_group_ingress(self, **kwargs: Any) -> Any: ...
    def revoke_security_group_egress(self, **kwargs: Any) -> Any: ...
    def delete_security_group(self, **kwargs: Any) -> Any: ...


def delete_file_system(
    request: Request,
    *,
    sagemaker: SageMaker,
    efs: FileSystems,
    ec2: SecurityGroups,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Do what the properties {DomainId, DomainArn} ask for: something at deletion only.

    A domain with a file system is deleted with it; of one without nothing is deleted. It has to be empty by then.

    Args:
        sleep: sleeps that many seconds; for tests.

    Raises:
        CustomResourceError: the properties are not what they should be, or as ``lambdas.lifecycle.removal.remove``.
        ClientError: AWS refuses to list what there is.
    """
    domain_id, arn = (request.properties.get(name) for name in ("DomainId", "DomainArn"))
    if not (isinstance(domain_id, str) and domain_id and isinstance(arn, str) and arn):
        if request.deletes:
            return
        raise CustomResourceError("The properties of the file system's deletion lack DomainId or DomainArn.")
    if not request.deletes:
        return

    def domain() -> list[Member]:
        return _domain_with_file_system(domain_id, sagemaker)

    def mount_targets() -> list[Member]:
        return [target for one in _file_systems(arn, efs) for target in _mount_targets(one["FileSystemId"], efs)]

    def file_systems() -> list[Member]:
        return [_file_system(one["FileSystemId"], one["LifeCycleState"], efs) for one in _file_systems(arn, efs)]

    def rules() -> list[Member]:
        return [rules for one in _groups(domain_id, ec2) for rules in _rules(one, ec2)]

    def groups() -> list[Member]:
        return [_group(one, ec2) for one in _groups(domain_id, ec2)]

    looks = (domain, mount_targets, file_systems, rules, groups)
    removed = remove(looks, left=request.left, sleep=sleep)
    logger.info("no file system is left", extra={"domain": domain_id, "removed": removed, "run": request.run})


def _domain_with_file_system(domain_id: str, sagemaker: SageMaker) -> list[Member]:
    def described() -> Mapping[str, Any]:
        found: Mapping[str, Any] = sagemaker.describe_domain(DomainId=domain_id)
        return found

    def delete() -> None:
        sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})

    try:
        domain = described()
    except ClientError as error:
        if code_of(error) in GONE:
            return []
        raise
    if not domain.get("HomeEfsFileSystemId"):
        return []
    return [
        Member(
            name=f"domain {domain_id}",
            status=domain["Status"],
            delete=delete,
            why=lambda: str(described().get("FailureReason") or ""),
        )
    ]


def _file_systems(domain_arn: str, efs: FileSystems) -> Iterator[Mapping[str, Any]]:
    """Yield those that SageMaker made for this domain and no other."""
    following: dict[str, str] = {}
    while True:
        page = efs.describe_file_systems(**following)
        for one in page["FileSystems"]:
            marked = any(tag["Key"] == TAG and tag["Value"] == domain_arn for tag in one.get("Tags", []))
            if marked and one["LifeCycleState"] != "deleted":
                yield one
        if not page.get("NextMarker"):
            return
        following = {"Marker": page["NextMarker"]}


def _file_system(id_: str, status: str, efs: FileSystems) -> Member:
    return Member(name=f"file system {id_}", status=status, delete=lambda: efs.delete_file_system(FileSystemId=id_))


def _mount_targets(file_system_id: str, efs: FileSystems) -> Iterator[Member]:
    def deletion(id_: str) -> Callable[[], object]:
        return lambda: efs.delete_mount_target(MountTargetId=id_)

    try:
        # A file system has one in each availability zone at most, and a page has ten.
        targets = efs.describe_mount_targets(FileSystemId=file_system_id, MaxItems=100)["MountTargets"]
    except ClientError as error:
        if code_of(error) in GONE:
            return
        raise
    for one in targets:
        if one["LifeCycleState"] != "deleted":
            id_ = one["MountTargetId"]
            yield Member(
                name=f"mount target {id_} of {file_system_id}", status=one["LifeCycleState"], delete=deletion(id_)
            )


def _groups(domain_id: str, ec2: SecurityGroups) -> Sequence[Mapping[str, Any]]:
    named = {"Name": "group-name", "Values": [name + domain_id for name in GROUPS]}
    found: Sequence[Mapping[str, Any]] = ec2.describe_security_groups(Filters=[named])["SecurityGroups"]
    return found


def _rules(group: Mapping[str, Any], ec2: SecurityGroups) -> Iterator[Member]:
    """Yield what in a group names groups, if anything: while one is named it cannot be deleted."""
    ingress, egress = (
        [rule for rule in group[direction] if rule.get("UserIdGroupPairs")]
        for direction in ("IpPermissions", "IpPermissionsEgress")
    )

    def revoke() -> None:
        if ingress:
            ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=ingress)
        if egress:
            ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=egress)

    if ingress or egress:
        yield Member(name=f"rules of security group {group['GroupName']}", delete=revoke)


def _group(group: Mapping[str, Any], ec2: SecurityGroups) -> Member:
    return Member(
        name=f"security group {group['GroupName']}",
        delete=lambda: ec2.delete_security_group(GroupId=group["GroupId"]),
    )
