"""One deployment by `make up`, one headless Chromium, and for each test a tab of its own that has the key.

What a page writes to the console as an error, throws, or asks another host for fails the test.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from configuration.environment_file import PROJECT
from tests.chromium import find
from tests.sandbox.platform.conftest import Platform, model, platform
from tests.waiting import PATIENCE

__all__ = ["model", "platform"]

BROWSER = PROJECT / ".cache" / "browser"
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"


@dataclass
class Tab:
    """A tab with the playground.

    Attributes:
        page: Playwright's.
        root: the page's address.
        errors: what went wrong in it, beside refusals by the endpoint.
        asked: every address that it asked for.
    """

    page: Any
    root: str
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def view(self, name: str) -> None:
        """Look at a view."""
        self.page.get_by_role("link", name=name, exact=True).click()
        self.stands(name)

    def stands(self, name: str) -> Any:
        """Return what has the view, once it is there: its module is loaded when it is looked at."""
        # Not by a function that is waited for: the page's policy lets no text be evaluated.
        view = self.page.locator(f'main[aria-busy="false"][data-view="{name.lower()}"]')
        view.wait_for()
        return view

    def open_all(self) -> None:
        """Open every part of the chat that can be, once the alias is known, whose model decides which there are."""
        self.page.get_by_role("combobox", name="Alias").locator("option").first.wait_for(state="attached")
        closed = self.page.locator("details:not([open]) > summary")
        while closed.count():
            closed.first.click()

    def say(self, text: str) -> None:
        """Send a message in the chat."""
        self.page.get_by_role("textbox", name="Message", exact=True).fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()

    def answer(self, number: int = 0) -> Any:
        """Return the answer of that number, once it is over."""
        turn = self.page.locator(".turn").nth(number)
        turn.locator(".figures").last.wait_for()
        return turn.locator(".answer")

    def figures(self, number: int = 0) -> dict[str, str]:
        """Return what stands under an answer, name -> words, once it is over."""
        rows = self.answer(number).locator(":scope > .figures > div")
        pairs = rows.evaluate_all(
            "rows => rows.map(row => [row.querySelector('dt').textContent, row.querySelector('dd').textContent])"
        )
        return {str(name): str(value) for name, value in pairs}


def expect(found: Any) -> Any:
    """Playwright's assertions of a locator, which wait until they hold."""
    from playwright.sync_api import expect as waiting  # type: ignore[import-not-found]

    return waiting(found, "looked at for as long as anything is waited for")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium by Playwright, which is installed in a folder of its own; without a browser the test fails."""
    chromium = find(BROWSER)
    sys.path.append(str(BROWSER / "python"))
    try:
        # Not of this environment: a folder of its own has it.
        from playwright.sync_api import expect as waiting
        from playwright.sync_api import sync_playwright

        waiting.set_options(timeout=PATIENCE * 1000)
        with sync_playwright() as playwright:
            launched = playwright.chromium.launch(
                executable_path=str(chromium.program),
                # As root, as CI runs, Chromium has no sandbox; nor does it have room in a container's shared memory.
                args=["--no-sandbox", "--disable-dev-shm-usage"],
                env={**os.environ, **chromium.environ, "HOME": str(tmp_path_factory.mktemp("browser"))},
            )
            yield launched
            launched.close()
    finally:
        sys.path.remove(str(BROWSER / "python"))


@pytest.fixture
def tab(browser: Any, platform: Platform, request: pytest.FixtureRequest) -> Iterator[Tab]:
    """A tab that came by a hand-out's link. The marker ``context`` gives options of Playwright's context."""
    marker = request.node.get_closest_marker("context")
    context = browser.new_context(**{"locale": "en-GB", **(marker.kwargs if marker else {})})
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    opened = Tab(page, platform.base_url.removesuffix("v1"))

    def logged(message: Any) -> None:
        # Chromium logs each answer that is no 2xx; what the endpoint refuses is the test's own matter.
        if message.type == "error" and "Failed to load resource" not in message.text:
            opened.errors.append(message.text)

    page.on("console", logged)
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.on("request", lambda asked: opened.asked.append(asked.url))
    page.goto(f"{opened.root}#key={platform.api_key}")
    page.get_by_role("textbox", name="Message", exact=True).wait_for()
    yield opened
    assert opened.errors == []
    assert [url for url in opened.asked if not url.startswith((opened.root, "data:"))] == []
    context.close()
