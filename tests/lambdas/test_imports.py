"""Importing a function needs nothing: no environment, no credentials, no network, and nothing of the CDK."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import lambdas

# What both functions import when somebody asks for it.
LATE = (
    "lambdas.api.dialects.messages",
    "lambdas.api.dialects.responses",
    "lambdas.api.openapi",
    "lambdas.api.routes",
    "lambdas.embeddings",
    "lambdas.exchange.response",
    "lambdas.knowledge",
    "lambdas.model_access.listing",
    "lambdas.prompts",
    "lambdas.sessions.responses",
)
# Of these, the types of what they are told.
TOLD = {"lambdas.knowledge", "lambdas.knowledge.fields", "lambdas.knowledge.settings"}
FRAMEWORKS = ("aws_lambda_powertools.event_handler", "starlette")
PROJECT = Path(lambdas.__file__).parents[1]
HANDLERS = sorted(
    ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    for path in (PROJECT / "lambdas").rglob("*.py")
    if "\ndef lambda_handler(" in path.read_text(encoding="utf-8") or path.name == "handler.py"
)


# Of functions that are told nothing but text.
SETTINGS = {
    "lambdas.authorizer.handler": "lambdas.authorizer.settings.AuthorizerSettings",
    "lambdas.allowances.handler": "lambdas.allowances.settings.SweeperSettings",
    "lambdas.ingestion.starter": "lambdas.ingestion.settings.StarterSettings",
    "lambdas.ingestion.recorder": "lambdas.ingestion.settings.RecorderSettings",
}
# Imports what all functions stand on, once, and each of them in a process that begins from there.
_IMPORTS = """
import dataclasses, importlib, json, os, sys, traceback
import lambdas.common.aws, lambdas.common.observability

for module, settings in json.loads(sys.argv[1]):
    if os.fork():
        os.wait()
        continue
    error = None
    try:
        importlib.import_module(module)
        if settings:
            name, _, told = settings.rpartition(".")
            told = getattr(sys.modules[name], told)
            told.from_env({field.name.upper(): "x" for field in dataclasses.fields(told)})
    except BaseException:
        error = traceback.format_exc()
    print(json.dumps([module, error, list(sys.modules)]), flush=True)
    os._exit(0)
"""


@cache
def _imported() -> dict[str, tuple[str | None, list[str]]]:
    """Import each function in an empty environment, and make its settings if it is in `SETTINGS`.

    Returns:
        Module -> (traceback, names of all modules that are loaded then).
    """
    asked = json.dumps([(module, SETTINGS.get(module)) for module in [*HANDLERS, "lambdas.api.app"]])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _IMPORTS, asked],
        cwd=PROJECT,
        env={"POWERTOOLS_SERVICE_NAME": "x"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return {module: (error, loaded) for module, error, loaded in map(json.loads, done.stdout.splitlines())}


def loaded_with(module: str) -> set[str]:
    error, loaded = _imported()[module]
    assert error is None, error
    return set(loaded)


@pytest.mark.parametrize("module", HANDLERS)
def test_a_handler_imports_in_an_empty_environment(module: str) -> None:
    loaded = loaded_with(module)

    assert module in loaded
    assert not [name for name in loaded if name.startswith(("aws_cdk", "boto3", "yaml"))]


@pytest.mark.parametrize("module", ["lambdas.api.handler", "lambdas.api.app"])
def test_what_few_requests_need_costs_no_cold_start(module: str) -> None:
    loaded = loaded_with(module)

    assert "lambdas.api.operations" in loaded
    assert {name for name in loaded if name.startswith(LATE)} == TOLD


@pytest.mark.parametrize("module", ["lambdas.api.operations", "lambdas.api.openapi.document", "docs.reference"])
def test_the_table_of_operations_needs_no_framework(module: str) -> None:
    code = f"import sys, {module}; sys.exit(any(name in sys.modules for name in {(*FRAMEWORKS, 'botocore')}))"

    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


@pytest.mark.parametrize("handler", SETTINGS)
def test_functions_that_are_told_nothing_but_text_start_without_msgspec(handler: str) -> None:
    assert "msgspec" not in loaded_with(handler)


def test_no_module_knows_both_frameworks() -> None:
    for path in (PROJECT / "lambdas" / "api").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not all(f"from {framework}" in text for framework in FRAMEWORKS), path


def test_there_are_handlers_to_import() -> None:
    assert {"lambdas.api.handler", *SETTINGS} <= set(HANDLERS)
