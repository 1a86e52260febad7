"""Studio's stack on a local AWS of its own, without the rest of the platform: people come, go, and leave things there.

The names of people are ``person-01`` and so on.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from configuration.environment_file import PROJECT
from sandbox.connection import Connection
from tests.sandbox.servers import ONE_ATTEMPT, running, session
from tests.waiting import PATIENCE

STACK: Final = "quarry-room-studio"
_BASE_URL: Final = "/quarry/room/base-url"
# As many as a class needs, in place of a new account's.
_QUOTAS: Final = {"L-AC46C40F": 100, "L-8E5333B4": 100, "L-71FAF417": 100, "L-4E39DDC4": 100}
_APP: Final = """\
from aws_cdk import App
from configuration.config import Config
from configuration.environment_file import load
from stacks.studio.stack import StudioStack

changes = {"name": "room", "knowledge": None, "studio": {"roster": [{"name": name} for name in PEOPLE]}}
config = Config.model_validate({**load("sandbox").model_dump(), **changes})
app = App()
StudioStack(app, "Studio", config=config, account="000000000000", studio=config.studio)
app.synth()
"""


def people(*numbers: int) -> list[str]:
    """Return the names of people."""
    return [f"person-{number:02}" for number in numbers]


@dataclass(frozen=True)
class Room:
    """A local AWS to deploy Studio's stack to.

    Attributes:
        folder: for files.
        environ: environment variables with which commands work on it.
    """

    connection: Connection
    folder: Path
    environ: Mapping[str, str]

    def client(self, service: Any) -> Any:
        """Return a boto3 client, as the administrator."""
        return session(self.connection).client(service, endpoint_url=self.connection.aws_url, config=ONE_ATTEMPT)

    def control(self, method: str, name: str, document: Any = None) -> Any:
        """Ask the sandbox's control of Studio, as ``PUT script``."""
        body = None if document is None else json.dumps(document).encode()
        asked = urllib.request.Request(f"{self.connection.aws_url}/_sandbox/studio/{name}", data=body, method=method)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    def deploy(self, names: Sequence[str]) -> None:
        """Deploy the stack for these people."""
        (self.folder / "app.py").write_text(_APP.replace("PEOPLE", repr(list(names))), encoding="utf-8")
        app = ("--app", f"{sys.executable} {self.folder / 'app.py'}", "--output", str(self.folder / "cdk.out"))
        self._run("cdk", "deploy", *app, "--require-approval", "never", "--no-notices")

    def destroy(self) -> str:
        """Delete the stack and return the state that it ends in."""
        cloudformation = self.client("cloudformation")
        (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        cloudformation.delete_stack(StackName=STACK)
        deadline = time.monotonic() + PATIENCE
        while True:
            # By its id: by its name it is not there any more when it is gone.
            (now,) = cloudformation.describe_stacks(StackName=stack["StackId"])["Stacks"]
            if now["StackStatus"] in ("DELETE_COMPLETE", "DELETE_FAILED"):
                return str(now["StackStatus"])
            assert time.monotonic() < deadline, now
            time.sleep(0.2)

    def resources(self, kind: str) -> list[str]:
        """Return the physical ids of the stack's resources of a type."""
        found = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        return [
            one["PhysicalResourceId"]
            for page in found
            for one in page["StackResourceSummaries"]
            if one["ResourceType"] == kind
        ]

    def function(self, part: str) -> str:
        """Return the name of the stack's function that has this in its name."""
        (found,) = (name for name in self.resources("AWS::Lambda::Function") if part in name)
        return found

    @property
    def domain(self) -> str:
        """The domain's id."""
        (found,) = self.client("sagemaker").list_domains()["Domains"]
        return str(found["DomainId"])

    def space(self, name: str, owner: str, *, sharing: str = "Private") -> None:
        """Make a space that CloudFormation does not know."""
        self.client("sagemaker").create_space(
            DomainId=self.domain,
            SpaceName=name,
            OwnershipSettings={"OwnerUserProfileName": owner},
            SpaceSharingSettings={"SharingType": sharing},
        )
        self._settle()

    def start(self, *spaces: str) -> None:
        """Start an app in each space."""
        for space in spaces:
            self.client("sagemaker").create_app(
                DomainId=self.domain, SpaceName=space, AppType="JupyterLab", AppName="default"
            )
        self._settle()

    def names(self, kind: str) -> set[str]:
        """Return the names of what there is of ``spaces`` or ``user_profiles``; or in which spaces ``apps`` are."""
        operation, members, name = {
            "apps": ("list_apps", "Apps", "SpaceName"),
            "spaces": ("list_spaces", "Spaces", "SpaceName"),
            "user_profiles": ("list_user_profiles", "UserProfiles", "UserProfileName"),
        }[kind]
        pages = self.client("sagemaker").get_paginator(operation).paginate(DomainIdEquals=self.domain)
        return {one[name] for page in pages for one in page[members] if one["Status"] != "Deleted"}

    def calls(self) -> list[tuple[str, str]]:
        """Return (operation, name) of what SageMaker was asked and did not refuse."""
        return [
            (one["operation"], one["request"].get("SpaceName") or one["request"].get("UserProfileName") or "")
            for one in self.control("GET", "calls")
            if not one["error"]
        ]

    def left(self) -> str:
        """Return what the inventory has, but for what was there before the stack."""
        self.client("ssm").delete_parameter(Name=_BASE_URL)
        return self._run("inventory", "--except", "CDKToolkit", module=True)

    def prepare(self) -> None:
        """Put there what the stack needs."""
        self._run("cdk", "bootstrap", "aws://000000000000/us-east-1", "--no-notices", cwd=self.folder)
        url = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/v1"
        self.client("ssm").put_parameter(Name=_BASE_URL, Value=url, Type="String", Overwrite=True)
        self.control("PUT", "quotas", _QUOTAS)

    def _settle(self) -> None:
        self.control("POST", "clock", {"advance_seconds": 1})

    def _run(self, *command: str, module: bool = False, cwd: Path = PROJECT) -> str:
        """Run a command on this AWS, or one of the sandbox's own."""
        before = (sys.executable, "-m", "sandbox", *(() if module else ("exec", "--")))
        done = subprocess.run(
            (*before, *command),
            cwd=cwd,
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Room]:
    """A local AWS without a stack of ours."""
    with running(folder / "sandbox") as (_, record):
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POWERTOOLS_"))},
            "PATH": os.pathsep.join(
                [str(Path(sys.executable).parent), str(PROJECT / "node_modules/.bin"), os.environ["PATH"]]
            ),
            "PYTHONPATH": str(PROJECT),
            "SANDBOX_STATE": str(folder / "sandbox"),
        }
        room = Room(record.connection, folder, environ)
        room.prepare()
        yield room
