"""Tools and schemas over a server's model: what is asked of it, and what is made of what it writes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.model import proxy
from tests.sandbox.model.upstream import USAGE, WHO, Fake, delta, texts, words

Ask = Callable[..., Any]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [
    {"toolSpec": {"name": name, "description": f"{name} it", "inputSchema": {"json": SCHEMA}}} for name in ("see", "go")
]
TEXT_FORMAT = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(SCHEMA)}}}}


def test_a_schema_is_enforced_by_the_server_and_nothing_is_put_before_json(ask: Ask, fake: Fake) -> None:
    fake.chunks = words('{"city":', ' "Rome"}')
    reply = ask("Which city?", outputConfig=TEXT_FORMAT)
    assert json.loads(reply.text) == {"city": "Rome"}
    given = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
    assert fake.seen[0]["response_format"] == given
    fake.chunks = words('{"a": 1}')
    assert ask("Hello", system=[{"text": "Answer with one JSON object and nothing else."}]).text == '{"a": 1}'


@pytest.mark.parametrize("schema", ["{no", "[1]", "[" * 100_000])
@pytest.mark.parametrize("operation", ["converse", "converse-stream"])
def test_a_schema_that_is_none_is_refused(ask: Ask, fake: Fake, schema: str, operation: str) -> None:
    form = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema}}}}
    error = ask("Hi", operation=operation, outputConfig=form).error
    assert error.startswith("ValidationException: The JSON schema in the request cannot be used: ")
    assert not fake.seen


def test_a_tool_that_must_be_called_is_a_schema(ask: Ask, fake: Fake) -> None:
    fake.chunks = words('{"city":', ' "Rome"}')
    for config in (
        {"tools": TOOLS, "toolChoice": {"tool": {"name": "go"}}},
        {"tools": TOOLS[1:], "toolChoice": {"any": {}}},
    ):
        reply = ask("Go to Rome", toolConfig=config)
        (block,) = reply.body["output"]["message"]["content"]
        assert (block["toolUse"]["name"], block["toolUse"]["input"]) == ("go", {"city": "Rome"})
        assert reply.body["stopReason"] == "tool_use"
    assert all(body["response_format"]["json_schema"]["schema"] == SCHEMA for body in fake.seen)
    assert "tools" not in fake.seen[0]
    events = ask("Go", toolConfig=config, operation="converse-stream").events
    start = next(p["start"]["toolUse"] for kind, p in events if kind == "contentBlockStart")
    parts = [p["delta"]["toolUse"]["input"] for kind, p in events if kind == "contentBlockDelta"]
    assert (start["name"], parts) == ("go", ['{"city":', ' "Rome"}'])


def test_tools_of_a_template_that_knows_them_are_offered_as_tools(ask: Ask, fake: Fake) -> None:
    call = {"index": 0, "id": "x", "function": {"name": "see", "arguments": '{"city":'}}
    more = {"index": 0, "function": {"arguments": ' "Rome"}'}}
    also = {"index": 1, "function": {"name": "go", "arguments": {"city": "Oslo"}}}
    fake.chunks = [
        delta("Let me see."),
        *(delta(delta={"tool_calls": [one]}) for one in (call, more, also)),
        delta(finish="tool_calls"),
        USAGE,
    ]
    reply = ask("See Rome", toolConfig={"tools": TOOLS, "toolChoice": {"any": {}}})
    words_first, *calls = reply.body["output"]["message"]["content"]
    assert words_first == {"text": f"{WHO} Let me see."}
    assert [(each["toolUse"]["name"], each["toolUse"]["input"]["city"]) for each in calls] == [
        ("see", "Rome"),
        ("go", "Oslo"),
    ]
    assert len({each["toolUse"]["toolUseId"] for each in calls}) == 2
    assert [tool["function"]["name"] for tool in fake.seen[0]["tools"]] == ["see", "go"]
    assert fake.seen[0]["tool_choice"] == "required"
    events = ask("See Rome", toolConfig={"tools": TOOLS}, operation="converse-stream").events
    assert [p["contentBlockIndex"] for kind, p in events if kind == "contentBlockStop"] == [0, 1, 2]
    assert "tool_choice" not in fake.seen[1]


def test_a_template_without_tools_gets_a_schema_of_both_kinds_of_answer(ask: Ask, fake: Fake) -> None:
    proxy.use(fake.upstream(knows_tools=False))
    fake.chunks = words('{"call": {"name": "see", "arguments": {"city": "Rome"}}}')
    reply = ask("See Rome", toolConfig={"tools": TOOLS})
    assert reply.body["output"]["message"]["content"][0]["toolUse"]["input"] == {"city": "Rome"}
    assert reply.body["stopReason"] == "tool_use"
    fake.chunks = words('{"text": "No."}')
    assert ask("Hi", toolConfig={"tools": TOOLS}).text == f"{WHO} No."
    fake.chunks = words('{"text": "No', finish="length")
    assert ask("Hi", toolConfig={"tools": TOOLS}).text == f"{WHO} No"
    kinds = fake.seen[0]["response_format"]["json_schema"]["schema"]["anyOf"]
    assert [kind["required"] for kind in kinds] == [["call"], ["call"], ["text"]]
    ask("Hi", toolConfig={"tools": TOOLS, "toolChoice": {"any": {}}})
    assert len(fake.seen[-1]["response_format"]["json_schema"]["schema"]["anyOf"]) == 2


def test_words_beside_tools_are_sent_while_they_are_written(ask: Ask, fake: Fake) -> None:
    """A schema of both kinds of answer is no reason to wait for its end: neither is what JSON escapes."""
    proxy.use(fake.upstream(knows_tools=False))
    fake.chunks = words('{"te', 'xt": ', '"Yes', "\\", "n: \\ud83d", "\\ude00", ' \\"ok\\"', '."}')
    events = ask("Hi", toolConfig={"tools": TOOLS}, operation="converse-stream").events
    assert texts(events) == [f"{WHO} ", "Yes", "\n: ", "😀", ' "ok"', "."]
    assert ("messageStop", {"stopReason": "end_turn"}) in events


def test_stop_texts_beside_tools_are_looked_for_in_the_words(ask: Ask, fake: Fake) -> None:
    """And not by the server in the JSON around them, where a comma would cut a call."""
    proxy.use(fake.upstream(knows_tools=False))
    config = {"toolConfig": {"tools": TOOLS}, "inferenceConfig": {"stopSequences": [",", "\nEND"]}}
    fake.chunks = words('{"text": "One\\nE', "at", "\\nEN", 'D two"}')
    reply = ask("Hi", **config)
    assert (reply.text, reply.body["stopReason"]) == (f"{WHO} One\nEat", "stop_sequence")
    events = ask("Hi", operation="converse-stream", **config).events
    assert texts(events) == [f"{WHO} ", "One", "\nEat"]
    fake.chunks = words('{"call": {"name": "see", "arguments": {"city": "Rome, Italy"}}}')
    assert ask("Hi", **config).body["stopReason"] == "tool_use"
    assert not any("stop" in body for body in fake.seen)
    fake.chunks = words('{"text": "It may\\nEN"}')
    assert ask("Hi", **config).text == f"{WHO} It may\nEN"


@pytest.mark.parametrize(
    ("chunks", "content"),
    [
        (words('{"text": ""}'), []),
        (words('{"call": {"name": "see", "argu', finish="length"), []),
        (words("Neither."), [{"text": f"{WHO} Neither."}]),
    ],
)
def test_what_is_neither_a_call_nor_words(ask: Ask, fake: Fake, chunks: list[Any], content: list[Any]) -> None:
    proxy.use(fake.upstream(knows_tools=False))
    fake.chunks = chunks
    assert ask("Hi", toolConfig={"tools": TOOLS}).body["output"]["message"]["content"] == content


@pytest.mark.parametrize("ids", [("a", "b"), (None, None)])
def test_calls_are_told_apart_by_their_numbers_or_their_ids(
    ask: Ask, fake: Fake, ids: tuple[str | None, str | None]
) -> None:
    """Some servers number all calls of an answer 0, or not at all."""
    first = {"index": 0, "id": ids[0], "function": {"name": "see", "arguments": '{"city": '}}
    rest = {"index": 0, "function": {"arguments": '"Rome"}'}}
    second = {"index": 0 if ids[1] else 1, "id": ids[1], "function": {"name": "go", "arguments": '{"city": "Oslo"}'}}
    fake.chunks = [*(delta(delta={"tool_calls": [one]}) for one in (first, rest, second)), delta(finish="tool_calls")]
    content = ask("See Rome", toolConfig={"tools": TOOLS}).body["output"]["message"]["content"]
    assert [each["toolUse"]["name"] for each in content] == ["see", "go"]
    assert [each["toolUse"]["input"]["city"] for each in content] == ["Rome", "Oslo"]


@pytest.mark.parametrize("knows_tools", [True, False])
def test_calls_and_results_are_told(post: Callable[..., Any], fake: Fake, knows_tools: bool) -> None:
    proxy.use(fake.upstream(knows_tools=knows_tools))
    use = {"toolUse": {"toolUseId": "t1", "name": "see", "input": {"city": "Rome"}}}
    result = {"toolResult": {"toolUseId": "t1", "content": [{"json": {"sun": True}}]}}
    messages = [
        {"role": "user", "content": [{"text": "See Rome"}]},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    post("converse", {"messages": messages, "toolConfig": {"tools": TOOLS}})
    told = fake.seen[0]["messages"][-2:]
    if knows_tools:
        assert told[0]["tool_calls"][0]["function"] == {"name": "see", "arguments": '{"city": "Rome"}'}
        assert told[1] == {"role": "tool", "tool_call_id": "t1", "content": '{"sun": true}'}
    else:
        assert [message["role"] for message in told] == ["assistant", "user"]
        assert "Rome" in told[0]["content"]
        assert told[1]["content"] == 'Result: {"sun": true}'


def test_an_image_is_sent_on(post: Callable[..., Any], fake: Fake) -> None:
    image = {"image": {"format": "png", "source": {"bytes": "aGk="}}}
    messages = [{"role": "user", "content": [{"text": "What is it?"}, image]}]
    assert post("converse", {"messages": messages}, "amazon.nova-lite-v1:0").status == 200
    parts = fake.seen[0]["messages"][0]["content"]
    assert parts[1] == {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}


def test_a_call_that_is_no_json_is_an_error_and_one_that_was_cut_is_left_out(ask: Ask, fake: Fake) -> None:
    config = {"tools": TOOLS, "toolChoice": {"tool": {"name": "go"}}}
    fake.chunks = words('{"city"', finish="stop")
    assert ask("Go", toolConfig=config).error.startswith("ModelErrorException: The model called a tool with input")
    for cut in ('{"city"', ""):
        fake.chunks = words(cut, finish="length")
        reply = ask("Go", toolConfig=config)
        assert (reply.body["output"]["message"]["content"], reply.body["stopReason"]) == ([], "max_tokens")


def test_what_a_tools_schema_refers_to_is_found_in_a_schema_of_several(ask: Ask, fake: Fake) -> None:
    proxy.use(fake.upstream(knows_tools=False))
    tree = {
        "type": "object",
        "$defs": {"leaf": {"type": "integer"}},
        "properties": {"leaf": {"$ref": "#/$defs/leaf"}, "more": {"type": "array", "items": {"$ref": "#"}}},
    }
    plant = {"toolSpec": {"name": "plant", "inputSchema": {"json": tree}}}
    fake.chunks = words('{"call": {"name": "plant", "arguments": {"leaf": 1}}}')
    ask("Plant", toolConfig={"tools": [plant, *TOOLS]})
    schema = fake.seen[0]["response_format"]["json_schema"]["schema"]
    call = schema["anyOf"][0]["properties"]["call"]["properties"]
    assert (call["name"], call["arguments"]) == ({"const": "plant"}, {"$ref": "#/$defs/plant"})
    assert schema["$defs"]["see"] == SCHEMA
    moved = schema["$defs"]["plant"]
    assert moved["properties"]["leaf"] == {"$ref": "#/$defs/plant/$defs/leaf"}
    assert moved["properties"]["more"]["items"] == {"$ref": "#/$defs/plant"}
    assert moved["$defs"] == tree["$defs"]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"type": "object"}, {"type": "object", "properties": {}}),
        ({"type": "object", "additionalProperties": True}, {"type": "object", "additionalProperties": True}),
    ],
)
def test_a_tool_without_parameters_is_called_with_none(
    ask: Ask, fake: Fake, given: dict[str, Any], sent: dict[str, Any]
) -> None:
    fake.chunks = words("{}")
    tool = {"toolSpec": {"name": "now", "inputSchema": {"json": given}}}
    reply = ask("Now?", toolConfig={"tools": [tool], "toolChoice": {"any": {}}})
    assert reply.body["output"]["message"]["content"][0]["toolUse"]["input"] == {}
    assert fake.seen[0]["response_format"]["json_schema"]["schema"] == sent
