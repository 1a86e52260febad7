"""Importing a function needs nothing: no environment, no credentials, no network, and nothing of the CDK."""

import subprocess
import sys
from pathlib import Path

import pytest

import lambdas

PROJECT = Path(lambdas.__file__).parents[1]
HANDLERS = sorted(
    ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    for path in (PROJECT / "lambdas").rglob("*.py")
    if "\ndef lambda_handler(" in path.read_text(encoding="utf-8") or path.name == "handler.py"
)


@pytest.mark.parametrize("module", HANDLERS)
def test_a_handler_imports_in_an_empty_environment(module: str) -> None:
    code = f"import sys, {module}; sys.exit(any(name.startswith(('aws_cdk', 'boto3', 'yaml')) for name in sys.modules))"

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=PROJECT,
        env={"POWERTOOLS_SERVICE_NAME": "x"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["lambdas.api.handler", "lambdas.api.app"])
def test_asking_the_documents_costs_no_cold_start(module: str) -> None:
    code = f"import sys, {module}; sys.exit(any(name.startswith('lambdas.knowledge') for name in sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


def test_there_are_handlers_to_import() -> None:
    assert {"lambdas.api.handler", "lambdas.ingestion.starter"} <= set(HANDLERS)
