"""Synthesising in tests: the same app, flags and checks as the CLI's, without building the dependency layer.

``python -m tests.templates DIRECTORY`` writes every environment's templates there, for cfn-lint.
"""

import atexit
import json
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from configuration import prompts as prompt_files
from configuration.config import Config
from configuration.environment_file import PROJECT, load, names
from stacks.components.checks import add_checks
from stacks.platform import Platform
from tests.kept import kept


def new_app(outdir: str | None = None) -> App:
    """Return an app with cdk.json's flags that bundles nothing."""
    flags = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return App(context={**flags, "aws:cdk:bundling-stacks": []}, outdir=outdir or _outdir())


def _outdir() -> str:
    """Return a new folder that is gone with the process."""
    folder = tempfile.TemporaryDirectory(prefix="cdk-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return folder.name


def synthesise(config: Config, outdir: str | None = None) -> dict[str, dict[str, Any]]:
    """Synthesise all stacks with all checks and return stack id -> template."""
    app = new_app(outdir)
    # Tests vary the aliases; that a prompt without its alias is refused has tests of its own.
    prompts = [prompt for prompt in prompt_files.read() if prompt.alias in config.models.aliases]
    Platform(app, config=config, account=None, prompts=prompts)
    add_checks(app)
    return {stack.id: stack.template for stack in app.synth().stacks}


@kept
def of(config: Config) -> dict[str, dict[str, Any]]:
    """Return what ``synthesise`` does, synthesised once for all tests and runs: for tests that replace nothing."""
    return synthesise(config)


@cache
def of_environment(name: str) -> dict[str, dict[str, Any]]:
    """Return the templates of environments/<name>.yaml; synthesised once for all tests and runs."""
    return of(load(name))


def template(environment: str, stack: str) -> Template:
    """Return one template for CDK's assertions."""
    return Template.from_json(of_environment(environment)[stack])


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m tests.templates DIRECTORY")
    for environment in names():
        synthesise(load(environment), str(Path(sys.argv[1]) / environment))
