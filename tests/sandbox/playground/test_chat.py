"""Chat, end to end: what is asked, what comes, and what stands under it."""

import json
import random
import re
import struct
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.sandbox.playground.conftest import Tab, expect

pytestmark = pytest.mark.playground

# One transparent pixel.
PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


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


def noise(width: int, height: int) -> bytes:
    """Return a PNG that no compression makes smaller."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    grains = random.Random(1)
    rows = b"".join(b"\0" + grains.randbytes(3 * width) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_photograph_is_made_small_enough_for_a_request(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(noise(1600, 1200))
    tab.page.get_by_role("combobox", name="Alias").select_option("smart")
    tab.page.get_by_label("Images").set_input_files(str(tmp_path / "photo.png"))
    tab.page.get_by_role("button", name="remove").wait_for()

    tab.say("What is this?")

    tab.answer()
    expect(tab.page.get_by_role("alert")).to_have_count(0)
    (_, part) = sent(tab)["messages"][0]["content"]
    assert part["image_url"]["url"].startswith("data:image/jpeg;base64,")


def test_an_image_is_sent_and_one_that_is_none_is_not(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "pixel.png").write_bytes(PNG)
    (tmp_path / "none.png").write_bytes(b"x" * 4_000_000)
    tab.page.get_by_role("combobox", name="Alias").select_option("smart")
    tab.page.get_by_label("Images").set_input_files(str(tmp_path / "none.png"))
    expect(tab.page.get_by_role("alert")).to_contain_text("cannot be read")

    tab.page.get_by_label("Images").set_input_files(str(tmp_path / "pixel.png"))
    tab.page.get_by_role("button", name="remove").wait_for()
    tab.say("What is this?")
    tab.answer()

    (part,) = [part for part in sent(tab)["messages"][0]["content"] if part["type"] == "image_url"]
    assert part["image_url"]["url"].startswith("data:image/png;base64,")
    expect(tab.page.locator(".turn img")).to_have_count(1)


def test_an_answer_fits_a_schema_and_a_schema_that_is_none_is_refused_here(tab: Tab) -> None:
    tab.page.locator("summary", has_text="JSON answer").click()
    tab.page.get_by_label("JSON schema").fill("{no")
    tab.say("Hello")
    expect(tab.page.get_by_role("alert")).to_contain_text("The JSON schema is no JSON")

    tab.page.get_by_role("button", name="empty it").click()
    tab.page.get_by_role("button", name="an example").first.click()
    tab.say("Hello")

    assert set(json.loads(tab.answer().locator(".text").inner_text())) == {"answer"}


def test_tools_are_called_and_their_results_typed_by_hand(tab: Tab, model: ModelScript) -> None:
    model.tool_calls([{"name": "get_weather", "input": {"city": "Toronto"}}], times=1)
    tab.page.locator("summary", has_text="Tools").click()
    tab.page.locator("details", has_text="The model asks for a call").get_by_role("button", name="an example").click()

    tab.say("How is the weather?")
    expect(tab.answer().locator(".call")).to_contain_text("Toronto")
    assert tab.figures()["Ending"] == "wants tools called"
    tab.page.get_by_label("What get_weather gives").fill("Snow, -3 degrees")
    tab.page.get_by_role("button", name="Send results").click()

    tab.answer(1)
    expect(tab.page.locator(".turn").nth(1)).to_contain_text("Snow, -3 degrees")
    messages = sent(tab)["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]
    assert messages[2]["tool_call_id"] == messages[1]["tool_calls"][0]["id"]


def test_calls_without_results_do_not_end_the_conversation(tab: Tab, model: ModelScript) -> None:
    model.answer("Hello then.", contains="Never mind")
    model.tool_calls([{"name": "get_weather", "input": {"city": "Toronto"}}], times=1)
    tab.page.locator("summary", has_text="Tools").click()
    tab.page.locator("details", has_text="The model asks for a call").get_by_role("button", name="an example").click()
    tab.say("How is the weather?")
    tab.answer().locator(".call").wait_for()

    tab.say("Never mind. Say hello.")

    expect(tab.answer(1)).to_contain_text("Hello then.")
    # Its words are kept, its call is not.
    messages = sent(tab)["messages"]
    assert [message["role"] for message in messages if "tool_calls" not in message][-1] == "user"
    assert not [message for message in messages if "tool_calls" in message]


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


def test_what_the_guardrail_finds_in_a_tools_result_is_told(tab: Tab, model: ModelScript) -> None:
    model.tool_calls([{"name": "get_weather", "input": {"city": "Toronto"}}], times=1)
    tab.page.locator("summary", has_text="Tools").click()
    tab.page.locator("details", has_text="The model asks for a call").get_by_role("button", name="an example").click()
    tab.say("How is the weather?")
    tab.page.get_by_label("What get_weather gives").fill("Snow on project-nightshade")
    tab.page.get_by_role("button", name="Send results").click()

    told = tab.figures(1)
    assert told["Ending"] == "stopped by the guardrail"
    assert re.search(r"word.*project-nightshade blocked", told["Guardrail"])


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
