"""Operating the deployed platform: keys, permissions, logs, and doing things twice."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.platform.conftest import Platform, Post

HELLO = {"model": "fast", "messages": [{"role": "user", "content": "Hello"}]}


def test_no_key_is_stored_as_it_is(platform: Platform) -> None:
    table = platform.quarry("outputs")["quarry-sandbox-inference"]["KeysTable"]

    stored = json.dumps(platform.client("dynamodb").scan(TableName=table)["Items"])

    assert platform.api_key not in stored
    assert platform.api_key[:7] in stored


def test_the_saved_connection_is_for_its_owner_only(platform: Platform) -> None:
    file = Path(platform.environ["QUARRY_STATE"]) / "sandbox.json"

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_written_outside_the_project(platform: Platform) -> None:
    folders = [Path(platform.environ[name]) for name in ("HOME", "TMPDIR")]

    assert [entry for folder in folders for entry in folder.rglob("*")] == []


def test_the_log_has_the_request_and_not_what_was_said(platform: Platform, post: Post) -> None:
    response = post(json={"model": "fast", "messages": [{"role": "user", "content": "The word is xylophone."}]})
    logs = platform.client("logs")

    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    lines = [
        event["message"]
        for group in groups
        for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]

    assert any(response.headers["x-request-id"] in line and '"answered"' in line for line in lines)
    (seen,) = (line for line in lines if response.headers["x-request-id"] in line and '"latencyMs"' in line)
    assert (json.loads(seen)["path"], json.loads(seen)["status"]) == ("/api/v1/chat/completions", "200")
    assert json.loads(seen)["keyId"].startswith("key_")
    assert not any("xylophone" in line for line in lines)


def test_the_local_aws_checks_signatures(platform: Platform) -> None:
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        platform.client(
            "dynamodb", aws_access_key_id=platform.aws["access_key_id"], aws_secret_access_key="wrong"
        ).list_tables()


@pytest.fixture
def inference_policy(platform: Platform) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(IAM client, arguments of PutRolePolicy) of the inference function's role; put back afterwards."""
    iam = platform.client("iam")
    role = next(role for role in iam.list_roles()["Roles"] if "-ChatRole" in role["RoleName"])["RoleName"]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    yield iam, {"RoleName": role, "PolicyName": name, "PolicyDocument": json.dumps(document)}
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@pytest.mark.parametrize("action", ["bedrock:InvokeModel", "bedrock:ApplyGuardrail"])
def test_without_one_of_its_permissions_the_function_cannot_answer(
    post: Post, inference_policy: tuple[Any, dict[str, Any]], action: str
) -> None:
    """The harness's own test: if permissions were not enforced here, a missing grant would go unnoticed."""
    iam, policy = inference_policy
    assert post(json=HELLO).status_code == 200

    iam.put_role_policy(**{**policy, "PolicyDocument": policy["PolicyDocument"].replace(action, "bedrock:GetPrompt")})
    refused = post(json=HELLO)

    assert refused.status_code == 403
    assert f"allow {action}" in refused.json()["error"]["message"]
