"""What goes wrong loses nothing that was typed or answered, says what to do, and leaves the rest at work."""

import json
import re
from typing import Any

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.sandbox.playground.conftest import Tab, expect
from tests.sandbox.playground.test_chat import sent
from tests.sandbox.playground.test_images_and_tools import PNG

pytestmark = pytest.mark.playground


def message(tab: Tab) -> Any:
    return tab.page.get_by_role("textbox", name="Message", exact=True)


def test_what_is_refused_before_it_is_sent_stays_in_its_field(tab: Tab) -> None:
    tab.page.locator("summary", has_text="JSON answer").click()
    tab.page.get_by_label("JSON schema").fill("{no")
    tab.say("A question of many words")
    tab.page.get_by_role("alert").wait_for()

    expect(message(tab)).to_have_value("A question of many words")


def test_tools_that_are_none_are_refused_in_the_endpoints_words(tab: Tab) -> None:
    tab.page.locator("summary", has_text="Tools").click()
    tab.page.get_by_label("Tools", exact=True).fill("[null]")
    tab.say("Hello")

    expect(tab.answer().get_by_role("alert")).to_contain_text("tools[0]")


def test_aliases_that_could_not_be_had_are_asked_for_again(tab: Tab) -> None:
    tab.page.route("**/v1/models", lambda route: route.abort())
    tab.page.reload()
    expect(tab.page.get_by_role("alert")).to_contain_text("cannot be reached")
    tab.page.unroute("**/v1/models")

    tab.page.get_by_role("button", name="Ask again").click()

    tab.page.get_by_role("alert").wait_for(state="detached")
    tab.say("Hello")
    expect(tab.answer()).to_contain_text("You asked")


def test_a_view_that_cannot_be_shown_says_so_and_the_others_can(tab: Tab) -> None:
    tab.page.route("**/v1/usage", lambda route: route.fulfill(status=200, content_type="application/json", body="{}"))
    tab.view("Usage")
    expect(tab.page.get_by_role("alert")).to_contain_text("Choose another view")

    tab.view("Key")
    tab.page.get_by_role("heading", name="Key", level=2).wait_for()


def test_a_view_that_cannot_be_loaded_says_so_and_can_be_later(tab: Tab) -> None:
    tab.page.context.set_offline(True)
    tab.page.get_by_role("link", name="Usage", exact=True).click()
    expect(tab.page.get_by_role("alert")).to_contain_text("Check the network; after a new deployment, load the page")
    tab.page.context.set_offline(False)

    tab.view("Key")
    tab.view("Usage")
    tab.page.get_by_role("heading", name="Usage", level=2).wait_for()


def test_what_others_wrote_into_the_history_is_not_shown(tab: Tab) -> None:
    tab.say("Mine")
    tab.answer()
    tab.page.evaluate(
        """() => {
          const others = [{ id: "a", turns: [{ said: "x" }] }, { id: "b", turns: [null] }, { id: "c", turns: 1 }, null];
          const mine = JSON.parse(localStorage.getItem("quarry.history"));
          localStorage.setItem("quarry.history", JSON.stringify([...others, ...mine]));
        }"""
    )
    tab.view("History")

    expect(tab.page.locator("main li")).to_have_count(1)


def test_another_key_asks_anew_and_leaves_the_session_of_the_one_before(tab: Tab, platform: Platform) -> None:
    tab.page.locator("summary", has_text="Sessions").click()
    tab.page.get_by_role("button", name="Begin a session").click()
    tab.page.get_by_text("In session sess_").wait_for()
    made = platform.quarry("keys", "create", "another")
    asked = [url for url in tab.asked if url.endswith("/models")]

    tab.page.goto(f"{tab.root}#key={made['api_key']}")

    tab.page.get_by_text("In session sess_").wait_for(state="detached")
    tab.say("Hello")
    expect(tab.answer()).to_contain_text("You asked")
    assert len([url for url in tab.asked if url.endswith("/models")]) == len(asked) + 1


@pytest.mark.parametrize("around", ["Bearer {}", "http://localhost/#key={}", "  {}\n"])
def test_a_key_is_known_in_what_it_was_copied_with(tab: Tab, platform: Platform, around: str) -> None:
    tab.view("Key")
    tab.page.get_by_role("button", name="Forget the key").click()
    tab.page.get_by_label("API key").fill("пароль")
    tab.page.get_by_role("button", name="Go on").click()
    expect(tab.page.get_by_role("alert")).to_contain_text("That is no key")

    tab.page.get_by_label("API key").fill(around.format(platform.api_key))
    tab.page.get_by_role("button", name="Go on").click()

    message(tab).wait_for()
    assert tab.page.evaluate("sessionStorage.getItem('quarry.key')") == platform.api_key


def test_an_answer_that_a_reload_broke_off_is_kept(tab: Tab, model: ModelScript) -> None:
    model.hold(after_tokens=3)
    tab.say("My raven is called Kuro.")
    tab.page.locator(".turn .text").wait_for()
    tab.page.reload()
    model.clear()

    tab.view("History")
    tab.page.get_by_role("button", name=re.compile("Kuro")).click()

    expect(tab.page.locator(".turn .text")).not_to_be_empty()
    # Broken off or stopped, as the browser tells the page first; nothing waits for ever.
    tab.answer()


def test_who_uses_the_keyboard_goes_on_where_something_went(tab: Tab) -> None:
    tab.say("Hello")
    tab.answer()
    tab.view("History")
    tab.page.get_by_role("button", name="delete", exact=True).press("Enter")
    expect(tab.page.get_by_role("main")).to_be_focused()

    tab.view("Documents")
    tab.page.get_by_role("button", name="add a filter").press("Enter")
    tab.page.get_by_role("button", name="remove").press("Enter")
    expect(tab.page.get_by_role("main")).to_be_focused()


def test_answers_are_not_set_again_for_what_is_typed_after_them(tab: Tab) -> None:
    tab.say("Hello")
    tab.answer().locator(".text:not(.plain)").wait_for()
    tab.page.evaluate(
        """() => {
          const parse = DOMParser.prototype.parseFromString;
          window.parsed = 0;
          DOMParser.prototype.parseFromString = function (...given) {
            window.parsed += 1;
            return parse.apply(this, given);
          };
        }"""
    )
    message(tab).press_sequentially("Hello again")

    assert tab.page.evaluate("window.parsed") == 0
    tab.page.get_by_role("button", name="Send", exact=True).click()
    tab.answer(1)
    assert tab.page.evaluate("window.parsed") > 0


def test_a_prompt_is_continued_from_the_history_as_what_it_became(tab: Tab) -> None:
    tab.page.locator("summary", has_text="Named prompts").click()
    tab.page.get_by_role("combobox", name="Prompt").select_option("tweet-sentiment")
    tab.page.get_by_label("tweet:").fill("Best day ever!")
    tab.page.get_by_role("button", name="Send", exact=True).click()
    tab.answer()
    asked = [one for one in sent(tab)["messages"] if one["role"] != "system"]
    tab.page.reload()
    tab.view("History")
    tab.page.get_by_role("button", name="continue").click()
    tab.say("Why?")
    tab.answer(1)

    assert sent(tab)["messages"][: len(asked)] == asked


def test_an_alias_that_sees_no_images_goes_on_without_them(tab: Tab) -> None:
    alias = tab.page.get_by_role("combobox", name="Alias")
    alias.select_option("smart")
    tab.page.get_by_label("Images").set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": PNG}])
    tab.page.get_by_role("button", name="remove").wait_for()
    tab.say("What is this?")
    tab.answer()
    alias.select_option("fast")
    tab.say("And in one word?")

    expect(tab.answer(1)).to_contain_text("You asked")
    messages = sent(tab)["messages"]
    assert json.dumps(messages).count("data:image") == 0
    assert messages[0]["content"] == "What is this?\n[image]"
