"""What clients of comparable products send, and were refused for: each has the answer that it should have.

The inputs are written anew after public reports of users of obsidian-copilot, NextChat, LiteLLM, vercel/ai, LangChain,
cline and openai-python; siblings of each kind follow.
"""

import base64
import json
from typing import Any

import pytest

from tests.sandbox.platform.conftest import Post

HI = {"role": "user", "content": "Say hi"}
ASKED = {"role": "user", "content": "How is the weather in Toronto?"}
PNG = base64.b64encode(
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
).decode()
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def tool(parameters: Any = CITY, name: str = "get_weather") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": "Weather", "parameters": parameters}}


def call(call_id: Any = "call_1", arguments: Any = '{"city":"Toronto"}', **more: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "get_weather", "arguments": arguments}, **more}


def calling(*calls: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **more}


def result(call_id: Any = "call_1", content: Any = "Snow") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def image(label: str = "image/png") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:{label};base64,{PNG}"}}


def said(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {"messages": list(messages), **fields}


def loop(*messages: Any, **fields: Any) -> dict[str, Any]:
    return said(ASKED, *messages, tools=[tool()], **fields)


# What is answered: name -> (the body without its model, what the header names).
ANSWERED: dict[str, tuple[dict[str, Any], str]] = {
    "neutral penalties": (
        said(HI, temperature=0.3, top_p=1, presence_penalty=0, frequency_penalty=0, n=1),
        "",
    ),
    "no logprobs": (said(HI, logprobs=False, top_logprobs=0), ""),
    "not stored": (said(HI, store=False), ""),
    "no bias": (said(HI, logit_bias={}), ""),
    "text only": (said(HI, modalities=["text"], audio=None, functions=[], tools=[], stop=[]), ""),
    "nulls": (said(HI, quarry=None, seed=None, tools=None, response_format=None, stream_options=None), ""),
    "labels": (said(HI, prompt_cache_key="k", safety_identifier="s", prompt_cache_retention="24h"), ""),
    "any tier": (said(HI, service_tier="auto"), ""),
    "seed": (said(HI, seed=42), "seed"),
    "penalties": (said(HI, presence_penalty=0.5, frequency_penalty=-1), "presence_penalty, frequency_penalty"),
    "hints": (
        said(HI, store=True, verbosity="low", prediction={"type": "content", "content": "x"}),
        "store, verbosity, prediction",
    ),
    "what nobody knows": (said(HI, colour="red", top_a=0.2, shade=False), "colour, top_a"),
    "what nobody knows, deeper": (
        said({**HI, "id": "m1", "createdAt": 5}, stream_options={"continuous": True}),
        "messages[].id, messages[].createdAt, stream_options.continuous",
    ),
    "names that no header can have": (said(HI, **{"größe\r\nx: y": 1}), "gr??e??x??y"),
    "warm": (said(HI, temperature=1.2), "temperature"),
    "hot": (said(HI, temperature=2), "temperature"),
    "no reasoning": (said(HI, reasoning_effort="none"), ""),
    "least reasoning": (said(HI, reasoning_effort="minimal"), "reasoning_effort"),
    "as long as may be": (said(HI, max_tokens=-1), ""),
    "both limits": (said(HI, max_tokens=50, max_completion_tokens=60), "max_tokens"),
    "user with a pipe": (said(HI, user="auth0|5f7c8ec7"), "user"),
    "user with accents": (said(HI, user="Zoë Müller"), "user"),
    "user as JSON": (said(HI, user='{"id": 5}'), "user"),
    "metadata with an apostrophe": (said(HI, metadata={"q": "it's"}), "metadata"),
    "metadata with numbers": (said(HI, metadata={"n": 5, "who": "ann"}), "metadata"),
    "metadata that is long": (said(HI, metadata={"q": "x" * 500, **{f"k{n}": "v" for n in range(20)}}), "metadata"),
    "cache marks": (
        said(
            {
                "role": "system",
                "content": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            },
            HI,
        ),
        "",
    ),
    "greeting first": (
        said({"role": "system", "content": "Be brief."}, {"role": "assistant", "content": "Hello!"}, HI),
        "",
    ),
    "instructions only": (said({"role": "system", "content": "Write one greeting."}), ""),
    "instructions of a developer only": (said({"role": "developer", "content": "Write one greeting."}), ""),
    "instructions last": (said(HI, {"role": "system", "content": "Answer in French."}), ""),
    "instructions around a result": (
        loop(
            calling(call()),
            {"role": "system", "content": "Mind the units."},
            result(),
            {"role": "developer", "content": "x"},
        ),
        "",
    ),
    "blank assistant": (said(HI, {"role": "assistant", "content": "\n\n"}, HI), ""),
    "blank as no ASCII": (said(HI, {"role": "assistant", "content": "\u00a0\u3000"}, HI), ""),
    "blank instructions and user": (said({"role": "system", "content": ""}, {"role": "user", "content": " "}, HI), ""),
    "empty parts": (said({"role": "user", "content": [image(), {"type": "text", "text": ""}]}), ""),
    "empty lists": (said(HI, {"role": "assistant", "content": [], "tool_calls": []}, HI), ""),
    "parsed": (said(HI, {"role": "assistant", "content": "{}", "parsed": {}}, HI), ""),
    "thoughts": (
        said(
            HI,
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "Hm.", "signature": "x"}, {"type": "text", "text": "Hi"}],
                "reasoning_content": "Hm.",
                "thinking_blocks": [{"type": "thinking"}],
                "provider_specific_fields": {"a": 1},
                "audio": None,
                "function_call": None,
                "annotations": [],
            },
            HI,
        ),
        "",
    ),
    "an index of a call": (loop(calling(call(index=0)), result()), ""),
    "parsed arguments": (
        loop(calling({**call(), "function": {**call()["function"], "parsed_arguments": {}}}), result()),
        "",
    ),
    "another gateway's members": (
        loop(calling(call(extra_content={"google": {"thought_signature": "x"}})), result()),
        "",
    ),
    "calls without tools": (
        said(
            ASKED,
            calling(call()),
            result(),
            {"role": "assistant", "content": "Snow."},
            {"role": "user", "content": "Sum up."},
        ),
        "",
    ),
    "calls without tools, not answered yet": (said(ASKED, calling(call()), result()), ""),
    "a call's id with a pipe": (loop(calling(call("call_a|fc_b")), result("call_a|fc_b")), ""),
    "a call's id that is long": (loop(calling(call("x" * 300)), result("x" * 300)), ""),
    "a call's id that comes again": (loop(calling(call("c")), result("c"), calling(call("c")), result("c")), ""),
    "no ids of calls": (loop(calling(call(""), call("")), result(""), result("")), ""),
    "blank arguments": (loop(calling(call(arguments=" ")), result()), ""),
    "cut arguments": (loop(calling(call(arguments='{"city":"Tor')), result()), ""),
    "arguments as an object": (loop(calling(call(arguments={"city": "Toronto"})), result()), ""),
    "arguments that are no object": (loop(calling(call(arguments="[1]")), result()), ""),
    "anyOf at a tool's root": (
        said(ASKED, tools=[tool({"anyOf": [CITY, {"type": "object", "properties": {"zip": {"type": "string"}}}]})]),
        "",
    ),
    "oneOf at a tool's root": (
        said(ASKED, tools=[tool({"type": "object", "oneOf": [{"required": ["city"]}], **CITY})]),
        "",
    ),
    "allOf at a tool's root": (said(ASKED, tools=[tool({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": CITY}})]), ""),
    "a reference at a tool's root": (said(ASKED, tools=[tool({"$ref": "#/$defs/a", "$defs": {"a": CITY}})]), ""),
    "a list as a tool's root": (said(ASKED, tools=[tool({"type": "array", "items": {"type": "string"}})]), ""),
    "a tool's name with dots": (
        said(
            ASKED,
            calling({"id": "c", "function": {"name": "weather.get/now", "arguments": "{}"}}),
            result("c"),
            tools=[tool(name="weather.get/now"), tool(name="x" * 90)],
        ),
        "",
    ),
    "an open schema of the answer": (
        said(
            HI,
            response_format={
                "type": "json_schema",
                "json_schema": {
                    "name": "x",
                    "schema": {
                        "type": "object",
                        "properties": {"a": {"type": "array", "items": {"type": "string"}, "maxItems": 3}},
                        "required": ["a"],
                    },
                },
            },
        ),
        "",
    ),
    "a free schema of the answer": (
        said(
            HI,
            response_format={"type": "json_schema", "json_schema": {"name": "my answer", "schema": {"type": "object"}}},
        ),
        "",
    ),
    "an image as a result": (loop(calling(call()), result(content=[{"type": "text", "text": "shot"}, image()])), ""),
    "an image by another name": (
        said({"role": "user", "content": [{"type": "text", "text": "?"}, image("image/jpeg")]}),
        "",
    ),
    "an image without a name": (said({"role": "user", "content": [{"type": "text", "text": "?"}, image("")]}), ""),
}
# What is refused: name -> (the body without its model, the field, what is said of it).
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "several answers": (said(HI, n=2), "n", "as often as you want answers"),
    "logprobs": (said(HI, logprobs=True), "logprobs", "leave it out"),
    "audio": (said(HI, modalities=["text", "audio"]), "modalities", "answers are text"),
    "the web": (said(HI, web_search_options={}), "web_search_options", "hosted tools do not run here"),
    "a hosted tool": (said(HI, tools=[{"type": "web_search"}]), "tools[0].type", "run it yourself"),
    "functions of old": (said(HI, functions=[{"name": "f"}]), "functions", "give the functions as `tools`"),
    "hotter than OpenAI": (said(HI, temperature=2.1), "temperature", "<= 1.0"),
    "sound": (
        said({"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}),
        "messages[0].content[0].type",
        "Accepted are `text`",
    ),
    "a result that is missing": (
        loop(calling(call("a1"), call("b2")), result("a1"), {"role": "user", "content": "go on"}),
        "messages[1].tool_calls[1].id",
        "`b2` has no result",
    ),
    "no result at all": (loop(calling(call("a1"))), "messages[1].role", "must have the role `user` or `tool`"),
    "a result of nothing": (loop(result("zz")), "messages[1].tool_call_id", "answers no tool call"),
    "a result twice": (loop(calling(call()), result(), result()), "messages[3].tool_call_id", "answers no tool call"),
    "the assistant last": (
        said(HI, {"role": "assistant", "content": "Well"}),
        "messages[1].role",
        "the one that gets answered",
    ),
    "nothing": (said({"role": "user", "content": "\u3000"}), "messages[0].content", "must not be empty"),
    "no image": (
        said({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]}),
        "messages[0].content[0].image_url.url",
        "none of PNG, JPEG, GIF and WebP",
    ),
}


def has_image(body: dict[str, Any]) -> bool:
    return '"image_url"' in json.dumps(body)


@pytest.mark.parametrize("alias", ["fast", "smart"])
@pytest.mark.parametrize("name", ANSWERED)
def test_it_is_answered_and_what_was_dropped_is_named(post: Post, name: str, alias: str) -> None:
    body, dropped = ANSWERED[name]
    if alias == "fast" and has_image(body):
        alias = "smart"
    if alias == "smart":
        # Claude reasons, and takes one of the two.
        dropped = ", ".join([*filter(None, [dropped]), *(["top_p"] if "top_p" in body else [])])

    response = post(json={"model": alias, **body})

    assert response.status_code == 200, response.text
    assert response.headers.get("x-quarry-dropped-parameters", "") == dropped
    assert response.json()["model"] == alias
    assert response.json()["choices"][0]["finish_reason"] in {"stop", "tool_calls"}


@pytest.mark.parametrize("alias", ["fast", "smart"])
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_name_with_what_to_do(post: Post, name: str, alias: str) -> None:
    body, param, words = REFUSED[name]

    response = post(json={"model": alias, **body})

    assert response.status_code == 400, response.text
    assert response.json()["error"]["param"] == param
    assert words in response.json()["error"]["message"]


def test_alternatives_at_a_tools_root_are_called_as_the_callers_schema_has_them(post: Post) -> None:
    body, _ = ANSWERED["anyOf at a tool's root"]

    message = post(json={"model": "smart", **body, "tool_choice": "required"}).json()["choices"][0]["message"]

    assert json.loads(message["tool_calls"][0]["function"]["arguments"])["city"] == "Toronto"
