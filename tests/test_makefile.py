"""What `make` would do, by what it says that it would."""

import os
import re
import subprocess

import pytest

from configuration.environment_file import PROJECT


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


def test_help_shows_every_target_in_columns() -> None:
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in made("help").splitlines()]
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert {line.split()[0] for line in lines} == set(phony.split())
    column = {re.search(r"^  \S+ +", line) for line in lines}
    assert {match.end() for match in column if match} == {max(map(len, phony.split())) + 3}
