"""In which order a domain goes, and who may do what for it; by itself, in a stack of its own."""

import copy
import itertools
from typing import Any

import pytest

from stacks.studio.clean_up import HANDLER
from tests.policy import rules
from tests.stacks.knowledge.variants import allowed, flat, needed_by, the
from tests.stacks.studio.domain import PEOPLE, template

DOMAIN = "<Domain>"
ARN = "arn:aws:sagemaker:us-east-1:<AWS::AccountId>"
# Made in this order, deleted in reverse.
ORDER = ("VPC", "Domain", "rights", "file system", "UserProfile", "Space", "clean-up")
PARTS = {
    "VPC": ("AWS::EC2::VPC", ""),
    "Domain": ("AWS::SageMaker::Domain", ""),
    "rights": ("AWS::IAM::Policy", "CleanUpMayDeleteFileSystem"),
    "file system": ("Custom::QuarryStudioFileSystem", ""),
    "UserProfile": ("AWS::SageMaker::UserProfile", "Profileanalima"),
    "Space": ("AWS::SageMaker::Space", "Spaceanalima"),
    "clean-up": ("Custom::QuarryStudioCleanUp", ""),
}


def id_of(part: str) -> str:
    """Return the logical id of a part."""
    return the(template(), *PARTS[part])


@pytest.mark.parametrize(("earlier", "later"), [*itertools.pairwise(ORDER)])
def test_what_people_made_goes_first_and_the_network_last(earlier: str, later: str) -> None:
    assert id_of(earlier) in needed_by(template(), id_of(later))


def test_the_clean_up_waits_for_everybody_and_for_the_right_to_do_it() -> None:
    before = needed_by(template(), id_of("clean-up"))
    kinds = ("AWS::SageMaker::UserProfile", "AWS::SageMaker::Space")
    everybody = [id_ for kind in kinds for id_, _ in rules.of_type(template(), kind)]

    assert len(everybody) == 2 * len(PEOPLE)
    assert {*everybody, the(template(), "AWS::IAM::Policy", "CleanUpMayCleanUp")} <= before
    assert the(template(), "AWS::IAM::Policy", "LifecycleMayRunAgain") in before


def test_a_dependency_that_is_missing_is_seen() -> None:
    without = copy.deepcopy(template())
    for resource in without["Resources"].values():
        resource.pop("DependsOn", None)

    assert id_of("UserProfile") not in needed_by(without, id_of("clean-up"))
    assert id_of("file system") not in needed_by(without, id_of("UserProfile"))


def test_each_resource_is_told_what_it_is_about() -> None:
    resources = template()["Resources"]
    domain = id_of("Domain")
    clean_up = resources[id_of("clean-up")]["Properties"]
    file_system = resources[id_of("file system")]["Properties"]

    assert clean_up["DomainId"] == file_system["DomainId"] == {"Fn::GetAtt": [domain, "DomainId"]}
    assert clean_up["Participants"] == list(PEOPLE)
    assert file_system["DomainArn"] == {"Fn::GetAtt": [domain, "DomainArn"]}
    # CloudFormation waits no longer than an hour.
    assert 3_000 <= int(clean_up["ServiceTimeout"]) <= 3_600


def test_one_function_does_all_of_it() -> None:
    (function,) = (one for _, one in rules.of_type(template(), "AWS::Lambda::Function") if one["Handler"] == HANDLER)

    assert function["Timeout"] == 600


def test_the_clean_up_may_do_this_to_one_domain() -> None:
    granted = allowed(template(), "CleanUpMayCleanUp")

    assert granted == {
        **dict.fromkeys(("sagemaker:ListApps", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"), "*"),
        **dict.fromkeys(("sagemaker:DeleteApp", "sagemaker:DescribeApp"), f"{ARN}:app/{DOMAIN}/*"),
        **dict.fromkeys(("sagemaker:DeleteSpace", "sagemaker:DescribeSpace"), f"{ARN}:space/{DOMAIN}/*"),
        **dict.fromkeys(
            ("sagemaker:DeleteUserProfile", "sagemaker:DescribeUserProfile"), f"{ARN}:user-profile/{DOMAIN}/*"
        ),
    }


def statements(beginning: str) -> dict[str, Any]:
    """Return action -> statement of the policy whose logical id begins so."""
    policy = template()["Resources"][the(template(), "AWS::IAM::Policy", beginning)]["Properties"]
    return {
        action: statement
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def test_file_systems_and_groups_may_be_deleted_only_if_they_are_the_domains() -> None:
    may = statements("CleanUpMayDeleteFileSystem")
    reading = {
        "ec2:DescribeSecurityGroups",
        "elasticfilesystem:DescribeFileSystems",
        "elasticfilesystem:DescribeMountTargets",
    }
    of_domain = {"sagemaker:DeleteDomain", "sagemaker:DescribeDomain"}
    efs = {"elasticfilesystem:DeleteFileSystem", "elasticfilesystem:DeleteMountTarget"}
    ec2 = {
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteSecurityGroup",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
    }

    assert set(may) == reading | of_domain | efs | ec2
    assert {action for action, statement in may.items() if statement["Resource"] == "*"} == reading
    arn = {"Fn::GetAtt": [id_of("Domain"), "DomainArn"]}
    for action in of_domain:
        assert may[action]["Resource"] == arn
    for action in efs:
        tag = "aws:ResourceTag/ManagedByAmazonSageMakerResource"
        assert may[action]["Condition"] == {"StringEquals": {tag: arn}}
    for action in ec2:
        ((operator, condition),) = may[action]["Condition"].items()
        assert (operator, list(condition)) == ("ArnEquals", ["ec2:Vpc"])
        assert flat(condition["ec2:Vpc"]) == "arn:aws:ec2:us-east-1:<AWS::AccountId>:vpc/<Network>"


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_the_policies_hold(rule: Any) -> None:
    assert rule(template()) == []
