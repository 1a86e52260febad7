"""Suites that others wrote, with clients that others wrote, against the deployed platform: as they are, pinned."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from configuration.environment_file import PROJECT
from tests.sandbox.platform.conftest import Platform

pytestmark = pytest.mark.clients

INSTALLED = PROJECT / ".cache" / "clients"
HERE = Path(__file__).parent
# Of LangChain's tests: those of images at an address, which are not fetched here (remote_image). And one of its second
# format of messages, whose pieces of a streamed call it does not put together by itself.
NOT_HERE = ("image_inputs", "test_tool_calling[model1]")


def run(folder: Path, platform: Platform, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the suites' packages, away from the project's own settings of pytest and Hypothesis."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "HYPOTHESIS_"))},
        "PYTHONPATH": os.pathsep.join([str(INSTALLED), str(PROJECT)]),
        "OPENAI_BASE_URL": platform.base_url,
        "OPENAI_API_KEY": platform.api_key,
        "MODEL": "fast",
        "COLUMNS": "200",
    }
    return subprocess.run(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


@pytest.mark.parametrize("use_responses_api", ["false", "true"])
def test_langchains_standard_tests_pass(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use_responses_api: str
) -> None:
    monkeypatch.setenv("USE_RESPONSES_API", use_responses_api)
    # One event loop for all: clients keep connections from test to test.
    scopes = [f"asyncio_default_{what}_loop_scope = session" for what in ("fixture", "test")]
    (tmp_path / "pytest.ini").write_text("\n".join(["[pytest]", *scopes]), encoding="utf-8")
    suite = HERE / "langchain_suite.py"
    left_out = [f"--deselect={suite.name}::TestQuarry::{name}" for name in NOT_HERE if name.startswith("test_")]

    ran = run(
        tmp_path,
        platform,
        *(sys.executable, "-m", "pytest", "-q", "-c", str(tmp_path / "pytest.ini"), f"--rootdir={HERE}"),
        *("--noconftest", "-p", "no:cacheprovider", "-p", "no:langsmith_plugin", "--asyncio-mode=auto"),
        *("-k", f"not {NOT_HERE[0]}", *left_out, str(suite)),
    )

    assert ran.returncode == 0, ran.stdout[-20_000:]
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed is not None
    assert int(passed[1]) >= 35


def test_schemathesis_finds_nothing(platform: Platform, tmp_path: Path) -> None:
    address = platform.base_url.removesuffix("/v1")

    ran = run(
        tmp_path,
        platform,
        *(
            sys.executable,
            str(INSTALLED / "bin" / "schemathesis"),
            f"--config-file={HERE / 'schemathesis.toml'}",
            "run",
        ),
        *(f"{address}/openapi.json", f"--url={address}", f"--header=Authorization: Bearer {platform.api_key}"),
        *("--phases=examples,coverage,fuzzing", "--max-examples=8", "--seed=1", "--no-color"),
    )

    assert ran.returncode == 0, ran.stdout[-20_000:]
    assert "Tested: " in ran.stdout
