"""API Gateway's setting of the whole account, in process: who may be named, and what becomes of it and of its logs."""

import json
from collections.abc import Iterator
from typing import Any

import ministack.app
import pytest
from ministack.services import apigateway_v1, iam
from ministack.services.cloudformation import provisioners

from sandbox import api_gateway, log_store
from sandbox.api_gateway import access_log, account
from sandbox.api_gateway.account import AccountError

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:access:*"
LOGS = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    api_gateway.install()
    monkeypatch.setattr(ministack.app, "AUTH", True)
    yield
    apigateway_v1.reset()
    iam.reset()


def make_role(name: str, *, service: str = "apigateway.amazonaws.com", policies: tuple[str, ...] = (LOGS,)) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    properties = {"RoleName": name, "AssumeRolePolicyDocument": trust, "ManagedPolicyArns": list(policies)}
    _, attributes = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]["create"]("Role", properties, "stack")
    return str(attributes["Arn"])


def handlers() -> dict[str, Any]:
    found: dict[str, Any] = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Account"]
    return found


def named() -> str | None:
    _, _, body = apigateway_v1._get_account()
    arn: str | None = json.loads(body)["cloudwatchRoleArn"]
    return arn


def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what a request's end puts into the access log."""
    lines: list[str] = []
    monkeypatch.setattr(log_store, "open_stream", lambda *_given: None)
    monkeypatch.setattr(log_store, "append", lambda _group, _stream, more: lines.extend(more))
    settings = {"destinationArn": GROUP, "format": "$context.status"}
    access_log._write(settings, {"apiId": "a", "stage": "s", "status": 200})
    return lines


def test_the_setting_outlives_the_stack_that_made_it() -> None:
    arn = make_role("one")
    physical_id, _ = handlers()["create"]("Account", {"CloudWatchRoleArn": arn}, "stack")
    handlers()["delete"](physical_id, {"CloudWatchRoleArn": arn})

    assert named() == arn


def test_logs_are_written_while_the_role_is_there_and_not_a_line_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    arn = make_role("one")
    handlers()["create"]("Account", {"CloudWatchRoleArn": arn}, "stack")
    assert written(monkeypatch) == ["200"]

    del iam._roles["one"]

    assert written(monkeypatch) == []
    assert named() == arn


def test_a_role_that_may_write_no_logs_writes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers()["create"]("Account", {"CloudWatchRoleArn": make_role("one", policies=())}, "stack")

    assert written(monkeypatch) == []


def test_without_a_role_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch) == []


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("what", ["none", "another service's"])
def test_a_role_that_cannot_be_assumed_is_refused(kind: str, what: str) -> None:
    arn = make_role("other", service="lambda.amazonaws.com") if what != "none" else "arn:aws:iam::000000000000:role/x"
    given = ("Account", {"CloudWatchRoleArn": arn}, "stack")

    with pytest.raises(AccountError, match="does not have required permissions set to API Gateway"):
        handlers()[kind](*(given if kind == "create" else (given[0], {}, *given[1:])))

    assert named() is None


def test_the_call_refuses_it_too_and_can_take_the_role_back() -> None:
    arn = make_role("one")
    patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": f"{arn}-not"}
    assert apigateway_v1._update_account({"patchOperations": [patch]})[0] == 400
    assert apigateway_v1._update_account({"patchOperations": [{**patch, "value": arn}]})[0] == 200
    assert named() == arn

    apigateway_v1._update_account({"patchOperations": [{"op": "remove", "path": "/cloudwatchRoleArn"}]})

    assert named() is None


def test_a_stage_has_no_access_log_before_the_account_has_a_role() -> None:
    apigateway_v1._rest_apis["api"] = {"id": "api"}
    stage = {"RestApiId": "api", "StageName": "s", "DeploymentId": "d"}
    create = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Stage"]["create"]
    logging = {**stage, "AccessLogSetting": {"DestinationArn": GROUP}}

    with pytest.raises(AccountError, match="CloudWatch Logs role ARN must be set in account settings"):
        create("S", logging, "stack")
    assert apigateway_v1._stages_v1.get("api", {}) == {}
    create("S", stage, "stack")

    account.install()
    handlers()["create"]("Account", {"CloudWatchRoleArn": make_role("one")}, "stack")
    create("S", logging, "stack")
