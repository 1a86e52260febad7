"""Chat, end to end: what is asked, what comes, and what stands under it."""

import re

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.sandbox.playground.conftest import Tab

pytestmark = pytest.mark.playground


def test_an_answer_tells_who_gave_it_and_what_it_took(tab: Tab, model: ModelScript) -> None:
    model.answer("A quarry is a **place** where stone is cut.")

    tab.say("What is a quarry?")

    assert tab.answer().locator("strong").first.inner_text() == "place"
    told = tab.figures()
    assert told["Answered by"] == "amazon.nova-micro-v1:0"
    assert re.fullmatch(r"\d+ in, \d+ out", told["Tokens"])
    assert re.fullmatch(r"[\d.]+ m?s", told["First token"])
    assert re.fullmatch(r"[\d.]+ m?s", told["Total"])
    assert re.fullmatch(r"\$0\.0*[1-9]\d*", told["Cost"])
    assert told["Guardrail"] == "found nothing"
    assert len(told["Request"]) == 36
    assert "Ending" not in told
    assert "Left out" not in told


def test_the_key_leaves_the_address_and_stays_in_the_tab(tab: Tab, platform: Platform) -> None:
    assert tab.page.url == tab.root
    assert tab.page.evaluate("sessionStorage.getItem('quarry.key')") == platform.api_key
    assert tab.page.evaluate("JSON.stringify(localStorage)").find(platform.api_key) == -1
    assert not [url for url in tab.asked if platform.api_key in url]
