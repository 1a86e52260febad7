"""`.ci/run` over a `make` that says what the test wants: when the gate opens, and what it ends with."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from configuration.environment_file import PROJECT

TESTED = "....\nlongest: tests/warnings/test_a.py 2 s\n============ 4 passed in 2.12s ============"
LINTED = "All checks passed!\ntests/test_warnings.py is formatted\nno-warning-here.py too"


def gate(folder: Path, **says: str) -> subprocess.CompletedProcess[str]:
    """Run it where `make TARGET` prints what is given for the target, and fails if that begins with FAIL."""
    (folder / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci" / "run", folder / ".ci" / "run")
    lines = ["#!/bin/sh", 'echo "$@" >> asked', 'case "$1" in']
    for target, text in {
        "install-all": "warning: old pip",
        "lint": LINTED,
        "test-model": TESTED,
        "test-deployments": TESTED,
        "test-studio": TESTED,
        "test-teardown": TESTED,
        "test-tuning": TESTED,
        "test-expiry": TESTED,
        "test-clients": TESTED,
        "test-playground": TESTED,
        "test-fuzz": TESTED,
        "test": TESTED,
        **says,
    }.items():
        (folder / target).write_text(text + "\n", encoding="utf-8")
        lines.append(f"{target}) cat {target} >&2; exit {int(text.startswith('FAIL'))};;")
    make = folder / "bin" / "make"
    make.parent.mkdir()
    make.write_text("\n".join([*lines, "esac"]), encoding="utf-8")
    make.chmod(0o755)
    environ = {"PATH": f"{make.parent}:{os.environ['PATH']}", "TMPDIR": str(folder)}
    command = ["bash", str(folder / ".ci" / "run")]
    return subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def test_it_lints_and_tests_with_coverage_and_ends_with_pytests_line(tmp_path: Path) -> None:
    ran = gate(tmp_path)

    assert ran.returncode == 0, ran.stdout
    assert (tmp_path / "asked").read_text("utf-8").split("\n") == [
        "install-all",
        "lint",
        "test-model",
        "test-deployments",
        "test-studio",
        "test-teardown",
        "test-tuning",
        "test-expiry",
        "test-clients",
        "test-playground",
        "test-fuzz",
        "test ARGS=--cov",
        "",
    ]
    assert ran.stdout.splitlines()[-1] == TESTED.splitlines()[-1]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("install-all", "FAIL"),
        ("lint", "FAIL"),
        ("lint", "pyproject.toml: [mypy]: Warning: unused section(s)"),
        ("lint", "warning: `x` is deprecated"),
        ("lint", "[WARNING] aws-cdk-lib.x is deprecated"),
        ("lint", "UserWarning: x"),
        ("test-model", "FAIL"),
        ("test-model", "==== 4 passed, 1 warning in 2.12s ===="),
        ("test-deployments", "FAIL"),
        ("test-deployments", "==== 4 passed, 1 warning in 2.12s ===="),
        ("test-studio", "FAIL"),
        ("test-studio", "==== 4 passed, 1 warning in 2.12s ===="),
        ("test-teardown", "FAIL"),
        ("test-teardown", "==== 4 passed, 1 warning in 2.12s ===="),
        ("test-expiry", "FAIL"),
        ("test-expiry", "==== 4 passed, 1 warning in 2.12s ===="),
        ("test-fuzz", "FAIL"),
        ("test-fuzz", "==== 4 passed, 1 warning in 2.12s ===="),
        ("test", "FAIL under=90\n==== 4 passed in 2.12s ===="),
        ("test", "==== 4 passed, 1 warning in 2.12s ===="),
        ("test", "CoverageWarning: No data was collected"),
    ],
)
def test_what_fails_or_warns_ends_it(tmp_path: Path, target: str, says: str) -> None:
    ran = gate(tmp_path, **{target: says})

    assert ran.returncode == 1
    assert "=== FAILED" in ran.stdout
    assert "=== passed" not in ran.stdout
    assert (tmp_path / "asked").read_text("utf-8").splitlines()[-1].startswith(target)
