"""Apps that are processes: what they are started with, when they are in service, why they fail, and that they end."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.services import sts

from sandbox import jupyter_lab, studio
from sandbox.jupyter_lab import JupyterLabError
from sandbox.process import start_time
from sandbox.studio import container_credentials, control, labs, store
from sandbox.studio.labs import Machine
from tests.sandbox.studio import stand_in_lab
from tests.sandbox.studio.test_service import app, do, domain, refusal, settle, space
from tests.waiting import eventually

SCRIPT = 'echo prepared > prepared; cat $STUDIO_RESOURCE_METADATA; echo "url: $ENDPOINT"'


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    studio.install()
    control.forget()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = stand_in_lab.write(tmp_path / "environment")
    made = Machine(environment=environment, aws_url="http://localhost:4566", url="http://localhost:8787")
    labs.use(made)
    yield made
    control.forget()
    labs.use(None)


def scripted(script: str) -> str:
    """A domain whose apps run a lifecycle script."""
    content = base64.b64encode(script.encode()).decode()
    config = {"StudioLifecycleConfigName": "prepare", "StudioLifecycleConfigAppType": "JupyterLab"}
    arn = do("CreateStudioLifecycleConfig", **config, StudioLifecycleConfigContent=content)["StudioLifecycleConfigArn"]
    lab = {"LifecycleConfigArns": [arn], "DefaultResourceSpec": {"LifecycleConfigArn": arn}}
    role = "arn:aws:iam::000000000000:role/service"
    return domain(DefaultUserSettings={"ExecutionRole": role, "JupyterLabAppSettings": lab})


def place_with(domain_id: str) -> dict[str, str]:
    """A space whose apps start with the domain's lifecycle configuration."""
    place = space(domain_id)
    lab = do("DescribeDomain", DomainId=domain_id)["DefaultUserSettings"]["JupyterLabAppSettings"]
    do("UpdateSpace", **place, SpaceSettings={"JupyterLabAppSettings": {k: v for k, v in lab.items() if k[0] == "D"}})
    settle()
    return place


def until(status: str, named: dict[str, str]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        settle()
        found = do("DescribeApp", **named)
        return found if found["Status"] == status else None

    return eventually(look)


def presigned(named: dict[str, str], **more: str) -> str:
    place = {name: named[name] for name in ("DomainId", "SpaceName")}
    return str(do("CreatePresignedDomainUrl", **place, UserProfileName="ann", **more)["AuthorizedUrl"])


def read(url: str) -> Any:
    with urllib.request.urlopen(url) as reply:
        return json.load(reply)


def running() -> labs.Lab:
    (lab,) = labs._labs
    return lab


def pid() -> int:
    process = running()._process
    assert process is not None
    return process.pid


def test_an_app_is_in_service_when_its_jupyterlab_answers_and_its_url_opens_it(
    monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    monkeypatch.setenv("SANDBOX_SPACE_ENDPOINT", "$SANDBOX_URL/v1")
    monkeypatch.setenv("SANDBOX_SECRET_ACCESS_KEY", "the administrator's")
    place = place_with(scripted(SCRIPT))
    named = app(place)
    until("InService", named)

    url = presigned(named)
    found = read(url)

    environ, folder = found["environ"], labs.folder_of(named["DomainId"], "ann")
    assert url.startswith("http://localhost:")
    assert url.endswith(f"/jupyterlab/default/lab?token={environ['JUPYTER_TOKEN']}")
    assert found["given"]["ServerApp.ip"] == "127.0.0.1"
    assert environ["HOME"] == found["home"] == str(folder / "home")
    assert environ["AWS_ENDPOINT_URL"] == machine.aws_url
    assert environ["ENDPOINT"] == "http://localhost:8787/v1"
    assert "SANDBOX_SECRET_ACCESS_KEY" not in environ
    assert (folder / "home" / "prepared").read_text() == "prepared\n"
    log = (folder / "app.log").read_text()
    assert '"SpaceName": "ann"' in log
    assert "url: http://localhost:8787/v1" in log
    assert labs.urls() == {"ann": url}
    page = presigned(named, LandingUri="app:JupyterLab:/lab/tree/one.ipynb")
    assert page == url.replace("/lab?", "/lab/tree/one.ipynb?")


def test_its_credentials_are_those_of_the_owners_role_and_end_with_it() -> None:
    domain_id = domain()
    role = "arn:aws:iam::000000000000:role/ann"
    do("CreateUserProfile", DomainId=domain_id, UserProfileName="ann", UserSettings={"ExecutionRole": role})
    settle()
    owned = {"OwnershipSettings": {"OwnerUserProfileName": "ann"}, "SpaceSharingSettings": {"SharingType": "Private"}}
    do("CreateSpace", DomainId=domain_id, SpaceName="ann", **owned)
    settle()
    named = app({"DomainId": domain_id, "SpaceName": "ann"})
    until("InService", named)
    uri = read(presigned(named))["environ"]["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    path = uri.removeprefix("http://localhost:4566")

    status, _, body = asyncio.run(container_credentials.handler("GET", path, b"", {}))
    credentials = json.loads(body)
    do("DeleteApp", **named)

    assert status == 200
    session = sts._sessions[credentials["AccessKeyId"]]
    assert session["Arn"] == "arn:aws:sts::000000000000:assumed-role/ann/SageMaker"
    assert session["SecretAccessKey"] == credentials["SecretAccessKey"]
    assert session["Expiration"] > time.time()
    assert asyncio.run(container_credentials.handler("GET", path, b"", {}))[0] == 404
    assert asyncio.run(container_credentials.handler("GET", f"{container_credentials.PREFIX}/x", b"", {}))[0] == 404


def test_a_deleted_app_ends_and_its_home_is_there_for_the_next_until_the_space_goes() -> None:
    place = space(domain())
    named = app(place)
    until("InService", named)
    first, home = pid(), labs.folder_of(place["DomainId"], "ann") / "home"
    (home / "own").write_text("own")

    do("DeleteApp", **named)
    ended = start_time(first)
    settle()
    again = app(place)
    until("InService", again)

    assert ended is None
    assert "token=" in presigned(again)
    assert (home / "own").exists()
    do("DeleteApp", **again)
    settle()
    assert presigned(again).startswith("https://")
    do("DeleteSpace", **place)
    assert not home.exists()


def test_an_app_that_is_deleted_while_its_script_runs_ends() -> None:
    named = app(place_with(scripted("touch running; sleep 3600")))
    home = labs.folder_of(named["DomainId"], "ann") / "home"
    eventually(lambda: (home / "running").exists())
    settle()
    started = pid()
    assert do("DescribeApp", **named)["Status"] == "Pending"

    control.forget()

    assert start_time(started) is None
    assert labs.urls() == {}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 7", "The lifecycle script ended with exit code 7"),
        ("sleep 3600", "The lifecycle script took more than 0"),
    ],
)
def test_a_script_that_fails_or_takes_too_long_fails_the_app(
    monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setattr(labs, "SCRIPT_SECONDS", 2.0)

    named = app(place_with(scripted(script)))

    assert until("Failed", named)["FailureReason"].startswith(reason)
    assert presigned(named).startswith("https://")
    do("DeleteApp", **named)
    until("Deleted", named)


def test_a_jupyterlab_that_does_not_start_or_ends_by_itself_is_a_failed_app(monkeypatch: pytest.MonkeyPatch) -> None:
    place = space(domain())
    monkeypatch.setenv("SANDBOX_SPACE_FAILS", "yes")
    named = app(place)
    reason = until("Failed", named)["FailureReason"]
    do("DeleteApp", **named)
    settle()
    monkeypatch.delenv("SANDBOX_SPACE_FAILS")
    until("InService", app(place))
    with pytest.raises(OSError):  # noqa: PT011 of several, by when the connection breaks
        read(presigned(named).replace("/lab?", "/end?"))

    assert reason.startswith("JupyterLab ended with exit code 3. See ")
    assert until("Failed", named)["FailureReason"].startswith("JupyterLab ended with exit code 4. See ")
    assert labs.urls() == {}


def test_a_jupyterlab_that_never_answers_is_a_failed_app_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs, "START_SECONDS", 2.0)
    monkeypatch.setenv("SANDBOX_SPACE_HANGS", "yes")

    named = app(space(domain()))

    assert until("Failed", named)["FailureReason"].startswith("JupyterLab did not answer within 0 minutes. See ")
    eventually(lambda: start_time(pid()) is None)


def test_what_is_no_jupyterlab_of_a_space_is_a_record() -> None:
    place = space(domain())
    do("CreateApp", **place, AppType="CodeEditor", AppName="default")

    assert labs._labs == []
    labs.use(None)
    named = app(place)
    settle()
    assert do("DescribeApp", **named)["Status"] == "InService"
    assert presigned(named).startswith("https://")


def test_a_role_that_studio_may_not_take_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    place = space(domain())
    monkeypatch.setattr("ministack.app.AUTH", True)

    assert "Invalid execution role" in refusal("CreateApp", **place, AppType="JupyterLab", AppName="default")
    assert store.every("App") == []


def test_without_jupyterlab_it_is_told_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(jupyter_lab.PACKAGES_VARIABLE, str(tmp_path / "none"))

    with pytest.raises(JupyterLabError, match="make up STUDIO=1"):
        jupyter_lab.environment()
    monkeypatch.setenv(jupyter_lab.PACKAGES_VARIABLE, str(tmp_path / "environment"))
    assert jupyter_lab.environment() == tmp_path / "environment"
