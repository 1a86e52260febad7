"""Studio's services in this process: states over time, order of deletion, quotas, scripts, and what IAM asks for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import clock, studio
from sandbox.quotas import applied, catalogue
from sandbox.resources.service_api import ApiError, call
from sandbox.studio import calls, control, permissions, script, store

NETWORK = {"VpcId": "vpc-00000001", "SubnetIds": ["subnet-00000001"]}
ROLE = "arn:aws:iam::000000000000:role/service"


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    studio.install()
    control.forget()
    yield
    control.forget()


def do(operation: str, **parameters: Any) -> dict[str, Any]:
    return call("sagemaker", operation, parameters)


def settle() -> None:
    clock.advance(1)


def domain(**changes: Any) -> str:
    settings = {"ExecutionRole": ROLE}
    base = {"DomainName": "class", "AuthMode": "IAM", "DefaultUserSettings": settings, **NETWORK}
    made = do("CreateDomain", **{**base, "HomeEfsFileSystemCreation": "Disabled", **changes})["DomainId"]
    settle()
    return str(made)


def space(domain_id: str, name: str = "ann") -> dict[str, str]:
    do("CreateUserProfile", DomainId=domain_id, UserProfileName=name)
    settle()
    owned = {"OwnershipSettings": {"OwnerUserProfileName": name}, "SpaceSharingSettings": {"SharingType": "Private"}}
    do("CreateSpace", DomainId=domain_id, SpaceName=name, **owned)
    settle()
    return {"DomainId": domain_id, "SpaceName": name}


def app(place: dict[str, str]) -> dict[str, str]:
    named = {**place, "AppType": "JupyterLab", "AppName": "default"}
    do("CreateApp", **named)
    return named


def refusal(operation: str, **parameters: Any) -> str:
    with pytest.raises(ApiError) as refused:
        do(operation, **parameters)
    return f"{refused.value.code}: {refused.value.message}"


def test_states_follow_the_clock_and_a_deleted_app_is_listed_for_a_day() -> None:
    named = app(space(domain()))
    assert do("DescribeApp", **named)["Status"] == "Pending"
    settle()
    assert do("DescribeApp", **named)["Status"] == "InService"
    do("DeleteApp", **named)
    assert do("DescribeApp", **named)["Status"] == "Deleting"
    settle()
    assert [each["Status"] for each in do("ListApps")["Apps"]] == ["Deleted"]
    assert "AWS::SageMaker::App" not in store.living()
    clock.advance(25 * 3600)
    assert do("ListApps")["Apps"] == []


def test_parents_go_after_their_children() -> None:
    domain_id = domain()
    place = space(domain_id)
    named = app(place)
    settle()
    profile = {"DomainId": domain_id, "UserProfileName": "ann"}

    assert "App(s) are associated" in refusal("DeleteSpace", **place)
    assert "Space(s) are associated" in refusal("DeleteUserProfile", **profile)
    assert refusal("DeleteDomain", DomainId=domain_id).startswith("ResourceInUse: Unable to delete Domain")
    for operation, parameters in (("DeleteApp", named), ("DeleteSpace", place), ("DeleteUserProfile", profile)):
        do(operation, **parameters)
        settle()
    do("DeleteDomain", DomainId=domain_id)
    settle()

    assert store.living() == {}
    assert refusal("DescribeDomain", DomainId=domain_id).startswith("ResourceNotFound")


def test_a_third_person_meets_the_quota_of_a_new_account_until_it_is_raised() -> None:
    domain_id = domain()
    for name in ("ann", "bob"):
        do("CreateUserProfile", DomainId=domain_id, UserProfileName=name)

    refused = refusal("CreateUserProfile", DomainId=domain_id, UserProfileName="cy")
    applied.replace({catalogue.PROFILES.code: 3})
    do("CreateUserProfile", DomainId=domain_id, UserProfileName="cy")

    assert refused.startswith(
        "ResourceLimitExceeded: The account-level service limit 'Maximum number of Studio user profiles allowed per "
        "account' is 2 User Profiles, with current utilization of 2"
    )
    asked = {"ServiceCode": "sagemaker", "QuotaCode": catalogue.PROFILES.code}
    assert call("service-quotas", "GetServiceQuota", asked)["Quota"]["Value"] == 3
    assert call("service-quotas", "GetAWSDefaultServiceQuota", asked)["Quota"]["Value"] == 2


def test_a_script_fails_holds_and_refuses() -> None:
    named = app(space(domain()))
    settle()
    script.replace(script.parse([{"on": "DeleteApp", "do": "hold"}]))
    do("DeleteApp", **named)
    clock.advance(3600)
    held = do("DescribeApp", **named)["Status"]
    steps = [{"on": "CreateApp", "do": "refuse", "times": 1}, {"on": "CreateApp", "do": "fail", "reason": "no room"}]
    script.replace(script.parse(steps))
    released = do("DescribeApp", **named)["Status"]

    assert (held, released) == ("Deleting", "Deleted")
    assert refusal("CreateApp", **named) == "ThrottlingException: Rate exceeded"
    do("CreateApp", **named)
    settle()
    failed = do("DescribeApp", **named)
    assert (failed["Status"], failed["FailureReason"]) == ("Failed", "no room")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DomainName": "under_score"}, "regular expression"),
        ({"SubnetIds": ["subnet-absent"]}, "does not exist"),
        ({"DefaultUserSettings": {}}, "ExecutionRole"),
    ],
)
def test_a_domain_that_aws_would_refuse(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ApiError, match=words):
        domain(**changes)


def test_a_private_space_opens_for_its_owner_only() -> None:
    applied.replace({catalogue.PROFILES.code: 3})
    domain_id = domain()
    place = space(domain_id)
    do("CreateUserProfile", DomainId=domain_id, UserProfileName="bob")

    url = do("CreatePresignedDomainUrl", UserProfileName="ann", **place)["AuthorizedUrl"]

    assert url.startswith(f"https://{domain_id}.studio.us-east-1.sagemaker.aws/auth?token=")
    assert "ResourceNotFound" in refusal("CreatePresignedDomainUrl", UserProfileName="bob", **place)


def test_what_iam_is_asked_for() -> None:
    body = json.dumps({"DomainId": "d-1", "SpaceName": "Ann", "AppType": "JupyterLab", "AppName": "default"}).encode()

    assert permissions.resource_arn("DeleteApp", body, "p") == "p:app/d-1/Ann/jupyterlab/default"
    assert permissions.resource_arn("DeleteSpace", body, "p") == "p:space/d-1/Ann"
    assert permissions.resource_arn("ListApps", body, "p") == "*"


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("PUT", "quotas", {"L-71FAF417": 40}, 200),
        ("PUT", "quotas", {"L-UNKNOWN": 40}, 400),
        ("PUT", "script", [{"on": "DeleteApp", "do": "explode"}], 400),
        ("POST", "clock", {"advance_seconds": -1}, 400),
        ("PUT", "calls", [], 405),
        ("GET", "calls", None, 200),
        ("DELETE", "calls", None, 204),
        ("GET", "nothing", None, 404),
        ("DELETE", "script", None, 204),
    ],
)
def test_control(method: str, name: str, body: Any, status: int) -> None:
    answer = control.handler(method, f"{control.PREFIX}/{name}", json.dumps(body).encode(), {})

    assert asyncio.run(answer)[0] == status


def test_what_was_asked_is_recorded_in_order_with_what_was_refused() -> None:
    control.forget()
    place = space(domain())
    refusal("DeleteUserProfile", DomainId=place["DomainId"], UserProfileName="ann")
    do("DeleteSpace", **place)

    recorded = json.loads(asyncio.run(control.handler("GET", f"{control.PREFIX}/calls", b"", {}))[2])

    assert [(one["operation"], one["error"]) for one in recorded] == [
        ("CreateDomain", None),
        ("CreateUserProfile", None),
        ("CreateSpace", None),
        ("DeleteUserProfile", "ResourceInUse"),
        ("DeleteSpace", None),
    ]
    assert recorded[-1]["request"] == place
    calls.forget()
    assert calls.state() == []
