"""An environment's templates: those that are there if they are current, else made by the CDK app, which asks nobody.

The app runs as a process of its own: the command line never imports the CDK. It gets no credentials.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from configuration import synthesis
from configuration.config import Config
from configuration.environment_file import PROJECT
from quarry.command_error import CommandError
from quarry.cost.template import Template

# An app that takes longer hangs: it takes ten seconds or so.
_SECONDS: Final = 600
_SHOWN_LINES: Final = 20


def templates(config: Config, *, tell: Callable[[str], None]) -> list[Template]:
    """Return the templates of all stacks of an environment.

    Raises:
        CommandError: they cannot be made; with what the app said.
    """
    own = PROJECT / ".cache" / "cost" / config.name
    for folder in (Path(os.environ.get("CDK_OUTPUT") or PROJECT / "cdk.out"), own):
        if synthesis.is_current(folder, config.name, project=PROJECT):
            return read(folder, config)
    tell(f"Synthesising {config.name} ...")
    _synthesise(config.name, own)
    return read(own, config)


def read(folder: Path, config: Config) -> list[Template]:
    """Return the templates that a folder of the CDK's holds."""
    artifacts = json.loads((folder / "manifest.json").read_bytes())["artifacts"]
    stacks = {name: one for name, one in artifacts.items() if one["type"] == "aws:cloudformation:stack"}
    return [_template(folder, name, stack, config) for name, stack in stacks.items()]


def _template(folder: Path, name: str, stack: dict[str, Any], config: Config) -> Template:
    document = json.loads((folder / stack["properties"]["templateFile"]).read_bytes())
    return Template(name.lower(), document, config.region)


def _synthesise(environment: str, outdir: Path) -> None:
    outdir.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(PROJECT / "app.py")]
    try:
        ran = subprocess.run(  # noqa: S603  # our own app
            command,
            cwd=PROJECT,
            env=_environ(environment, outdir),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"The CDK app was not done with {environment} after {_SECONDS} seconds.") from error
    if ran.returncode:
        said = "\n".join((ran.stdout + ran.stderr).strip().splitlines()[-_SHOWN_LINES:])
        raise CommandError(f"{environment} cannot be synthesised, so there is nothing to price:\n{said}")


def _environ(environment: str, outdir: Path) -> dict[str, str]:
    flags = json.loads((PROJECT / "cdk.json").read_bytes())["context"]
    # Nothing is built: what a function weighs is not what it costs.
    context = {**flags, "environment": environment, "aws:cdk:bundling-stacks": []}
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("AWS_", "CDK_"))}
    cache = PROJECT / ".cache"
    return {
        # Where the Makefile has them, if it is not make that runs this.
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache / "jsii"),
        "JSII_NODE": str(PROJECT / ".ci" / "node"),
        **kept,
        "CDK_HOME": os.environ.get("CDK_HOME") or str(cache / "cdk"),
        # Node comes with this Python's own environment.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PYTHONUTF8": "1",
        "CDK_OUTDIR": str(outdir),
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
