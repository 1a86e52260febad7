"""Chat, end to end: what is asked, what comes, and what stands under it."""

import json
import re
from typing import Any

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.sandbox.playground.conftest import Tab, expect

pytestmark = pytest.mark.playground


def sent(tab: Tab) -> dict[str, Any]:
    """Return the last request's body, as the view Code has it."""
    tab.page.get_by_role("button", name="as code").last.click()
    text = tab.stands("Code").locator("pre code").inner_text()
    tab.view("Chat")
    body: dict[str, Any] = json.loads(text.partition("<<'JSON'\n")[2].removesuffix("\nJSON"))
    return body


def test_an_answer_tells_who_gave_it_and_what_it_took(tab: Tab, model: ModelScript) -> None:
    model.answer("A quarry is a **place** where stone is cut.\n\n```python\nprint(1)\n```")

    tab.say("What is a quarry?")

    answer = tab.answer()
    expect(answer.locator("strong").first).to_have_text("place")
    expect(answer.get_by_role("button", name="Copy")).to_have_count(1)
    told = tab.figures()
    assert told["Answered by"] == "amazon.nova-micro-v1:0"
    assert re.fullmatch(r"\d+ in, \d+ out", told["Tokens"])
    assert re.fullmatch(r"[\d.]+ m?s", told["First token"])
    assert re.fullmatch(r"[\d.]+ m?s", told["Total"])
    assert re.fullmatch(r"\$0\.0*[1-9]\d*", told["Cost"])
    assert told["Guardrail"] == "found nothing"
    assert len(told["Request"]) == 36
    assert not {"Ending", "Left out", "Not kept"} & set(told)


def test_the_dollars_are_those_that_the_key_is_charged(tab: Tab, platform: Platform, model: ModelScript) -> None:
    made = platform.quarry("keys", "create", "charged", "--usd", "1")
    tab.page.goto("about:blank")
    tab.page.goto(f"{tab.root}#key={made['api_key']}")
    model.answer("word " * 40)

    tab.say("Count. " * 60)
    cost = float(tab.figures()["Cost"].removeprefix("$"))

    (found,) = [one for one in platform.quarry("usage") if one["key_id"] == made["key_id"]]
    assert found["total"]["micro_dollars"] == pytest.approx(cost * 1_000_000, abs=1)


def test_slow_tokens_are_shown_as_they_come_and_can_be_stopped(tab: Tab, model: ModelScript) -> None:
    model.step("slow", delay_ms=300, text="one two three four five six seven eight nine ten " * 20)

    tab.say("Count slowly")
    tab.page.locator(".turn .text").wait_for()
    tab.page.get_by_role("button", name="Stop", exact=True).click()

    assert tab.figures()["Ending"] == "stopped by you; the endpoint goes on and charges all of it"
    assert "Cost" not in tab.figures()
    expect(tab.page.get_by_role("status")).to_have_text("Stopped.")
    expect(tab.page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_an_error_in_mid_stream_keeps_what_came_and_says_what_happened(tab: Tab, model: ModelScript) -> None:
    model.error_mid_stream(after_tokens=3, times=1)

    tab.say("Break off")

    answer = tab.answer()
    expect(answer.locator(".text")).not_to_be_empty()
    expect(answer.get_by_role("alert")).to_contain_text("Bedrock")


def test_what_the_guardrail_stops_is_told_with_what_it_found(tab: Tab) -> None:
    tab.say("Tell me of project-nightshade")

    told = tab.figures()
    assert told["Ending"] == "stopped by the guardrail"
    assert re.search(r"word.*project-nightshade blocked", told["Guardrail"])
    expect(tab.answer()).to_contain_text("content policy")


def test_an_allowance_that_is_used_up_is_told_with_the_way_on(tab: Tab, platform: Platform) -> None:
    poor = platform.quarry("keys", "create", "poor", "--usd", "0.000001")
    tab.view("Key")
    tab.page.get_by_label("API key").fill(poor["api_key"])
    tab.page.get_by_role("button", name="Use this one").click()

    tab.say("Hello")

    told = tab.answer().get_by_role("alert")
    expect(told).to_contain_text("insufficient_quota")
    expect(told).to_contain_text("see Usage")


def test_a_fallback_is_said(tab: Tab, model: ModelScript) -> None:
    model.throttle(model="*nova-micro*")

    tab.say("Hello")

    assert tab.figures()["Answered by"] == ("amazon.nova-lite-v1:0 in place of amazon.nova-micro-v1:0, which could not")


def test_parameters_are_those_that_the_alias_takes(tab: Tab, model: ModelScript) -> None:
    page = tab.page
    page.get_by_role("combobox", name="Alias").select_option("fast")
    page.get_by_label("System text").fill("Be brief.")
    page.get_by_label("Temperature").fill("0.3")
    page.get_by_label("Most tokens").fill("50")
    page.get_by_label("Top k").fill("7")
    page.get_by_label("Stop texts").fill("END|###")

    tab.say("Hello")
    tab.answer()

    body = sent(tab)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["temperature"], body["max_tokens"], body["stop"]) == (0.3, 50, ["END", "###"])
    assert body["quarry"]["top_k"] == 7
    assert "top_p" not in body
    assert "Left out" not in tab.figures()
    # Until the aliases are known again, there is every field.
    expect(page.get_by_label("Reasoning")).to_have_count(0)
    expect(page.get_by_label("Images")).to_have_count(0)
    page.get_by_role("combobox", name="Alias").select_option("smart")
    page.get_by_label("Images").wait_for()


def test_what_failed_is_asked_again_as_it_was(tab: Tab, model: ModelScript) -> None:
    model.tool_calls([{"name": "get_weather", "input": {"city": "Toronto"}}], times=1)
    model.error_mid_stream(after_tokens=1, times=1)
    tab.page.locator("summary", has_text="Tools").click()
    tab.page.locator("details", has_text="The model asks for a call").get_by_role("button", name="an example").click()
    tab.say("How is the weather?")
    tab.page.get_by_label("What get_weather gives").fill("Snow")
    tab.page.get_by_role("button", name="Send results").click()
    tab.answer(1).get_by_role("alert").wait_for()

    tab.page.get_by_role("button", name="Ask again").click()

    tab.page.get_by_role("alert").wait_for(state="detached")
    tab.answer(1)
    assert [message["role"] for message in sent(tab)["messages"]] == ["user", "assistant", "tool"]
    expect(tab.page.locator(".turn")).to_have_count(2)


def test_what_was_typed_outlives_a_look_at_another_view(tab: Tab) -> None:
    tab.page.get_by_role("textbox", name="Message", exact=True).fill("Half a question")
    tab.view("Usage")
    tab.view("Chat")

    expect(tab.page.get_by_role("textbox", name="Message", exact=True)).to_have_value("Half a question")


def test_an_answer_goes_on_while_another_view_is_looked_at(tab: Tab, model: ModelScript) -> None:
    model.step("slow", delay_ms=100, text="one two three four five six seven eight nine ten " * 4)
    tab.say("Count slowly")
    tab.page.locator(".turn .text").wait_for()
    tab.view("History")
    tab.view("Chat")

    assert "Ending" not in tab.figures()
    assert tab.answer().inner_text().count("ten") == 4
    expect(tab.page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_thoughts_are_shown_and_are_no_part_of_the_answer(tab: Tab) -> None:
    chunks = [
        {"choices": [{"index": 0, "delta": {"reasoning_content": "Hm <b>hm</b>"}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {"content": "Yes."}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}, "quarry": {"answered_by": "m"}},
    ]
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    tab.page.route(
        "**/v1/chat/completions",
        lambda route: route.fulfill(status=200, content_type="text/event-stream", body=body),
    )
    tab.say("Think")

    expect(tab.answer().locator(".text").last).to_have_text("Yes.")
    tab.page.locator("summary", has_text="Thoughts").click()
    expect(tab.answer()).to_contain_text("Hm <b>hm</b>")
    # Without headers, as where the endpoint broke its silence first: who answered comes with the count.
    assert tab.figures()["Answered by"].startswith("m")
    assert tab.figures()["Cost"] == "not known"


def test_what_no_request_has_room_for_is_not_sent(tab: Tab) -> None:
    tab.page.get_by_role("combobox", name="Alias").locator("option").first.wait_for(state="attached")
    tab.say("x" * 1_100_000)

    expect(tab.answer().get_by_role("alert")).to_contain_text("the endpoint takes 1,048,576")
    assert not [url for url in tab.asked if url.endswith("chat/completions")]


FORBIDDEN = """
for (const name of ["sessionStorage", "localStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("No.", "SecurityError"); } });
delete Crypto.prototype.randomUUID;
"""


def test_it_works_where_pages_may_keep_nothing_and_the_origin_is_not_secure(tab: Tab, platform: Platform) -> None:
    tab.page.add_init_script(FORBIDDEN)
    tab.page.goto("about:blank")
    tab.page.goto(f"{tab.root}#key={platform.api_key}")
    tab.say("Hello")
    expect(tab.answer()).to_contain_text("You asked")
    tab.view("History")
    tab.page.get_by_text("Nothing is kept.").wait_for()
    tab.view("Key")
    expect(tab.page.get_by_role("main")).to_contain_text("gone when the page is loaded again")
    tab.page.get_by_role("button", name="Forget the key").click()
    tab.page.get_by_text("Paste the key").wait_for()
