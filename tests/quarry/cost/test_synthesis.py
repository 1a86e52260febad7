"""Templates for the command line: those that are there, or made by the app in a process of its own."""

import json
from pathlib import Path

import pytest

from configuration import synthesis as records
from configuration.config import Config
from quarry.command_error import CommandError
from quarry.cost import synthesis

# What the CDK's own app does, as far as the command line sees it.
APP = """
import json, os, sys
from pathlib import Path

outdir = Path(os.environ["CDK_OUTDIR"])
context = json.loads(os.environ["CDK_CONTEXT_JSON"])
foreign = sorted(name for name in os.environ if name.startswith(("AWS_", "CDK_DEFAULT")))
template = {"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"Seen": foreign, "Context": context}}}}
(outdir / "Knowledge.template.json").write_text(json.dumps(template))
stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Knowledge.template.json"}}
assets = {"type": "cdk:asset-manifest", "properties": {"file": "Knowledge.assets.json"}}
manifest = {"artifacts": {"Knowledge": stack, "Knowledge.assets": assets}}
(outdir / "manifest.json").write_text(json.dumps(manifest))
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cdk.json").write_text('{"context": {"a-flag": true}}')
    monkeypatch.setattr(synthesis, "PROJECT", tmp_path)
    monkeypatch.delenv("CDK_OUTPUT", raising=False)
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "123456789012")
    return tmp_path


def test_the_app_is_run_where_nothing_is_there(project: Path, dev: Config) -> None:
    said: list[str] = []

    (template,) = synthesis.templates(dev, tell=said.append)

    assert (said, template.stack, template.region) == (["Synthesising dev ..."], "knowledge", "us-east-1")
    (key,) = template.resources()
    assert key.type_name == "AWS::KMS::Key"
    assert dict(key.properties["Context"]) == {"a-flag": True, "environment": "dev", "aws:cdk:bundling-stacks": []}


def test_the_app_gets_neither_credentials_nor_an_account(project: Path, dev: Config) -> None:
    (template,) = synthesis.templates(dev, tell=lambda _: None)

    assert next(template.resources()).properties["Seen"] == []


@pytest.mark.parametrize("folder", ["cdk.out", ".cache/cost/dev"])
def test_what_is_current_is_not_made_again(folder: str, project: Path, dev: Config) -> None:
    there = project / folder
    there.mkdir(parents=True)
    (there / "manifest.json").write_text('{"artifacts": {}}')
    records.record(there, "dev", project=project)
    said: list[str] = []

    assert synthesis.templates(dev, tell=said.append) == []
    assert said == []


@pytest.mark.parametrize("environment", ["workshop", "dev"])
def test_what_is_of_other_inputs_is_made_again(environment: str, project: Path, dev: Config) -> None:
    (project / "cdk.out").mkdir()
    records.record(project / "cdk.out", environment, project=project)
    if environment == "dev":
        (project / "cdk.json").write_text('{"context": {}}')

    assert len(synthesis.templates(dev, tell=lambda _: None)) == 1


def test_another_folder_may_be_named(project: Path, dev: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    other = project / "elsewhere"
    other.mkdir()
    (other / "manifest.json").write_text(json.dumps({"artifacts": {}}))
    records.record(other, "dev", project=project)
    monkeypatch.setenv("CDK_OUTPUT", str(other))

    assert synthesis.templates(dev, tell=lambda _: None) == []


def test_an_app_that_fails_is_quoted(project: Path, dev: Config) -> None:
    (project / "app.py").write_text("raise SystemExit('a rule was broken')")

    with pytest.raises(CommandError) as failed:
        synthesis.templates(dev, tell=lambda _: None)

    assert str(failed.value) == "dev cannot be synthesised, so there is nothing to price:\na rule was broken"


def test_an_app_that_hangs_is_ended(project: Path, dev: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "app.py").write_text("import time; time.sleep(3600)")
    monkeypatch.setattr(synthesis, "_SECONDS", 0.05)

    with pytest.raises(CommandError, match=r"not done with dev after 0\.05 seconds"):
        synthesis.templates(dev, tell=lambda _: None)
