"""One deployment with `make up STUDIO=1`, and a page of a headless Chromium."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from configuration.environment_file import PROJECT
from tests.chromium import find
from tests.sandbox.platform.conftest import Platform, deployed
from tests.waiting import PATIENCE

BROWSER = PROJECT / ".cache" / "browser"


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with deployed(tmp_path_factory.mktemp("studio"), "STUDIO=1", environment="sandbox-studio") as found:
        yield found


@pytest.fixture
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page in Playwright, which is installed in a folder of its own; without a browser the test fails."""
    chromium = find(BROWSER)
    sys.path.append(str(BROWSER / "python"))
    try:
        # Not of this environment: a folder of its own has it.
        from playwright.sync_api import sync_playwright  # type: ignore[import-not-found]

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=str(chromium.program),
                # As root, as CI runs, Chromium has no sandbox; nor does it have room in a container's shared memory.
                args=["--no-sandbox", "--disable-dev-shm-usage"],
                env={**os.environ, **chromium.environ, "HOME": str(tmp_path_factory.mktemp("browser"))},
            )
            opened = browser.new_page()
            opened.set_default_timeout(PATIENCE * 1000)
            yield opened
            browser.close()
    finally:
        sys.path.remove(str(BROWSER / "python"))
