"""The culling that the lifecycle script sets up, by a real Jupyter server: what is idle ends, what is busy does not."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tornado.websocket import websocket_connect

from sandbox import process
from sandbox.connection import Connection
from stacks.studio.lifecycle import prepare_space
from tests.sandbox.servers import running, session
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.studio

SECONDS = 2
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with running(tmp_path / "sandbox", studio=True) as (_, record):
        yield record.connection


def settings() -> dict[str, Any]:
    """What the script writes for an hour, with seconds in place of its minutes."""
    prepare_space.SETTINGS["cull_minutes"] = 60
    written = prepare_space.with_culling({})
    times = {"cull_idle_timeout", "cull_inactive_timeout", "cull_interval"}
    return {
        owner: {name: SECONDS if name in times else value for name, value in values.items()}
        for owner, values in written.items()
    }


def lab(connection: Connection) -> httpx.Client:
    """A started app's API: domain, profile, space, with a lifecycle script that writes Jupyter's settings."""
    owner = session(connection)
    sagemaker = owner.client("sagemaker", endpoint_url=connection.aws_url)
    iam = owner.client("iam", endpoint_url=connection.aws_url)
    role = iam.create_role(RoleName="studio", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    script = f"mkdir ~/.jupyter; echo '{json.dumps(settings())}' > ~/.jupyter/jupyter_server_config.json"
    config = sagemaker.create_studio_lifecycle_config(
        StudioLifecycleConfigName="culling",
        StudioLifecycleConfigContent=base64.b64encode(script.encode()).decode(),
        StudioLifecycleConfigAppType="JupyterLab",
    )["StudioLifecycleConfigArn"]
    domain = sagemaker.create_domain(
        DomainName="class",
        AuthMode="IAM",
        HomeEfsFileSystemCreation="Disabled",
        VpcId="vpc-00000001",
        SubnetIds=["subnet-00000001"],
        DefaultUserSettings={"ExecutionRole": role, "JupyterLabAppSettings": {"LifecycleConfigArns": [config]}},
    )["DomainId"]
    in_domain = {"DomainId": domain}
    eventually(lambda: sagemaker.describe_domain(**in_domain)["Status"] == "InService")
    sagemaker.create_user_profile(**in_domain, UserProfileName="ann")
    ann = {**in_domain, "UserProfileName": "ann"}
    eventually(lambda: sagemaker.describe_user_profile(**ann)["Status"] == "InService")
    sagemaker.create_space(
        **in_domain,
        SpaceName="ann",
        OwnershipSettings={"OwnerUserProfileName": "ann"},
        SpaceSharingSettings={"SharingType": "Private"},
    )
    eventually(lambda: sagemaker.describe_space(**in_domain, SpaceName="ann")["Status"] == "InService")
    app = {**in_domain, "SpaceName": "ann", "AppType": "JupyterLab", "AppName": "default"}
    sagemaker.create_app(**app, ResourceSpec={"LifecycleConfigArn": config})
    eventually(lambda: sagemaker.describe_app(**app)["Status"] != "Pending")
    url = sagemaker.create_presigned_domain_url(**ann, SpaceName="ann")["AuthorizedUrl"]
    (token,) = parse_qs(urlsplit(url).query)["token"]
    headers = {"Authorization": f"token {token}"}
    return httpx.Client(base_url=f"{url.partition('/lab?')[0]}/api", headers=headers, timeout=PATIENCE)


def kernels(api: httpx.Client) -> dict[str, str]:
    return {one["id"]: one["execution_state"] for one in api.get("/kernels").json()}


def start(api: httpx.Client) -> str:
    return str(api.post("/kernels", json={"name": "python3"}).json()["id"])


async def execute(api: httpx.Client, kernel: str, code: str) -> Any:
    """Have a kernel run code, by the connection that an open notebook has, and return the connection."""
    address = str(api.base_url).replace("http:", "ws:")
    token = api.headers["Authorization"].removeprefix("token ")
    connection = await websocket_connect(f"{address}kernels/{kernel}/channels?token={token}")
    header = {"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "1", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    await connection.write_message(json.dumps(message))
    while (said := await connection.read_message()) is not None:
        if json.loads(said)["msg_type"] == "execute_input":
            return connection
    raise AssertionError("the kernel's connection ended")


def test_idle_kernels_and_terminals_end_and_a_busy_one_stays(connection: Connection) -> None:
    async def run() -> None:
        with lab(connection) as api:
            busy = start(api)
            cell = await execute(api, busy, "import time; time.sleep(36000)")
            for _ in range(2):
                # Open in a browser, which does not keep it.
                idle = start(api)
                opened = await execute(api, idle, "1 + 1")
                api.post("/terminals")
                eventually(lambda idle=idle: idle not in kernels(api))  # type: ignore[misc]
                eventually(lambda: api.get("/terminals").json() == [])
                opened.close()
            assert kernels(api) == {busy: "busy"}
            cell.close()

    asyncio.run(run())


def test_a_deleted_app_takes_its_kernels_along(connection: Connection) -> None:
    with lab(connection) as api:
        start(api)
        (url,) = process.request(connection, "GET", "/_sandbox/studio/notebooks").values()
        assert url.startswith(str(api.base_url).removesuffix("/api/"))
        process.request(connection, "POST", "/_ministack/reset")
        with pytest.raises(httpx.HTTPError):
            api.get("/kernels")
    assert process.request(connection, "GET", "/_sandbox/studio/notebooks") == {}
