"""How the page is for everybody: screen readers, keyboards, phones, dark and light, right to left; and how light."""

import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from configuration.environment_file import PROJECT
from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.sandbox.playground.conftest import AXE, Tab, expect
from tests.waiting import PATIENCE

pytestmark = pytest.mark.playground

VIEWS = ("Chat", "Compare", "Documents", "Usage", "Code", "History", "Key")
PICTURES = PROJECT / "docs" / "images"
FIRST_PAINT_BYTES = 100_000


def serious(tab: Tab) -> list[str]:
    """Return what axe finds, "serious" and worse, of what is shown."""
    if not tab.page.evaluate("'axe' in window"):
        # As the debugger does: the page's own policy lets no script in.
        tab.page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = tab.page.evaluate(
        """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
          .filter((one) => ["serious", "critical"].includes(one.impact))
          .map((one) => one.id + ": " + one.nodes.map((node) => node.html + node.failureSummary).join(" | "))"""
    )
    return found


def used(tab: Tab, model: ModelScript) -> None:
    """Use what is there, so that there is something to look at."""
    text = (
        "A quarry is a place where stone is cut.\n\n| stone | use |\n| --- | --- |\n| slate | roofs |\n\n```sh\nls\n```"
    )
    model.answer(text, contains="What is a quarry?")
    tab.say("What is a quarry?")
    tab.answer()
    tab.open_all()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(tab: Tab, model: ModelScript, scheme: str) -> None:
    tab.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    used(tab, model)
    found = {"Chat": serious(tab)}
    tab.view("Compare")
    tab.page.get_by_label("Message to all").fill("What is a quarry?")
    tab.page.get_by_role("button", name="Ask all").click()
    tab.page.get_by_role("heading", name="What they took").wait_for()
    found["Compare"] = serious(tab)
    tab.view("Documents")
    tab.page.get_by_label("Question").fill("How many days ahead does the travel desk want a flight booked?")
    tab.page.get_by_role("button", name="add a filter").click()
    tab.page.get_by_role("textbox", name="Value").fill("Finance")
    tab.page.get_by_role("button", name="Ask", exact=True).click()
    tab.page.get_by_role("button", name="Passage 1").first.click()
    found["Documents"] = serious(tab)
    for view in VIEWS[3:]:
        tab.view(view)
        tab.page.get_by_role("heading", name=view, level=2).wait_for()
        found[view] = serious(tab)

    assert found == {view: [] for view in VIEWS}
    tab.errors.clear()


def test_everything_is_reached_by_the_keyboard(tab: Tab, model: ModelScript) -> None:
    model.answer("By keys alone.")
    page = tab.page
    page.reload()
    page.get_by_role("combobox", name="Alias").locator("option").first.wait_for(state="attached")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Hello")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("there")
    page.keyboard.press("Enter")

    expect(tab.answer()).to_contain_text("By keys alone.")
    assert page.locator(".said").inner_text() == "Hello\nthere"
    expect(page.get_by_role("status")).to_have_text("The answer is complete.")


@pytest.mark.context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
def test_a_phone_shows_it_without_scrolling_sideways(tab: Tab, model: ModelScript) -> None:
    model.answer("A_very_long_word_" * 20 + "\n\n```\n" + "code " * 60 + "\n```")
    tab.say("Hello")
    tab.answer()
    for view in VIEWS:
        tab.view(view)
        tab.page.get_by_role("heading", name=view, level=2).wait_for(state="attached")
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360, view


def test_text_from_right_to_left_is_set_so(tab: Tab, model: ModelScript) -> None:
    model.answer("المحجر مكان يُقطع فيه الحجر.")

    tab.say("ما هو المحجر؟")

    text = tab.answer().locator(".text")
    assert text.evaluate("place => getComputedStyle(place).direction") == "rtl"
    assert tab.page.locator(".said").evaluate("place => getComputedStyle(place).direction") == "rtl"


def test_the_first_paint_is_light_and_asks_no_function(tab: Tab) -> None:
    loaded: list[Any] = tab.page.evaluate(
        """() => performance.getEntries().filter((one) => "transferSize" in one)
          .map((one) => [one.name, one.transferSize])"""
    )
    files = {name: size for name, size in loaded if "/v1/" not in name}

    assert all(size > 0 for size in files.values()), files
    assert sum(files.values()) < FIRST_PAINT_BYTES, files
    assert not [name for name in files if re.search(r"marked|purify|compare|documents", name)]
    # What the page has until its script runs is gone by then.
    expect(tab.page.get_by_text("If nothing comes")).to_have_count(0)


def test_files_are_kept_and_the_page_is_not(platform: Platform) -> None:
    root = platform.base_url.removesuffix("v1")
    page = httpx.get(root, timeout=PATIENCE)
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    for name in re.findall(r'(?:href|src)="(playground/[^"]+)"', page.text):
        found = httpx.get(root + name, timeout=PATIENCE)
        assert (found.status_code, "immutable" in found.headers["cache-control"]) == (200, True)
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["content-security-policy"] == page.headers["content-security-policy"]
    assert "ends in <code>/</code>" in page.text
    # What is not there is told as everywhere else.
    assert httpx.get(f"{root}playground/none", timeout=PATIENCE).json()["error"]["code"] == "unknown_url"
    assert httpx.post(root, timeout=PATIENCE).status_code == 404


@pytest.mark.context(viewport={"width": 1000, "height": 620}, color_scheme="light")
def test_pictures_for_the_documents(tab: Tab, model: ModelScript, tmp_path: Path) -> None:
    # Each run makes them. The documents get them by PICTURES=1, since no two runs draw the same dots.
    pictures = PICTURES if "PICTURES" in os.environ else tmp_path
    model.answer("A quarry is an **open pit** from which stone is cut.", contains="What is a quarry?")
    pictures.mkdir(exist_ok=True)
    tab.say("What is a quarry?")
    tab.answer()
    tab.page.evaluate("scrollTo(0, 0)")
    tab.page.screenshot(path=pictures / "playground-chat.png")
    tab.view("Compare")
    tab.page.get_by_label("Message to all").fill("What is a quarry?")
    tab.page.get_by_role("button", name="Ask all").click()
    tab.page.get_by_role("heading", name="What they took").wait_for()
    tab.page.screenshot(path=pictures / "playground-compare.png", full_page=True)
    tab.view("Documents")
    tab.page.get_by_label("Question").fill("How many days ahead does the travel desk want a flight booked?")
    tab.page.get_by_role("button", name="Ask", exact=True).click()
    tab.page.get_by_role("button", name="Passage 1").first.click()
    tab.page.evaluate("scrollTo(0, 0)")
    tab.page.screenshot(path=pictures / "playground-documents.png")

    # The README shows them: none is to weigh much.
    assert all(10_000 < picture.stat().st_size < 150_000 for picture in pictures.glob("playground-*.png"))
