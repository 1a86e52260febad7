"""Which tools the stand-in model calls, with what, and what it makes of their results."""

from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[..., Any]


def tool(name: str, description: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"toolSpec": {"name": name, "description": description, "inputSchema": {"json": schema}}}


WEATHER = tool("get_weather", "Get the current weather", location={"type": "string"})
TIME = tool("get_time", "Tell the local time", city={"type": "string"})
ADD = tool("calculator", "Works out sums", expression={"type": "string"})
TOOLS = {"tools": [WEATHER, TIME, ADD]}


def uses(reply: Any) -> list[tuple[str, Any]]:
    content = reply.body["output"]["message"]["content"]
    return [(block["toolUse"]["name"], block["toolUse"]["input"]) for block in content if "toolUse" in block]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the weather in Paris?", [("get_weather", {"location": "Paris"})]),
        (
            "What are the weather and the time in New York?",
            [("get_weather", {"location": "New York"}), ("get_time", {"city": "New York"})],
        ),
        (
            "Compare the weather in Oslo and Rome",
            [("get_weather", {"location": "Oslo"}), ("get_weather", {"location": "Rome"})],
        ),
        ("Use the calculator: what is 12 * (3 + 4)?", [("calculator", {"expression": "12 * (3 + 4)"})]),
        ("Who wrote Hamlet?", []),
    ],
)
def test_calls_the_tools_that_the_user_asks_for(ask: Ask, text: str, expected: list[Any]) -> None:
    reply = ask(text, toolConfig=TOOLS)
    assert uses(reply) == expected
    assert reply.body["stopReason"] == ("tool_use" if expected else "end_turn")


def test_obeys_tool_choice(ask: Ask) -> None:
    assert uses(ask("Who wrote Hamlet?", toolConfig=TOOLS | {"toolChoice": {"any": {}}}))[0][0] == "get_weather"
    forced = ask("Who wrote Hamlet?", toolConfig=TOOLS | {"toolChoice": {"tool": {"name": "get_time"}}})
    assert [list(block) for block in forced.body["output"]["message"]["content"]] == [["toolUse"]]


def test_quotes_the_results(post: Callable[..., Any], ask: Ask) -> None:
    asked = ask("What are the weather and the time in Paris?", toolConfig=TOOLS).body["output"]["message"]
    ids = [block["toolUse"]["toolUseId"] for block in asked["content"] if "toolUse" in block]
    contents = [[{"json": {"celsius": 21}}], [{"text": "half past nine"}]]
    results = [
        {"toolResult": {"toolUseId": name, "content": content}} for name, content in zip(ids, contents, strict=True)
    ]
    messages = [
        {"role": "user", "content": [{"text": "What are the weather and the time in Paris?"}]},
        asked,
        {"role": "user", "content": results},
    ]
    reply = post("converse", {"messages": messages, "toolConfig": TOOLS})
    assert reply.body["stopReason"] == "end_turn"
    assert 'get_weather returned: {"celsius": 21}.' in reply.text
    assert "get_time returned: half past nine." in reply.text


def test_streams_tool_input_as_json(ask: Ask) -> None:
    events = ask("What is the weather in Paris?", operation="converse-stream", toolConfig=TOOLS).events
    starts = [payload for kind, payload in events if kind == "contentBlockStart"]
    assert [start["start"]["toolUse"]["name"] for start in starts] == ["get_weather"]
    pieces = [p["delta"]["toolUse"]["input"] for k, p in events if k == "contentBlockDelta" and "toolUse" in p["delta"]]
    assert "".join(pieces) == '{"location": "Paris"}'
    assert ("messageStop", {"stopReason": "tool_use"}) in events


@pytest.mark.parametrize(
    ("said", "places"),
    [
        ("What is the weather in San Francisco, CA?", ["San Francisco, CA"]),
        ("What is the weather in Boston, MA and Paris?", ["Boston, MA", "Paris"]),
        ("What is the weather in Oslo, Rome and Paris?", ["Oslo", "Rome", "Paris"]),
        ("What is the weather in Oslo, Ulm?", ["Oslo", "Ulm"]),
    ],
)
def test_a_states_letters_go_with_the_town(ask: Ask, said: str, places: list[str]) -> None:
    content = ask(said, toolConfig=TOOLS).body["output"]["message"]["content"]

    assert [block["toolUse"]["input"]["location"] for block in content if "toolUse" in block] == places
