"""Images that are made small enough to be sent, schemas, and tools whose results are typed by hand."""

import json
import random
import re
import struct
import zlib
from base64 import b64decode
from pathlib import Path

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.playground.conftest import Tab, expect
from tests.sandbox.playground.test_chat import sent

pytestmark = pytest.mark.playground


PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


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
