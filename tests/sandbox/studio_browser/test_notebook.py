"""A participant's notebook, from the address that `make up STUDIO=1` prints: fetched, keyed, answered, culled."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.platform.conftest import Platform

pytestmark = pytest.mark.studio


def cell(page: Any, words: str) -> Any:
    return page.locator(".jp-Notebook .jp-CodeCell", has_text=words).first


def run(page: Any, words: str) -> str:
    """Run the cell in which some words are, as a participant does, and return what it shows."""
    chosen = cell(page, words)
    chosen.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    shown = chosen.locator(".jp-OutputArea-output").first
    shown.wait_for()
    return str(shown.inner_text())


def test_a_notebook_is_there_has_a_key_answers_and_will_be_culled(
    platform: Platform, page: Any, tmp_path: Path
) -> None:
    printed = re.search(r"^notebook participant-01: (\S+)/lab\?(token=\w+)$", platform.printed, re.MULTILINE)
    assert printed is not None, platform.printed
    secret = platform.client("secretsmanager").get_secret_value(
        SecretId="quarry/sandbox-studio/participants/participant-01"
    )
    key = json.loads(secret["SecretString"])["api_key"]

    page.goto(f"{printed[1]}/lab/tree/notebooks/01-zero-shot.ipynb?{printed[2]}")
    try:
        page.get_by_text("02-few-shot.ipynb").first.wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        connected = run(page, "endpoint.connect()")
        answered = run(page, "Which gas do plants give off in daylight")
    except Exception:
        page.screenshot(path=tmp_path / "page.png")
        raise

    assert f"Connected to {platform.base_url}. `fast` is answered by amazon.nova-micro" in connected
    assert "Which gas do plants give off" in answered
    assert "Error" not in answered
    (space,) = Path(platform.environ["SANDBOX_STATE"]).glob("tmp/studio/*/participant-01")
    log = (space / "app.log").read_text("utf-8")
    assert "quarry: notebooks: " in log
    assert "FAILED" not in log
    # Said by Jupyter's server itself, when it started its first kernel.
    assert "Culling kernels with idle durations > 3600 seconds" in log
    assert "Culling kernels even with connected clients" in log
    assert key.startswith("qk-")
    holders = [path for path in space.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    assert holders == []
