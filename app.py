"""The CDK app, run by the CDK CLI: environment file -> Config -> stacks -> checks."""

import os
import sys
from pathlib import Path

from aws_cdk import App

from configuration import prompts as prompt_files
from configuration import synthesis
from configuration.environment_file import ConfigError, load
from stacks.components.checks import add_checks
from stacks.platform import Platform


def main() -> int:
    """Synthesise the environment that the CLI's context names; exit code 2 if its file cannot be used."""
    app = App()
    try:
        config = load(app.node.try_get_context("environment"))
        prompts = prompt_files.load(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    synthesis.forget(Path(app.outdir))
    Platform(app, config=config, account=os.environ.get("CDK_DEFAULT_ACCOUNT"), prompts=prompts)
    add_checks(app)
    synthesis.record(Path(app.synth().directory), config.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
