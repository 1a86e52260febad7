"""Instances come and go with their function and with the server."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import process
from sandbox.state import StateDirectory
from tests.sandbox.servers import settled, start
from tests.sandbox.streaming.deployment import Deployment, archive, deploy, function, template
from tests.waiting import PATIENCE, eventually


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not collected does not."""
    return process.start_time(pid) is not None


def described(deployment: Deployment, name: str = "plain") -> dict[str, Any]:
    response = deployment.get(f"/{name}/x")
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def update_stack(deployment: Deployment, **changes: Any) -> None:
    cloudformation = deployment.client("cloudformation")
    cloudformation.update_stack(
        StackName="streams", TemplateBody=json.dumps(template(**changes)), Capabilities=["CAPABILITY_IAM"]
    )
    settled(cloudformation, "streams", "stack_update_complete")


def test_an_updated_environment_replaces_the_instances(deployment: Deployment) -> None:
    before = described(deployment)

    update_stack(deployment, Plain=function("Role", COLOUR="green"))

    after = described(deployment)
    assert "COLOUR" not in before["environment"]
    assert after["environment"]["COLOUR"] == "green"
    assert after["pid"] != before["pid"]
    eventually(lambda: not is_alive(before["pid"]))


def test_updated_code_replaces_the_instances(deployment: Deployment) -> None:
    before = described(deployment)
    run = "#!/bin/sh\nexport COLOUR=blue\nexec python -m uvicorn --host 127.0.0.1 --port $PORT application:app\n"

    deployment.client("lambda").update_function_code(FunctionName=deployment.names["Plain"], ZipFile=archive(run))

    after = described(deployment)
    assert after["environment"]["COLOUR"] == "blue"
    eventually(lambda: not is_alive(before["pid"]))


def test_a_script_that_does_not_exec_leaves_no_child_behind(deployment: Deployment) -> None:
    run = "#!/bin/sh\npython -m uvicorn --host 127.0.0.1 --port $PORT application:app\n"
    client = deployment.client("lambda")
    client.update_function_code(FunctionName=deployment.names["Plain"], ZipFile=archive(run))
    pid = described(deployment)["pid"]

    client.update_function_code(FunctionName=deployment.names["Plain"], ZipFile=archive())

    eventually(lambda: not is_alive(pid))


def test_reserved_concurrency_throttles(deployment: Deployment) -> None:
    client, name = deployment.client("lambda"), deployment.names["Other"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)

    with deployment.endless("/other/endless") as response:
        assert response.status_code == 200
        # API Gateway does not hand the 429 of Lambda on.
        refused = deployment.get("/other/x")
        assert (refused.status_code, refused.json()) == (500, {"failed": "Internal server error"})

    eventually(lambda: deployment.get("/other/x").status_code == 200)
    client.delete_function_concurrency(FunctionName=name)


def test_the_accounts_concurrency_throttles_and_is_told_and_counted(deployment: Deployment) -> None:
    client = deployment.client("lambda")
    own = client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    with quotas(deployment, {"L-B99A9384": 1}):
        assert client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 1
        with deployment.endless("/other/endless"):
            assert deployment.get("/plain/x").status_code == 500
        eventually(lambda: deployment.get("/plain/x").status_code == 200)
    assert client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == own
    counted = deployment.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Throttles",
        Dimensions=[{"Name": "FunctionName", "Value": deployment.names["Plain"]}],
        StartTime=datetime.now(UTC) - timedelta(minutes=10),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(point["Sum"] for point in counted) >= 1


def test_an_api_may_answer_for_a_throttled_function(deployment: Deployment) -> None:
    gateway, api = deployment.client("apigateway"), deployment.names["Api"]
    gateway.put_gateway_response(
        restApiId=api,
        responseType="INTEGRATION_FAILURE",
        statusCode="429",
        responseParameters={"gatewayresponse.header.Retry-After": "'2'"},
        responseTemplates={"application/json": '{"full":true}'},
    )
    gateway.create_deployment(restApiId=api, stageName="live")
    with quotas(deployment, {"L-B99A9384": 1}), deployment.endless("/other/endless"):
        refused = deployment.get("/plain/x")

    assert (refused.status_code, refused.json(), refused.headers["retry-after"]) == (429, {"full": True}, "2")


@contextmanager
def quotas(deployment: Deployment, values: dict[str, float]) -> Iterator[None]:
    url = f"{deployment.record.connection.aws_url}/_sandbox/studio/quotas"
    httpx.put(url, json=values, timeout=PATIENCE).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(url, timeout=PATIENCE).raise_for_status()


def test_a_deleted_functions_instances_end_and_its_log_group_stays_away(deployment: Deployment) -> None:
    pid = described(deployment)["pid"]
    name, logs = deployment.names["Plain"], deployment.client("logs")

    deployment.client("lambda").delete_function(FunctionName=name)
    logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")

    eventually(lambda: not is_alive(pid))
    assert deployment.get("/plain/x").status_code == 500
    assert logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"] == []


def test_a_reset_ends_the_instances(deployment: Deployment) -> None:
    pid = described(deployment, "other")["pid"]

    httpx.post(f"{deployment.record.connection.aws_url}/_ministack/reset", timeout=PATIENCE).raise_for_status()

    assert not is_alive(pid)


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_stopped_server_leaves_no_process(state: StateDirectory, how: str) -> None:
    record = start(state)
    try:
        deployment = deploy(record)
        idle = described(deployment)["pid"]
        with deployment.endless("/other/endless") as response:
            lines = response.iter_lines()
            busy = int(next(lines))
            if how == "kill":
                os.kill(record.pid, signal.SIGKILL)
            process.stop(state)
    finally:
        process.stop(state)

    assert idle != busy
    assert not is_alive(idle)
    assert not is_alive(busy)
