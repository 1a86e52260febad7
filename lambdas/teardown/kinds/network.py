"""Networks and what hangs on them: SageMaker's file systems, network interfaces, security groups, subnets.

A subnet cannot go while a network interface is in it, a security group not while another names it. Lambda's and EFS's
interfaces go some time after their owner: those are waited for, not deleted.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.teardown.aws import Aws, is_missing
from lambdas.teardown.kind import Found, Kind, Looks, Phase
from lambdas.teardown.kinds.forms import call, tags_of

_EC2: Final = "ec2"
_EFS: Final = "efs"
# SageMaker's tag on a file system, with the domain's ARN.
MANAGED_BY: Final = "ManagedByAmazonSageMakerResource"


def _file_systems(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_EFS, "describe_file_systems", "FileSystems"):
        if one["LifeCycleState"] == "deleted":
            continue
        tags = tags_of(one.get("Tags"))
        domain = tags.get(MANAGED_BY, "")
        details = {**one, "StoredBytes": one.get("SizeInBytes", {}).get("Value", 0)}
        yield Found(
            id=one["FileSystemId"],
            arn=str(one.get("FileSystemArn") or ""),
            tags=tags,
            of=(domain, domain.rpartition("/")[2]) if domain else (),
            state=one["LifeCycleState"],
            details=details,
        )


def _mount_targets(aws: Aws) -> Iterator[Found]:
    for system in _file_systems(aws):
        try:
            targets = aws.pages(_EFS, "describe_mount_targets", "MountTargets", FileSystemId=system.id)
            for one in targets:
                if one["LifeCycleState"] != "deleted":
                    of = (*system.of, system.id, one["SubnetId"])
                    yield Found(id=one["MountTargetId"], tags=system.tags, of=of, state=one["LifeCycleState"])
        except ClientError as error:
            if not is_missing(error):
                raise


def _look(service: str, operation: str, parameter: str, member: str, state: str, *, listed: bool = False) -> Looks:
    def look(aws: Aws, id_: str) -> Found | None:
        found: Any = aws.described(service, operation, **{parameter: [id_] if listed else id_})
        one = next(iter((found or {}).get(member) or []), None)
        if one is None:
            return None
        told = str(one.get(state) or "") if state else ""
        return None if told == "deleted" else Found(id=id_, state=told, details=one)

    return look


def _of_vpc(operation: str, member: str, id_: str, *, state: str = "") -> Callable[[Aws], Iterator[Found]]:
    def finds(aws: Aws) -> Iterator[Found]:
        for one in aws.pages(_EC2, operation, member):
            tags = tags_of(one.get("Tags") or one.get("TagSet"))
            of = (str(one.get("VpcId") or ""), str(one.get("SubnetId") or ""))
            yield Found(id=one[id_], tags=tags, of=of, state=str(one.get(state) or "") if state else "", details=one)

    return finds


def _groups(aws: Aws) -> Iterator[Found]:
    """Yield security groups; a VPC's own group goes with it."""
    for one in aws.pages(_EC2, "describe_security_groups", "SecurityGroups"):
        if one["GroupName"] != "default":
            # SageMaker names those that it makes for a domain after the domain.
            domain = "d-" + one["GroupName"].rpartition("-d-")[2]
            of = (str(one.get("VpcId") or ""), domain)
            yield Found(id=one["GroupId"], tags=tags_of(one.get("Tags")), of=of, details=one)


def _delete_group(aws: Aws, id_: str) -> object:
    ec2 = aws.client(_EC2)
    group: Any = ec2.describe_security_groups(GroupIds=[id_])["SecurityGroups"][0]
    for direction, revoke in (
        ("IpPermissions", ec2.revoke_security_group_ingress),
        ("IpPermissionsEgress", ec2.revoke_security_group_egress),
    ):
        naming = [rule for rule in group.get(direction, []) if rule.get("UserIdGroupPairs")]
        if naming:
            revoke(GroupId=id_, IpPermissions=naming)
    return ec2.delete_security_group(GroupId=id_)


KINDS: Final = (
    Kind(
        service=_EFS,
        type="mount-target",
        phase=Phase.MOUNTS,
        resource="AWS::EFS::MountTarget",
        finds=_mount_targets,
        looks=_look(_EFS, "describe_mount_targets", "MountTargetId", "MountTargets", "LifeCycleState"),
        deletes=call(_EFS, "delete_mount_target", "MountTargetId"),
        busy=frozenset({"creating", "updating", "deleting"}),
        run_time=True,
    ),
    Kind(
        service=_EFS,
        type="file-system",
        phase=Phase.FILE_SYSTEMS,
        resource="AWS::EFS::FileSystem",
        arn=r"file-system/(.+)",
        arn_service="elasticfilesystem",
        finds=_file_systems,
        looks=_look(_EFS, "describe_file_systems", "FileSystemId", "FileSystems", "LifeCycleState"),
        deletes=call(_EFS, "delete_file_system", "FileSystemId"),
        busy=frozenset({"creating", "updating", "deleting"}),
        run_time=True,
        data=True,
    ),
    Kind(
        service=_EC2,
        type="network-interface",
        phase=Phase.INTERFACES,
        resource="AWS::EC2::NetworkInterface",
        arn=r"network-interface/(.+)",
        finds=_of_vpc("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", state="Status"),
        looks=_look(
            _EC2, "describe_network_interfaces", "NetworkInterfaceIds", "NetworkInterfaces", "Status", listed=True
        ),
        deletes=call(_EC2, "delete_network_interface", "NetworkInterfaceId"),
        busy=frozenset({"in-use", "attaching", "detaching"}),
        run_time=True,
    ),
    Kind(
        service=_EC2,
        type="security-group",
        phase=Phase.GROUPS,
        resource="AWS::EC2::SecurityGroup",
        arn=r"security-group/(.+)",
        finds=_groups,
        looks=_look(_EC2, "describe_security_groups", "GroupIds", "SecurityGroups", "", listed=True),
        deletes=_delete_group,
        run_time=True,
    ),
    Kind(
        service=_EC2,
        type="subnet",
        phase=Phase.SUBNETS,
        resource="AWS::EC2::Subnet",
        arn=r"subnet/(.+)",
        finds=_of_vpc("describe_subnets", "Subnets", "SubnetId"),
        looks=_look(_EC2, "describe_subnets", "SubnetIds", "Subnets", "State", listed=True),
        deletes=call(_EC2, "delete_subnet", "SubnetId"),
    ),
    Kind(
        service=_EC2,
        type="vpc",
        phase=Phase.NETWORKS,
        resource="AWS::EC2::VPC",
        arn=r"vpc/(.+)",
        finds=_of_vpc("describe_vpcs", "Vpcs", "VpcId"),
        looks=_look(_EC2, "describe_vpcs", "VpcIds", "Vpcs", "State", listed=True),
        deletes=call(_EC2, "delete_vpc", "VpcId"),
    ),
)
