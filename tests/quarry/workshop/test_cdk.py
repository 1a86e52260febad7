"""What the CDK CLI is asked to do."""

from pathlib import Path

import pytest

from configuration.config import Config
from quarry.deployed.deployment import Deployment
from quarry.workshop import cdk


def test_one_stack_is_destroyed_by_the_id_that_the_cli_knows_it_by(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    program = tmp_path / "cdk"
    program.write_text(f'#!/bin/sh\necho "$@" > {said}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    cdk.destroy(Deployment(config))

    # Not by its name in CloudFormation: the CLI finds no stack by that.
    assert said.read_text(encoding="utf-8").startswith("destroy Studio --exclusively --force --context environment=dev")
