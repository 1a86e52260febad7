"""The other views, end to end: compare, documents, usage, code, history."""

import ast
import json
import re
from pathlib import Path

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.sandbox.playground.conftest import Tab, expect

pytestmark = pytest.mark.playground

QUESTION = "How many days ahead does the travel desk want a flight booked?"


def test_aliases_answer_side_by_side_and_one_that_fails_spoils_nothing(tab: Tab, model: ModelScript) -> None:
    model.error_mid_stream(after_tokens=2, model="*claude*")
    tab.view("Compare")

    tab.page.get_by_label("Message to all").fill("What is a quarry?")
    tab.page.get_by_role("button", name="Ask all").click()

    tab.page.get_by_role("heading", name="What they took").wait_for()
    fast, smart = (tab.page.locator(".column").nth(number) for number in (0, 1))
    expect(fast).to_contain_text("You asked")
    expect(smart.get_by_role("alert")).to_have_count(1)
    expect(tab.page.get_by_role("status")).to_have_text("1 of 2 answers are not complete.")
    expect(tab.page.locator("tbody tr th")).to_have_text(["fast", "smart"])
    expect(tab.page.locator("tbody tr").first).to_contain_text(re.compile(r"\$0\.\d+"))
    expect(tab.page.get_by_role("img", name=re.compile("^First token: fast .* m?s"))).to_have_count(1)


def test_what_an_alias_does_not_take_is_named_under_its_answer(tab: Tab) -> None:
    tab.view("Compare")
    tab.page.locator("summary", has_text="Instructions and parameters").click()
    tab.page.get_by_label("Reasoning").select_option("low")
    tab.page.get_by_label("Message to all").fill("What is a quarry?")
    tab.page.get_by_role("button", name="Ask all").click()

    tab.page.get_by_role("heading", name="What they took").wait_for()
    expect(tab.page.locator(".column").first).to_contain_text("reasoning_effort")


def test_make_up_says_where_it_is(tab: Tab, platform: Platform) -> None:
    assert f"The playground, in a browser: {tab.root}" in platform.printed


def test_fewer_than_two_aliases_are_no_comparison(tab: Tab) -> None:
    tab.view("Compare")
    tab.page.get_by_role("checkbox", name="smart").uncheck()
    tab.page.get_by_label("Message to all").fill("Hello")
    tab.page.get_by_role("button", name="Ask all").click()

    expect(tab.page.get_by_role("alert")).to_contain_text("two to five")
    assert not [url for url in tab.asked if url.endswith("chat/completions")]


def test_a_marker_opens_its_passage(tab: Tab) -> None:
    tab.view("Documents")
    tab.page.get_by_label("Question").fill(QUESTION)
    tab.page.get_by_role("button", name="Ask", exact=True).click()
    told = tab.figures()
    assert re.fullmatch(r"\$0\.\d+", told["Cost"])

    tab.page.get_by_role("button", name="Passage 1").first.click()

    opened = tab.page.locator(".passage[data-open]")
    for told_of_it in ("travel.md", re.compile(r"score \d\.\d{3}"), "Finance"):
        expect(opened).to_contain_text(told_of_it)
    expect(opened).to_have_attribute("data-number", "1")
    expect(opened).to_be_focused()


def test_filters_are_those_of_the_knowledge_base(tab: Tab) -> None:
    tab.view("Documents")
    tab.page.get_by_role("button", name="add a filter").click()
    field = tab.page.get_by_role("combobox", name="Field")
    expect(field.locator("option")).to_have_count(3)
    assert set(field.locator("option").all_inner_texts()) == {"department", "year", "public"}
    field.select_option("year")
    tab.page.get_by_role("combobox", name="How").select_option("lte")
    tab.page.get_by_role("textbox", name="Value").fill("nineteen")
    tab.page.get_by_label("Question").fill(QUESTION)
    tab.page.get_by_role("button", name="Passages alone").click()
    expect(tab.page.get_by_role("alert")).to_contain_text("wants a number")

    tab.page.get_by_role("textbox", name="Value").fill("1900")
    tab.page.get_by_role("button", name="Passages alone").click()
    tab.page.get_by_text("No passage fits.").wait_for()

    tab.page.get_by_role("textbox", name="Value").fill("2100")
    tab.page.get_by_role("button", name="Passages alone").click()
    tab.page.get_by_role("heading", name=re.compile(r"^\d+ passages$")).wait_for()


def test_filters_that_contradict_each_other_are_refused_here(tab: Tab) -> None:
    tab.view("Documents")
    for number, (how, value) in enumerate([("eq", "2024"), ("gte", "2030")]):
        tab.page.get_by_role("button", name="add a filter").click()
        tab.page.get_by_role("combobox", name="Field").nth(number).select_option("year")
        tab.page.get_by_role("combobox", name="How").nth(number).select_option(how)
        tab.page.get_by_role("textbox", name="Value").nth(number).fill(value)
    tab.page.get_by_label("Question").fill(QUESTION)
    tab.page.get_by_role("button", name="Passages alone").click()

    expect(tab.page.get_by_role("alert")).to_contain_text("year is told twice")
    tab.page.get_by_role("combobox", name="How").first.select_option("lte")
    tab.page.get_by_role("button", name="Passages alone").click()
    tab.page.get_by_text("No passage fits.").wait_for()


def test_an_answer_is_there_still_when_one_comes_back(tab: Tab) -> None:
    tab.view("Documents")
    tab.page.get_by_label("Question").fill(QUESTION)
    tab.page.get_by_role("button", name="Ask", exact=True).click()
    tab.answer().get_by_role("button", name="as code").click()
    tab.stands("Code")
    tab.page.go_back()
    tab.stands("Documents")
    expect(tab.page.get_by_label("Question")).to_have_value(QUESTION)
    tab.page.get_by_role("button", name="Passage 1").first.click()
    expect(tab.page.locator(".passage[data-open]")).to_be_focused()

    tab.view("Compare")
    tab.page.get_by_label("Message to all").fill("What is a quarry?")
    tab.page.get_by_role("button", name="Ask all").click()
    tab.page.get_by_role("button", name="as code").first.click()
    tab.stands("Code")
    tab.page.go_back()
    tab.page.get_by_role("heading", name="What they took").wait_for()
    expect(tab.page.get_by_label("Message to all")).to_have_value("What is a quarry?")


def test_what_the_documents_do_not_answer_is_said(tab: Tab, model: ModelScript) -> None:
    model.answer("The documents do not answer this.")
    tab.view("Documents")
    tab.page.get_by_label("Question").fill(QUESTION)
    tab.page.get_by_role("button", name="Ask", exact=True).click()

    tab.page.get_by_text("Not answered from the documents.").wait_for()


def test_usage_tells_what_is_left_and_the_days(tab: Tab, platform: Platform) -> None:
    limits = ("--usd", "2", "--tokens-per-day", "5000", "--rpm", "30")
    made = platform.quarry("keys", "create", "looker", *limits)
    tab.view("Key")
    tab.page.get_by_label("API key").fill(made["api_key"])
    tab.page.get_by_role("button", name="Use this one").click()
    tab.say("Hello")
    tab.answer()

    tab.view("Usage")

    tab.page.get_by_role("heading", name="The last days").wait_for()
    text = tab.page.locator("main").inner_text()
    assert re.search(r"\$1\.\d{4} of \$2\.0000 left", text) or "$2.0000 of $2.0000 left" in text
    assert re.search(r"4,9\d\d of 5,000 left", text)
    assert "Today: 1 requests" in text
    expect(tab.page.locator("meter")).to_have_count(3)
    expect(tab.page.get_by_role("img", name=re.compile("^Tokens a day: 20"))).to_have_count(1)


def test_every_request_is_shown_as_code_without_the_key(tab: Tab, platform: Platform) -> None:
    tab.say('It\'s "quoted" `and` $HOME \\ """')
    tab.answer().get_by_role("button", name="as code").click()
    shown = tab.stands("Code").locator("pre code")

    curl = shown.inner_text()
    tab.page.get_by_role("combobox", name="Language").select_option("Python")
    expect(shown).to_contain_text("json.loads(")
    python = shown.inner_text()
    tab.page.get_by_role("combobox", name="Language").select_option("TypeScript")
    expect(shown).to_contain_text("new OpenAI(")
    typescript = shown.inner_text()

    assert f"{platform.base_url}/chat/completions" in curl
    assert platform.api_key not in curl + python + typescript
    (loaded,) = [
        node.args[0]
        for node in ast.walk(ast.parse(python))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "json.loads"
    ]
    body = json.loads(ast.literal_eval(loaded))
    assert body["messages"] == [{"role": "user", "content": 'It\'s "quoted" `and` $HOME \\ """'}]
    # What a shell makes of it is what was sent.
    made = platform.run("bash", "-c", "curl() { cat; }\n" + curl)
    assert json.loads(made.stdout) == body


def test_history_stays_here_and_can_be_taken_away_continued_and_deleted(tab: Tab, tmp_path: Path) -> None:
    tab.say("My raven is called Kuro.")
    tab.answer()
    tab.view("History")
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="Export all").click()
    download.value.save_as(tmp_path / "history.json")
    (kept,) = json.loads((tmp_path / "history.json").read_text("utf-8"))
    assert kept["turns"][0]["said"] == "My raven is called Kuro."

    tab.page.get_by_role("button", name="continue").click()
    tab.say("And who am I?")
    tab.answer(1)
    tab.page.reload()
    tab.view("History")
    tab.page.get_by_role("button", name=re.compile("Kuro")).click()
    expect(tab.page.locator(".turn")).to_have_count(2)

    tab.page.get_by_role("button", name="Delete all").click()
    tab.page.get_by_text("Nothing is kept.").wait_for()
    assert tab.page.evaluate("localStorage.length") == 0


def test_a_key_that_is_none_is_refused_in_words(tab: Tab) -> None:
    tab.view("Key")
    tab.page.get_by_label("API key").fill("qk-nobody's")
    tab.page.get_by_role("button", name="Use this one").click()

    expect(tab.page.get_by_role("alert").first).to_contain_text("Paste another key under Key.")
    tab.errors.clear()


def test_what_is_no_answer_of_the_endpoints_is_told_in_words(tab: Tab) -> None:
    tab.page.route(
        "**/v1/usage",
        lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Welcome to our hotel</h1>"),
    )
    tab.view("Usage")

    expect(tab.page.get_by_role("alert")).to_contain_text("Something other than the endpoint answered.")
