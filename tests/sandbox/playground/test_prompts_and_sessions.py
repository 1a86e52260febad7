"""Prompts that are asked by name, sessions that the endpoint keeps, and the key in the address."""

import re
from typing import Any

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.sandbox.playground.conftest import Tab, expect
from tests.sandbox.playground.test_chat import sent

pytestmark = pytest.mark.playground


def test_a_prompt_is_asked_by_its_name(tab: Tab, model: ModelScript) -> None:
    model.answer("Positive")
    tab.page.locator("summary", has_text="Named prompts").click()
    tab.page.get_by_role("combobox", name="Prompt").select_option("tweet-sentiment")
    tab.page.get_by_label("tweet:").fill("Best day ever!")

    tab.page.get_by_role("button", name="Send", exact=True).click()

    expect(tab.answer()).to_contain_text("Positive")
    assert re.fullmatch(r"\$0\.\d+", tab.figures()["Cost"])
    told = tab.figures()
    assert told["Answered by"].startswith("amazon.nova")
    assert told["Guardrail"] == "found nothing"
    # The endpoint fills it in; what comes of that is a stream like any.
    body = sent(tab)
    assert (body["model"], body["stream"]) == ("fast", True)
    assert "Best day ever!" in body["messages"][-1]["content"]


def test_what_follows_a_prompt_is_asked_after_what_it_became(tab: Tab) -> None:
    tab.page.locator("summary", has_text="Named prompts").click()
    tab.page.get_by_role("combobox", name="Prompt").select_option("tweet-sentiment")
    tab.page.get_by_label("tweet:").fill("Best day ever!")
    tab.page.get_by_role("button", name="Send", exact=True).click()
    tab.answer()
    filled = sent(tab)["messages"]
    tab.page.locator("summary", has_text="Named prompts").click()
    tab.page.get_by_role("combobox", name="Prompt").select_option("")
    tab.say("Why?")
    tab.answer(1)

    asked = [message for message in filled if message["role"] != "system"]
    assert sent(tab)["messages"][: len(asked)] == asked


def test_a_prompt_that_cannot_be_filled_in_is_refused_in_the_endpoints_words(tab: Tab) -> None:
    tab.page.locator("summary", has_text="Named prompts").click()
    tab.page.get_by_role("combobox", name="Prompt").select_option("tweet-sentiment")
    tab.page.get_by_role("button", name="Send", exact=True).click()

    expect(tab.answer().get_by_role("alert")).to_contain_text("`tweet` is required")


def test_sessions_are_begun_continued_and_deleted(tab: Tab) -> None:
    page = tab.page
    page.locator("summary", has_text="Sessions").click()
    page.get_by_role("button", name="Begin a session").click()
    page.get_by_text("In session sess_").wait_for()
    tab.say("My raven is called Kuro.")
    tab.answer()
    assert [message["role"] for message in sent(tab)["messages"]] == ["user"]

    page.reload()
    page.locator("summary", has_text="Sessions").click()
    page.get_by_role("button", name=re.compile("1 turn, fast")).first.click()
    page.locator(".said", has_text="Kuro").wait_for()
    tab.say("What is it called?")
    tab.answer(1)

    listed = page.get_by_role("button", name=re.compile("^Delete the session"))
    before = listed.count()
    listed.first.click()
    listed.nth(before - 1).wait_for(state="detached")


def test_no_session_is_begun_before_it_is_known_with_which_alias(tab: Tab) -> None:
    held: list[Any] = []
    tab.page.route("**/v1/models", lambda route: held.append(route))
    tab.page.reload()
    tab.page.locator("summary", has_text="Sessions").click()
    expect(tab.page.get_by_role("button", name="Begin a session")).to_be_disabled()

    for route in held:
        route.continue_()
    expect(tab.page.get_by_role("button", name="Begin a session")).to_be_enabled()


@pytest.mark.parametrize("behind", ["", "&utm_source=mail", "&", "%20"])
def test_the_key_is_taken_out_of_the_address_whatever_stands_behind_it(
    tab: Tab, platform: Platform, behind: str
) -> None:
    tab.page.evaluate("sessionStorage.clear()")
    tab.page.goto("about:blank")
    tab.page.goto(f"{tab.root}#key={platform.api_key}{behind}")
    tab.page.get_by_role("textbox", name="Message", exact=True).wait_for()

    assert tab.page.url == tab.root
    assert tab.page.evaluate("sessionStorage.getItem('quarry.key')") == platform.api_key


def test_the_key_leaves_the_address_and_stays_in_the_tab(tab: Tab, platform: Platform) -> None:
    assert tab.page.url == tab.root
    assert tab.page.evaluate("sessionStorage.getItem('quarry.key')") == platform.api_key
    tab.say("Hello")
    tab.answer()
    assert platform.api_key not in tab.page.evaluate("JSON.stringify(localStorage)")
    assert not [url for url in tab.asked if platform.api_key in url]
    tab.view("Key")
    tab.page.get_by_role("button", name="Forget the key").click()
    assert tab.page.evaluate("sessionStorage.length") == 0
    tab.page.get_by_text("Paste the key").wait_for()
