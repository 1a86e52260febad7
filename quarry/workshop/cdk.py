"""Deploying and destroying the Studio stack with the CDK CLI, or saying the command where there is none."""

import os
import shutil
import subprocess
from typing import Final

from configuration.environment_file import PROJECT
from configuration.studio.names import STACK_ID
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment

_PROGRAM: Final = "cdk"


def deploy(deployment: Deployment) -> None:
    """Deploy the environment's stacks: the Studio stack and what it stands on.

    Raises:
        CommandError: there is no CDK CLI, and what to run; or the deployment failed.
    """
    _run(deployment, ["deploy", "--all", "--require-approval", "never"])


def destroy(deployment: Deployment) -> None:
    """Destroy the Studio stack and no other.

    Raises:
        CommandError: as ``deploy``.
    """
    _run(deployment, ["destroy", STACK_ID, "--exclusively", "--force"])


def _run(deployment: Deployment, arguments: list[str]) -> None:
    arguments = [*arguments, "--context", f"environment={deployment.config.name}", "--no-notices"]
    said = " ".join([_PROGRAM, *arguments])
    # The second: where `make install` puts it, which need not be on the PATH.
    program = shutil.which(_PROGRAM) or shutil.which(_PROGRAM, path=str(PROJECT / "node_modules" / ".bin"))
    if program is None:
        raise CommandError(f"There is no CDK CLI here (`make install` brings one). Run `{said}`, then this again.")
    environ = dict(os.environ)
    if deployment.aws:
        environ |= {
            "AWS_ENDPOINT_URL": deployment.aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": deployment.aws.access_key_id,
            "AWS_SECRET_ACCESS_KEY": deployment.aws.secret_access_key,
        }
    code = subprocess.run([program, *arguments], cwd=PROJECT, env=environ, stdout=2, check=False).returncode  # noqa: S603  # our own arguments
    if code:
        raise CommandError(f"`{said}` failed with exit code {code}; its reason is above. Once mended, run this again.")
