"""What `make` would do, by what it says that it would."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from configuration.environment_file import PROJECT

NEEDED = (
    "requirements.txt",
    "requirements-dev.txt",
    "constraints.txt",
    "lambdas/requirements.txt",
    "lambdas/tuning/requirements.txt",
    "pyproject.toml",
    "package-lock.json",
)


def made(*words: str) -> str:
    """Return what `make` prints. Whoever runs the tests may be make itself, which tells makes below it things."""
    inherited = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "STUDIO"}
    return subprocess.run(
        ["make", *words], cwd=PROJECT, env=inherited, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("studio", ["", "0", "no", "false", "off"])
def test_notebooks_that_are_switched_off_are_off(studio: str) -> None:
    would = made("--dry-run", "up", f"STUDIO={studio}")

    assert "--context environment=sandbox " in would
    assert "--studio" not in would
    assert "cache/studio" not in would


@pytest.mark.parametrize("studio", ["1", "yes"])
def test_notebooks_that_are_switched_on_are_on(studio: str) -> None:
    would = made("--dry-run", "up", f"STUDIO={studio}")

    assert "--context environment=sandbox-studio " in would
    assert "sandbox up --studio" in would


def test_tuning_is_another_environment_and_not_studios() -> None:
    assert "--context environment=sandbox-tuning " in made("--dry-run", "up", "TUNING=1")
    assert "--context environment=sandbox " in made("--dry-run", "up", "TUNING=0")


def test_studio_and_tuning_at_once_are_refused(tmp_path: Path) -> None:
    installed = ("-o", ".venv/installed", "-o", ".cache/studio/installed", "-o", ".cache/model/installed")

    run = run_with(tmp_path, {"sandbox": 'echo "$@"'}, *installed, "up", "SANDBOX=sandbox", "STUDIO=1", "TUNING=1")

    assert (run.returncode, run.stdout) == (2, "STUDIO=1 and TUNING=1 are two environments: take one.\n")


def test_help_shows_every_target_in_columns() -> None:
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in made("help").splitlines()]
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert {line.split()[0] for line in lines} == set(phony.split())
    column = {re.search(r"^  \S+ +", line) for line in lines}
    assert {match.end() for match in column if match} == {max(map(len, phony.split())) + 3}


def run_with(tmp_path: Path, commands: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run `make` in a folder of its own, with these commands (name -> shell script) in place of what it calls."""
    for name in ("Makefile", "environments/sandbox.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    commands_folder = tmp_path / ".venv" / "bin"
    commands_folder.mkdir(parents=True)
    for name, script in commands.items():
        (commands_folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (commands_folder / name).chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "STUDIO"}
    return subprocess.run(["make", *words], cwd=tmp_path, env=inherited, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("exit_code", "ended"), [(0, 0), (1, 0), (2, 2)])
def test_a_document_that_failed_does_not_fail_what_can_be_asked(tmp_path: Path, exit_code: int, ended: int) -> None:
    sandbox = f'echo "$@"; case "$*" in *"knowledge sync"*) exit {exit_code};; esac'

    run = run_with(tmp_path, {"sandbox": sandbox}, "-o", ".venv/installed", "up", "SANDBOX=sandbox")

    assert run.returncode == ended, run.stderr
    assert ("Not every document is in" in run.stdout) == (exit_code == 1)
    assert ("knowledge ask" in run.stdout) == (ended == 0)


@pytest.mark.parametrize(
    ("fails", "said"), [("python", "pip could not install"), ("npm", "npm could not install what package-lock.json")]
)
def test_what_could_not_be_installed_is_told_with_why(tmp_path: Path, fails: str, said: str) -> None:
    scripts = dict.fromkeys(("python", "npm"), "exit 0") | {fails: "echo ENOTFOUND >&2; exit 1"}

    run = run_with(tmp_path, scripts, "install")

    assert run.returncode == 2
    assert said in run.stdout
    assert "ENOTFOUND" in run.stderr


def test_a_deployment_says_its_price_first() -> None:
    priced, deployed = made("--dry-run", "deploy", "ENVIRONMENT=workshop").strip().splitlines()[-2:]

    assert priced == "quarry cost --environment workshop --brief"
    assert deployed == "cdk deploy --all --context environment=workshop"


def test_node_takes_what_it_is_started_with_for_the_cdks_library() -> None:
    run = subprocess.run([PROJECT / ".ci" / "node", "--print", "'works'"], capture_output=True, text=True, check=False)

    assert (run.stdout, run.stderr) == ("works\n", "")
