"""Studio's stack on a sandbox without the rest of the platform: quick to deploy, for people who leave things in it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.sandbox.servers import running
from tests.sandbox.studio_deployment.room import ENVIRONMENT, STACK, Room
from tests.waiting import PATIENCE

_BASE_URL: Final = f"/quarry/{ENVIRONMENT}/base-url"
# Without the checks, which take a second per participant and have their tests.
_APP: Final = f"""\
from aws_cdk import App
from configuration.environment_file import load
from stacks.studio.stack import StudioStack

config = load("{ENVIRONMENT}")
app = App()
StudioStack(app, "Studio", config=config, account="000000000000", studio=config.studio)
app.synth()
"""


class StackAlone(Room):
    """The stack, in which people do what CloudFormation does not know of."""

    def prepare(self) -> None:
        """Put there what the stack needs, and let the account have as many people as a class."""
        self.bootstrap()
        url = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/v1"
        self.client("ssm").put_parameter(Name=_BASE_URL, Value=url, Type="String")
        self.raise_quotas(100)
        (self._project / "alone.py").write_text(_APP, encoding="utf-8")

    def deploy(self, names: Sequence[str]) -> None:
        """Deploy the stack for these people."""
        self.invite(names)
        app = ("--app", "python alone.py", "--output", "alone.out")
        self.run("cdk", "deploy", *app, "--require-approval", "never", "--no-notices")

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

    def left(self) -> list[str]:
        """Return what there is in the account besides what was there before the stack."""
        self.client("ssm").delete_parameter(Name=_BASE_URL)
        return self.inventory()

    def only(self, kind: str, part: str = "") -> str:
        """Return the physical id of the stack's one resource of a type that has this in it."""
        (found,) = (
            one["PhysicalResourceId"]
            for one in self.resources().values()
            if one["ResourceType"] == kind and part in one["PhysicalResourceId"]
        )
        return str(found)

    @property
    def domain(self) -> str:
        """The domain's id."""
        return self.only("AWS::SageMaker::Domain")

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
        domain_id = self.domain
        for space in spaces:
            self.client("sagemaker").create_app(
                DomainId=domain_id, SpaceName=space, AppType="JupyterLab", AppName="default"
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

    def _settle(self) -> None:
        self.control("POST", "clock", {"advance_seconds": 1})


@contextmanager
def stack_alone(folder: Path) -> Iterator[StackAlone]:
    """A sandbox to deploy the stack to."""
    with running(folder / "sandbox") as (state, record):
        alone = StackAlone(folder, state, record)
        alone.prepare()
        yield alone
