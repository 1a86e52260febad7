"""A domain that got a file system leaves none of it, and nothing of anybody else's goes."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lambdas.common import aws
from lambdas.common.custom_resource import CustomResourceError, UnfinishedError
from lambdas.lifecycle.removal import ATTEMPTS
from lambdas.studio.file_system import GROUPS, TAG, delete_file_system
from tests.lambdas.ingestion.fakes import refused
from tests.lambdas.studio.fakes import ARN, DOMAIN, Clock, FakeStudio, request
from tests.lambdas.studio.file_systems import FakeEfs, FakeGroups

OTHER = "d-other"


class Fakes:
    """What SageMaker made for a domain with a file system, which it deletes with the domain if it is told to.

    Attributes:
        leaves: what it does not delete all the same.
    """

    def __init__(self, *, leaves: bool = True) -> None:
        self.clock = Clock()
        self.studio = FakeStudio(clock=self.clock, file_system="fs-11111111")
        self.efs = FakeEfs(self.clock)
        self.groups = FakeGroups(self.clock)
        if leaves:
            self.efs.add("fs-11111111")
            self.groups.add()

    def run(self, kind: str = "Delete", **properties: Any) -> None:
        asked = request(self.clock, kind, **{"DomainArn": ARN, **properties})
        delete_file_system(asked, sagemaker=self.studio, efs=self.efs, ec2=self.groups, sleep=self.clock.sleep)


@pytest.mark.parametrize("leaves", [True, False])
def test_the_domain_goes_with_its_file_system_and_what_is_left_of_it(leaves: bool) -> None:
    fakes = Fakes(leaves=leaves)

    fakes.run()

    assert fakes.studio.domain.status == "Gone"
    assert (fakes.efs.file_systems, fakes.efs.targets, fakes.groups.groups) == ({}, {}, {})


def test_a_domain_without_a_file_system_stays_for_cloudformation() -> None:
    fakes = Fakes(leaves=False)
    fakes.studio.file_system = None

    fakes.run()

    assert fakes.studio.domain.status == "InService"
    assert fakes.clock.now == 0


@pytest.mark.parametrize("there", [True, False])
def test_what_is_anothers_stays(there: bool) -> None:
    fakes = Fakes(leaves=there)
    fakes.efs.add("fs-22222222", ARN.replace(DOMAIN, OTHER))
    fakes.efs.add("fs-00000000", "")
    fakes.groups.add(OTHER)

    fakes.run()

    assert set(fakes.efs.file_systems) == {"fs-00000000", "fs-22222222"}
    assert len(fakes.efs.targets) == 4
    assert len(fakes.groups.groups) == 2


def test_what_a_deletion_by_others_left_is_found_without_the_domain() -> None:
    """Or what a former run did not come to."""
    fakes = Fakes()
    fakes.studio.domain.status = "Gone"

    fakes.run()

    assert (fakes.efs.file_systems, fakes.efs.targets, fakes.groups.groups) == ({}, {}, {})


def test_nothing_of_a_domain_that_stays_is_touched() -> None:
    fakes = Fakes()
    fakes.studio.failing = {"domain": 1000}

    with pytest.raises(CustomResourceError, match=f"cannot be deleted: domain {DOMAIN} \\(Delete_Failed\\)"):
        fakes.run()

    assert fakes.efs.calls == []
    assert len(fakes.groups.groups) == 2


def test_a_domain_that_is_not_empty_yet_is_asked_again() -> None:
    fakes = Fakes()
    fakes.studio.profile("ana", status="Deleting", until=ATTEMPTS * 6, then="Gone")

    fakes.run()

    assert fakes.studio.domain.status == "Gone"


def test_a_deletion_of_the_domain_that_fails_is_asked_for_again() -> None:
    fakes = Fakes()
    fakes.studio.failing = {"domain": 2}

    fakes.run()

    assert fakes.studio.domain.status == "Gone"
    assert fakes.efs.file_systems == {}


def test_groups_that_are_attached_for_a_while_are_waited_for() -> None:
    fakes = Fakes()
    fakes.groups.attached_until = 300

    fakes.run()

    assert fakes.groups.groups == {}
    assert fakes.clock.now >= 300


def test_time_that_runs_out_is_told_and_another_run_goes_on() -> None:
    fakes = Fakes()
    fakes.efs.seconds = 600

    with pytest.raises(
        UnfinishedError, match=r"2 of what has to go first are left: mount target fsmt-111111110 of fs-11111111"
    ):
        fakes.run()
    fakes.clock.ends += 500
    with pytest.raises(UnfinishedError, match=r"left: file system fs-11111111 \(deleting\)"):
        fakes.run()
    fakes.clock.ends += 500
    fakes.run()

    assert (fakes.efs.file_systems, fakes.efs.targets, fakes.groups.groups) == ({}, {}, {})
    assert fakes.efs.calls.count("DeleteMountTarget") == 2


def test_a_file_system_that_vanishes_meanwhile_was_wanted() -> None:
    fakes = Fakes(leaves=False)
    fakes.studio.domain.status = "Gone"
    fakes.efs.add("fs-11111111")
    described = fakes.efs.describe_mount_targets

    def vanishes(**kwargs: Any) -> dict[str, Any]:
        fakes.efs.file_systems.clear()
        return described(**kwargs)

    fakes.efs.describe_mount_targets = vanishes  # type: ignore[method-assign]

    fakes.run()

    assert fakes.efs.file_systems == {}


@pytest.mark.parametrize("operation", ["describe_domain", "describe_mount_targets"])
def test_what_aws_refuses_to_tell_is_an_error(operation: str) -> None:
    fakes = Fakes()
    fakes.studio.domain.status = "Gone"

    def refuses(**_: Any) -> Any:
        raise refused("ValidationException")

    setattr(fakes.studio if operation == "describe_domain" else fakes.efs, operation, refuses)

    with pytest.raises(ClientError, match="ValidationException"):
        fakes.run()


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_before_the_deletion_nothing_is_done(kind: str) -> None:
    fakes = Fakes()

    fakes.run(kind)

    assert fakes.studio.calls == []


@pytest.mark.parametrize("properties", [{"DomainId": ""}, {"DomainArn": ""}, {"DomainArn": None}, {"DomainId": 7}])
@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_without_a_domain_there_is_nothing_to_delete_and_nothing_to_make(kind: str, properties: Any) -> None:
    fakes = Fakes()

    if kind == "Delete":
        fakes.run(kind, **properties)
    else:
        with pytest.raises(CustomResourceError, match="lack DomainId or DomainArn"):
            fakes.run(kind, **properties)
    assert not fakes.studio.calls
    assert not fakes.efs.calls


def test_efs_and_ec2_of_another_make_take_the_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's, which were written without us."""
    # Without its thousands of images, which nothing here starts.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws():
        efs: Any = aws.client("efs", read_timeout=1)
        ec2: Any = aws.client("ec2", read_timeout=1)
        subnet = ec2.describe_subnets()["Subnets"][0]
        tag = {"Key": TAG, "Value": ARN}
        of_ours, of_others = (
            efs.create_file_system(CreationToken=token, Tags=tags)["FileSystemId"]
            for token, tags in (("ours", [tag]), ("others", []))
        )
        inbound, outbound = (
            ec2.create_security_group(GroupName=name + DOMAIN, Description="NFS", VpcId=subnet["VpcId"])["GroupId"]
            for name in GROUPS
        )
        rule: Callable[[str], Any] = lambda group: {  # noqa: E731
            "IpProtocol": "tcp",
            "FromPort": 2049,
            "ToPort": 2049,
            "UserIdGroupPairs": [{"GroupId": group}],
        }
        ec2.authorize_security_group_ingress(GroupId=inbound, IpPermissions=[rule(outbound)])
        ec2.authorize_security_group_egress(GroupId=outbound, IpPermissions=[rule(inbound)])
        for one in (of_ours, of_others):
            efs.create_mount_target(FileSystemId=one, SubnetId=subnet["SubnetId"], SecurityGroups=[inbound])
        clock = Clock()
        studio = FakeStudio(clock=clock)
        studio.domain.status = "Gone"

        asked = request(clock, DomainArn=ARN)
        delete_file_system(asked, sagemaker=studio, efs=efs, ec2=ec2, sleep=clock.sleep)

        assert [one["FileSystemId"] for one in efs.describe_file_systems()["FileSystems"]] == [of_others]
        names = {one["GroupName"] for one in ec2.describe_security_groups()["SecurityGroups"]}
        assert not any(name.endswith(DOMAIN) for name in names)
