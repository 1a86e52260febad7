"""Starting and ending real servers, one after the other in one folder, and one that all look at."""

import io
import json
import os
import signal
import socket
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import ports, process
from sandbox.process import SandboxError
from sandbox.state import Record, StateDirectory
from tests.sandbox.servers import ONE_ATTEMPT, running, session, start
from tests.waiting import PATIENCE, eventually

FUNCTION = """
import json, os, tempfile
def handler(event, context):
    open(os.path.join(tempfile.gettempdir(), "written"), "w").close()
    return {"statusCode": 200, "body": json.dumps({"pid": os.getpid(), "environment": dict(os.environ)})}
"""
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateDirectory]:
    directory = StateDirectory(tmp_path / ".sandbox")
    yield directory
    process.stop(directory)


def deploy_function(record: Record) -> None:
    """A function behind a REST API, in a few calls."""
    own = session(record.connection)

    def client(service: Any) -> Any:
        return own.client(service, endpoint_url=record.connection.aws_url, config=ONE_ATTEMPT)

    policy = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as folder:
        folder.writestr("index.py", FUNCTION)
    function = client("lambda").create_function(
        FunctionName="f", Runtime="python3.13", Handler="index.handler", Role=role, Code={"ZipFile": archive.getvalue()}
    )["FunctionArn"]
    client("lambda").add_permission(
        FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    gateway = client("apigateway")
    api = gateway.create_rest_api(name="api")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="ANY", authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    gateway.put_integration(
        restApiId=api, resourceId=root, httpMethod="ANY", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri
    )
    gateway.create_deployment(restApiId=api, stageName="live")


def test_a_function_answers_at_the_front_door_knows_no_secret_and_ends_with_the_server(
    state: StateDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as shell:
        shell.setenv("AWS_PROFILE", "real")
        shell.setenv("GITHUB_TOKEN", "real")
        record = start(state)
    deploy_function(record)

    with urllib.request.urlopen(record.connection.url, timeout=PATIENCE) as response:
        answer = json.load(response)

    assert not {"AWS_PROFILE", "GITHUB_TOKEN", process.SECRET_VARIABLE} & set(answer["environment"])
    assert record.secret_access_key not in answer["environment"].values()
    # Everything is written inside the state directory.
    assert (state.tmp / "written").exists()
    assert list(tmp_path.iterdir()) == [state.path]
    assert (state.path / "server.json").stat().st_mode & 0o777 == 0o600
    # The function ends with its server, and nothing is left.
    assert process.stop(state) is True
    assert process.start_time(answer["pid"]) is None
    assert not state.path.exists()
    assert process.stop(state) is False


def test_after_a_killed_server_its_remains_are_ended_and_a_new_one_starts(state: StateDirectory) -> None:
    first = start(state)
    os.kill(first.pid, signal.SIGKILL)
    eventually(lambda: not process.is_running(first))

    assert process.health(first) == process.Health(running=False, answering=False)
    assert process.stop(state) is False
    assert process.health(start(state)).answering


def test_a_process_that_got_a_dead_servers_id_is_left_alone(state: StateDirectory) -> None:
    state.create()
    state.write(
        Record(pid=os.getpid(), started="another time", aws_port=1, port=2, access_key_id="k", secret_access_key="s")
    )

    assert process.stop(state) is False
    assert process.start_time(os.getpid()) is not None


def test_two_sandboxes_live_side_by_side_and_neither_obeys_a_web_page(tmp_path: Path) -> None:
    with running(tmp_path / "one") as (_, one), running(tmp_path / "two") as (_, two):
        assert process.health(one).answering
        assert process.health(two).answering
        assert one.secret_access_key != two.secret_access_key

        # A page whose name was rebound to the loopback still sends that name.
        rebound = urllib.request.Request(f"{one.connection.aws_url}/_sandbox/health", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            urllib.request.urlopen(rebound, timeout=PATIENCE)
        refused.value.close()


@pytest.mark.parametrize("option", ["--aws-port", "--port"])
def test_a_taken_port_is_named_before_anything_is_started(option: str, state: StateDirectory) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken, free = other.getsockname()[1], ports.free(1)[0]
        chosen = {"aws_port": taken, "port": free} if option == "--aws-port" else {"aws_port": free, "port": taken}

        with pytest.raises(SandboxError, match=rf"port {taken} is taken by another program; choose .* {option} PORT"):
            process.start(state, **chosen)

    assert not state.path.exists()


def test_equal_ports_are_refused(state: StateDirectory) -> None:
    with pytest.raises(SandboxError, match="must differ"):
        process.start(state, aws_port=4601, port=4601)


def test_a_server_that_fails_shows_its_log_and_leaves_no_process(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINISTACK_DOCKER_TIMEOUT", "no number")

    with pytest.raises(SandboxError, match="could not convert string to float"):
        start(state)

    assert not process._children


def test_a_server_that_does_not_answer_in_time_is_ended(state: StateDirectory) -> None:
    aws_port, port = ports.free(2)

    with pytest.raises(SandboxError, match="did not answer within 0 s"):
        process.start(state, aws_port=aws_port, port=port, seconds=0.0)

    assert not process._children


def test_the_servers_environment_enforces_iam_on_the_loopback_and_leaks_nothing() -> None:
    state = StateDirectory(Path("/clone/.sandbox"))
    inherited = {"PATH": "/bin", "PYTHONPATH": "/src", "HTTPS_PROXY": "http://p", "AWS_REGION": "eu-west-1"}

    environment = process.server_environment(inherited, state=state, aws_port=4601)

    assert environment["AUTH"] == "true"
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["GATEWAY_PORT"] == "4601"
    assert environment["PATH"] == "/bin"
    assert not {"PYTHONPATH", "HTTPS_PROXY", "AWS_REGION", "AWS_ACCESS_KEY_ID"} & set(environment)
    assert all(environment[name].startswith("/clone/") for name in ("TMPDIR", "HOME", "STATE_DIR", "S3_DATA_DIR"))
