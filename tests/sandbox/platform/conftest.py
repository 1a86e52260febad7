"""The whole platform on this machine, deployed once for all tests by `make up` and taken down by `make down`.

That is the users' own way, with the real CDK CLI and IAM enforced, so these fixtures prove the README's commands too.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from openai import OpenAI

from configuration.environment_file import PROJECT
from quarry.deployed import deployment
from sandbox import ports
from sandbox.model.script import ModelScript
from tests.sandbox import commands
from tests.sandbox.commands import Ended
from tests.waiting import PATIENCE


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What compares rights with their use comes when all others have used them."""
    items.sort(key=lambda item: item.path.name == "test_rights.py" and item.path.parent == Path(__file__).parent)


@dataclass(frozen=True)
class Platform:
    """A deployed sandbox.

    Attributes:
        aws: the saved connection's part on the local AWS: endpoint_url, access_key_id, secret_access_key.
        environ: environment variables with which make and the commands work on this sandbox and no other.
        printed: what `make up` printed.
    """

    base_url: str
    api_key: str
    aws: dict[str, str]
    environ: dict[str, str]
    printed: str

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project; its output is in ``stdout``, with the standard error in it."""
        return run(command, self.environ)

    def command(self, *arguments: str) -> Ended:
        """Run ``quarry ... --json`` in this process.

        Who changes a key waits for the authorizers that had read it before (quarry/deployed/deployment.py). Here none
        is at work meanwhile, so that wait is left out.
        """
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(deployment, "sleep", lambda _seconds: None)
            environ = {"QUARRY_STATE": self.environ["QUARRY_STATE"]}
            return commands.quarry(*arguments, "--environment", "sandbox", "--json", environ=environ)

    def quarry(self, *arguments: str) -> Any:
        """Run a command as ``command`` does, which has to succeed, and return what it printed, parsed."""
        ended = self.command(*arguments)
        assert ended.code == 0, ended.out + ended.err
        return json.loads(ended.out)

    def client(self, service: str, *, attempts: int | None = None, **credentials: str) -> Any:
        """Return a boto3 client of the local AWS, as its administrator unless other credentials are given.

        Args:
            attempts: how often the client sends what is refused for a while, if not as often as it does by itself.
        """
        config = Config(read_timeout=PATIENCE, retries={"total_max_attempts": attempts} if attempts else None)
        chosen = credentials or {
            "aws_access_key_id": self.aws["access_key_id"],
            "aws_secret_access_key": self.aws["secret_access_key"],
        }
        return _session().client(service, endpoint_url=self.aws["endpoint_url"], config=config, **chosen)


@cache
def _session() -> Any:
    """The one for all clients: each reads anew what boto3 knows of services."""
    return boto3.Session(region_name="us-east-1")


def run(command: tuple[str, ...], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the project."""
    return subprocess.run(
        command, cwd=PROJECT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with deployed(tmp_path_factory.mktemp("platform")) as found:
        yield found


@contextmanager
def deployed(folder: Path, *arguments: str, environment: str = "sandbox") -> Iterator[Platform]:
    """Deploy with `make up` and further arguments, and take down with `make down`, which has to leave nothing.

    Args:
        environment: what the arguments choose, of environments/.
    """
    aws_port, port = ports.free(2)
    # Nothing is written outside the project: no cache that a home directory or the temporary one would keep.
    elsewhere = [folder / "home", folder / "tmp"]
    for one in elsewhere:
        one.mkdir()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POWERTOOLS_"))},
        "PATH": f"{PROJECT / '.venv/bin'}:{PROJECT / 'node_modules/.bin'}:{os.environ['PATH']}",
        "HOME": str(elsewhere[0]),
        "TMPDIR": str(elsewhere[1]),
        # pip asks for Rust's version, and a rustup that finds no home sets one up.
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
        "SANDBOX_STATE": str(folder / "sandbox"),
        "QUARRY_STATE": str(folder / "quarry"),
        "CDK_OUTPUT": str(folder / "cdk.out"),
        # As make has it, for tests that call the CDK CLI themselves: else it is in the home directory.
        "CDK_HOME": str(PROJECT / ".cache" / "cdk"),
        "COLUMNS": "200",
    }
    up = run(("make", "up", f"PORT={port}", f"AWS_PORT={aws_port}", *arguments), environ)
    if up.returncode != 0:
        # Nothing may be left running of a platform that did not come up.
        run(("make", "down"), environ)
        pytest.fail(f"make up failed:\n{up.stdout}")
    connection = folder / "quarry" / f"{environment}.json"
    saved = json.loads(connection.read_text(encoding="utf-8"))
    yield Platform(
        base_url=saved["base_url"], api_key=saved["api_key"], aws=saved["aws"], environ=environ, printed=up.stdout
    )
    down = run(("make", "down"), environ)
    assert down.returncode == 0, down.stdout
    assert "nothing left" in down.stdout
    assert not (folder / "sandbox").exists()
    assert not connection.exists()
    assert [entry for one in elsewhere for entry in one.iterdir()] == []


@pytest.fixture
def model(platform: Platform) -> Iterator[ModelScript]:
    """The stand-in model's script, cleared afterwards."""
    with ModelScript(platform.aws["endpoint_url"]) as script:
        yield script


@pytest.fixture
def openai(platform: Platform) -> Iterator[OpenAI]:
    """The unmodified OpenAI client, without retries of its own."""
    with OpenAI(base_url=platform.base_url, api_key=platform.api_key, max_retries=0) as client:
        yield client


Post = Callable[..., httpx.Response]


@pytest.fixture
def post(platform: Platform) -> Post:
    """Send bytes or JSON to the chat endpoint as plain HTTP."""

    def send(*, content: bytes | None = None, json: Any = None, key: str | None = platform.api_key) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        url = f"{platform.base_url}/chat/completions"
        return httpx.post(url, content=content, json=json, headers=headers, timeout=PATIENCE)

    return send
