"""The Tagging API sees what AWS's sees, in pages, and late by script."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import bedrock, cloudformation, cloudwatch_logs, ec2, iam, secretsmanager, sqs, ssm, tagging

from sandbox import studio
from sandbox import tagging as ours
from sandbox.resources import register
from sandbox.resources.service_api import call
from sandbox.tagging import control, lag

TAGS = {"quarry:environment": "dev"}


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    studio.install()
    register()
    ours.install()
    yield
    lag.release()
    for service in (bedrock, cloudformation, cloudwatch_logs, ec2, iam, secretsmanager, sqs, ssm):
        service.reset()


def ask(operation: str, **request: Any) -> Any:
    headers = {"x-amz-target": f"ResourceGroupsTaggingAPI_20170126.{operation}"}
    body = json.dumps(request).encode()
    status, _, reply = asyncio.run(tagging.handle_request("POST", "/", headers, body, {}))
    return json.loads(reply) if status == 200 else json.loads(reply)["__type"]


def arns(**request: Any) -> list[str]:
    return [one["ResourceARN"] for one in ask("GetResources", **request)["ResourceTagMappingList"]]


def group(name: str, **tags: str) -> None:
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{name}:*"
    cloudwatch_logs._log_groups[name] = {"arn": arn, "tags": {**TAGS, **tags}}


def test_services_that_ministack_leaves_out_are_listed() -> None:
    group("/g")
    call("secretsmanager", "CreateSecret", {"Name": "s", "SecretString": "x", "Tags": _listed()})
    call("ssm", "PutParameter", {"Name": "/p", "Value": "x", "Type": "String", "Tags": _listed()})
    call("bedrock", "CreateGuardrail", _guardrail())
    found = {arn.split(":")[2] for arn in arns(TagFilters=[{"Key": "quarry:environment", "Values": ["dev"]}])}

    assert found == {"logs", "secretsmanager", "ssm", "bedrock"}


def _listed() -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in TAGS.items()]


def _guardrail() -> dict[str, Any]:
    words = {"wordsConfig": [{"text": "x"}]}
    told = {"blockedInputMessaging": "no", "blockedOutputsMessaging": "no"}
    tags = [{"key": key, "value": value} for key, value in TAGS.items()]
    return {"name": "g", "wordPolicyConfig": words, "tags": tags, **told}


def test_a_role_is_not_listed_whatever_tags_it_has() -> None:
    iam._roles["r"] = {"RoleName": "r", "Arn": "arn:aws:iam::000000000000:role/r", "Tags": _listed()}

    assert arns() == []


def test_filters_are_all_of_the_keys_and_one_of_the_values() -> None:
    group("/a", team="x")
    group("/b", team="y")
    group("/c")

    def names(*filters: dict[str, Any]) -> str:
        return "".join(arn[-1] for arn in arns(TagFilters=list(filters)))

    assert names({"Key": "team"}) == "ab"
    assert names({"Key": "team", "Values": ["y", "z"]}, {"Key": "quarry:environment", "Values": ["dev"]}) == "b"
    assert names({"Key": "team", "Values": ["z"]}) == ""
    assert "".join(arn[-1] for arn in arns(ResourceTypeFilters=["logs:log-group"])) == "abc"
    assert arns(ResourceTypeFilters=["sqs"]) == []


def test_long_lists_come_in_pages() -> None:
    for number in range(7):
        group(f"/g{number}")
    first = ask("GetResources", ResourcesPerPage=3)
    second = ask("GetResources", ResourcesPerPage=3, PaginationToken=first["PaginationToken"])
    third = ask("GetResources", ResourcesPerPage=3, PaginationToken=second["PaginationToken"])

    pages = [first, second, third]
    assert [len(page["ResourceTagMappingList"]) for page in pages] == [3, 3, 1]
    assert third["PaginationToken"] == ""
    assert len({one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]}) == 7


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"PaginationToken": "no token"}, "PaginationTokenExpiredException"),
        ({"ResourcesPerPage": 0}, "InvalidParameterException"),
        ({"ResourcesPerPage": 101}, "InvalidParameterException"),
        ({"ResourceARNList": ["arn:aws:s3:::b"], "TagFilters": []}, "InvalidParameterException"),
    ],
)
def test_what_aws_refuses_is_refused(request_: dict[str, Any], code: str) -> None:
    assert ask("GetResources", **request_) == code


def test_keys_and_values_are_of_everything() -> None:
    group("/a", team="x")
    group("/b", team="y")

    assert ask("GetTagKeys")["TagKeys"] == ["quarry:environment", "team"]
    assert ask("GetTagValues", Key="team")["TagValues"] == ["x", "y"]


def test_while_it_is_held_it_lists_what_is_gone_and_not_what_is_new() -> None:
    group("/old")
    lag.hold()
    del cloudwatch_logs._log_groups["/old"]
    group("/new")

    assert [arn[-4:] for arn in arns()] == ["/old"]
    lag.release()
    assert [arn[-4:] for arn in arns()] == ["/new"]


def test_it_is_held_by_its_endpoint() -> None:
    def send(method: str, body: bytes = b"") -> tuple[int, Any]:
        status, _, reply = asyncio.run(control.handler(method, control.PREFIX, body, {}))
        return status, json.loads(reply) if reply else None

    assert send("PUT", b'{"held": true}') == (200, {"held": True})
    assert send("GET") == (200, {"held": True})
    assert send("DELETE") == (204, None)
    assert send("GET") == (200, {"held": False})
    assert [send("PUT", body)[0] for body in (b"", b"[]", b'{"held": 1}', b"{}")] == [400] * 4
    assert send("POST")[0] == 405
