"""The file systems and the security groups that SageMaker makes for a domain, in memory, on the clock of the domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.studio.file_system import GROUPS, TAG
from tests.lambdas.ingestion.fakes import refused
from tests.lambdas.service_model import check
from tests.lambdas.studio.fakes import ARN, DOMAIN, Clock


@dataclass
class FakeEfs:
    """File systems with mount targets, each of which takes ``seconds`` to go.

    Attributes:
        file_systems: id -> ARN of the domain in its tag.
        targets: id -> (file system, when it is gone; None while nobody asked).
    """

    clock: Clock
    seconds: float = 30
    file_systems: dict[str, str] = field(default_factory=dict)
    targets: dict[str, tuple[str, float | None]] = field(default_factory=dict)
    deleting: dict[str, float] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def add(self, id_: str, domain: str = ARN, *, targets: int = 2) -> None:
        """Add a file system of a domain."""
        self.file_systems[id_] = domain
        self.targets |= {f"fsmt-{id_[3:]}{number}": (id_, None) for number in range(targets)}

    def describe_file_systems(self, **kwargs: Any) -> dict[str, Any]:
        self._called("DescribeFileSystems", kwargs)
        ids = sorted(self.file_systems)
        first = int(kwargs.get("Marker", 0))
        # One in a page: there are always more.
        page = [self._described(id_) for id_ in ids[first : first + 1]]
        return {"FileSystems": page, **({"NextMarker": str(first + 1)} if first + 1 < len(ids) else {})}

    def describe_mount_targets(self, **kwargs: Any) -> dict[str, Any]:
        self._called("DescribeMountTargets", kwargs)
        if kwargs["FileSystemId"] not in self.file_systems:
            raise refused("FileSystemNotFound")
        return {
            "MountTargets": [
                {"MountTargetId": id_, "LifeCycleState": "available" if ends is None else "deleting"}
                for id_, (of, ends) in self.targets.items()
                if of == kwargs["FileSystemId"]
            ]
        }

    def delete_mount_target(self, **kwargs: Any) -> None:
        self._called("DeleteMountTarget", kwargs)
        id_ = kwargs["MountTargetId"]
        of, ends = self.targets[id_]
        assert ends is None
        self.targets[id_] = (of, self.clock.now + self.seconds)

    def delete_file_system(self, **kwargs: Any) -> None:
        self._called("DeleteFileSystem", kwargs)
        id_ = kwargs["FileSystemId"]
        if any(of == id_ for of, _ in self.targets.values()):
            raise refused("FileSystemInUse")
        self.deleting[id_] = self.clock.now + self.seconds

    def _described(self, id_: str) -> dict[str, Any]:
        tags = [{"Key": "Name", "Value": id_}, {"Key": TAG, "Value": self.file_systems[id_]}]
        return {
            "FileSystemId": id_,
            "LifeCycleState": "deleting" if id_ in self.deleting else "available",
            "Tags": tags,
        }

    def _called(self, operation: str, arguments: Mapping[str, Any]) -> None:
        check("efs", operation, arguments)
        self.calls.append(operation)
        self.targets = {
            id_: (of, ends) for id_, (of, ends) in self.targets.items() if ends is None or ends > self.clock.now
        }
        for id_ in [id_ for id_, ends in self.deleting.items() if ends <= self.clock.now]:
            del self.file_systems[id_], self.deleting[id_]


@dataclass
class FakeGroups:
    """The two security groups of a domain, each with a rule that names the other.

    Attributes:
        attached_until: something else uses them till then.
        groups: id -> (name, ingress, egress).
    """

    clock: Clock
    attached_until: float = 0.0
    groups: dict[str, tuple[str, list[Any], list[Any]]] = field(default_factory=dict)

    def add(self, domain: str = DOMAIN) -> None:
        """Add a domain's."""
        inbound, outbound = (f"sg-{domain}-{way}" for way in ("in", "out"))
        self.groups[inbound] = (GROUPS[0] + domain, [_from(outbound)], [])
        self.groups[outbound] = (GROUPS[1] + domain, [], [_from(inbound)])

    def describe_security_groups(self, **kwargs: Any) -> dict[str, Any]:
        check("ec2", "DescribeSecurityGroups", kwargs)
        (named,) = kwargs["Filters"]
        assert named["Name"] == "group-name"
        return {
            "SecurityGroups": [
                {"GroupId": id_, "GroupName": name, "IpPermissions": ingress, "IpPermissionsEgress": egress}
                for id_, (name, ingress, egress) in self.groups.items()
                if name in named["Values"]
            ]
        }

    def revoke_security_group_ingress(self, **kwargs: Any) -> None:
        check("ec2", "RevokeSecurityGroupIngress", kwargs)
        self._revoke(1, kwargs)

    def revoke_security_group_egress(self, **kwargs: Any) -> None:
        check("ec2", "RevokeSecurityGroupEgress", kwargs)
        self._revoke(2, kwargs)

    def delete_security_group(self, **kwargs: Any) -> None:
        check("ec2", "DeleteSecurityGroup", kwargs)
        id_ = kwargs["GroupId"]
        rules = [rule for _, ingress, egress in self.groups.values() for rule in (*ingress, *egress)]
        if _from(id_) in rules or self.clock.now < self.attached_until:
            raise refused("DependencyViolation")
        del self.groups[id_]

    def _revoke(self, way: int, arguments: Mapping[str, Any]) -> None:
        rules = self.groups[arguments["GroupId"]][way]
        assert isinstance(rules, list)
        for rule in list(arguments["IpPermissions"]):
            rules.remove(rule)


def _from(group: str) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": group}]}
