"""Real answers from an OpenAI-compatible server: as they are written, and the rest of the stand-in still holds."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from ministack.services import bedrock_runtime

from sandbox.model import proxy, scripted
from sandbox.model.proxy import Upstream
from tests.sandbox.model.conftest import MODEL
from tests.sandbox.model.upstream import USAGE, Fake, delta, serving, words

Ask = Callable[..., Any]
WHO = "This is the sandbox's Llama, not Nova Micro."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [
    {"toolSpec": {"name": name, "description": f"{name} it", "inputSchema": {"json": SCHEMA}}} for name in ("see", "go")
]
TEXT_FORMAT = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(SCHEMA)}}}}


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving() as found:
        proxy.use(found.upstream())
        yield found
        proxy.use(None)


def texts(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [p["delta"]["text"] for kind, p in events if kind == "contentBlockDelta" and "text" in p["delta"]]


def test_the_answer_is_the_servers_and_says_whose(ask: Ask, fake: Fake) -> None:
    reply = ask(
        "Hello",
        system=[{"text": "Be brief."}],
        inferenceConfig={"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["x"]},
        additionalModelRequestFields={"inferenceConfig": {"topK": 3}},
    )

    assert reply.text == f"{WHO} Real words."
    assert reply.body["usage"] == {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9}
    assert reply.body["stopReason"] == "end_turn"
    assert fake.seen == [
        {
            "model": "llama3.2",
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 9,
            "temperature": 0.5,
            "top_p": 0.9,
            "stop": ["x"],
            "top_k": 3,
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        }
    ]
    assert "authorization" not in fake.headers[0]


@pytest.mark.parametrize(("asked", "sent"), [({"maxTokens": 9}, 9), ({"maxTokens": 5_000}, 400), ({}, 400)])
def test_a_model_that_may_not_find_an_end_is_given_one(ask: Ask, fake: Fake, asked: dict[str, int], sent: int) -> None:
    proxy.use(fake.upstream(most_tokens=400))
    ask("Hello", inferenceConfig=asked)
    assert fake.seen[0]["max_tokens"] == sent


def test_a_key_is_sent(ask: Ask, fake: Fake) -> None:
    proxy.use(fake.upstream(key="k"))
    ask("Hello")
    assert fake.headers[0]["authorization"] == "Bearer k"


def test_what_the_sandbox_said_of_itself_is_not_told_to_the_model(post: Callable[..., Any], fake: Fake) -> None:
    said = [("user", "Hi"), ("assistant", f"{WHO} Hello."), ("user", "And you?")]
    summary = "<summary>This is the sandbox's stand-in model, not Nova Micro. Ann likes tea.</summary>"
    messages = [{"role": role, "content": [{"text": text}]} for role, text in said]
    post("converse", {"messages": messages, "system": [{"text": summary}]})
    assert [message["content"] for message in fake.seen[0]["messages"]] == [
        "<summary>Ann likes tea.</summary>",
        "Hi",
        "Hello.",
        "And you?",
    ]


@pytest.mark.parametrize(
    ("finish", "more", "reason"),
    [
        ("length", {}, "max_tokens"),
        ("stop", {"stop_reason": "x"}, "stop_sequence"),
        ("stop", {"stop_reason": None}, "end_turn"),
        ("content_filter", {}, "content_filtered"),
    ],
)
def test_why_it_stopped(ask: Ask, fake: Fake, finish: str, more: dict[str, Any], reason: str) -> None:
    fake.chunks = [delta("Real"), delta(finish=finish, **more), USAGE]
    assert ask("Hello").body["stopReason"] == reason
    assert ("messageStop", {"stopReason": reason}) in ask("Hello", operation="converse-stream").events


def test_llama_tells_when_it_stopped_at_a_sequence(ask: Ask, fake: Fake) -> None:
    proxy.use(fake.upstream(is_llama=True))
    fake.chunks = [delta("Real"), {**delta(finish="stop"), "__verbose": {"stop_type": "word"}}, USAGE]
    assert ask("Hello", inferenceConfig={"stopSequences": ["x"]}).body["stopReason"] == "stop_sequence"
    ask("Hello")
    assert [body.get("verbose") for body in fake.seen] == [True, None]


def _stream(sent: Callable[[bytes], None], gone: asyncio.Event | None = None) -> None:
    """Call ConverseStream and hand over each event when it is sent; ``gone`` is the client hanging up."""

    async def call() -> None:
        body = json.dumps({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}).encode()
        path = f"/model/{quote(MODEL, safe='')}/converse-stream"
        _, _, response = await bedrock_runtime.handle_request("POST", path, {}, body, {})

        async def send(message: dict[str, Any]) -> None:
            sent(message["body"])

        async def receive() -> dict[str, Any]:
            await (gone or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        await response.runner(send, receive)

    asyncio.run(call())


def test_a_token_is_sent_before_the_next_is_made(fake: Fake) -> None:
    """The server writes no second word until the first has reached the client."""
    arrived = threading.Event()
    fake.chunks = [delta("Real"), arrived, *words(" words.")]
    events: list[bytes] = []

    def sent(event: bytes) -> None:
        events.append(event)
        if b'"Real"' in event:
            arrived.set()

    _stream(sent)

    assert sum(b" words." in event for event in events) == 1


def test_a_client_that_hangs_up_stops_the_model(fake: Fake) -> None:
    gone = asyncio.Event()
    fake.chunks = [delta("Real"), *[delta(" word") for _ in range(100_000)]]

    _stream(lambda event: gone.set() if b'"Real"' in event else None, gone)

    assert fake.gone.wait(60)
    assert scripted.state()["calls"][-1]["outcome"] == "disconnected"


def test_a_client_that_hangs_up_while_nothing_is_written_stops_the_model_too(fake: Fake) -> None:
    gone, released = asyncio.Event(), threading.Event()
    fake.chunks = [delta("Real"), released, *[delta(" word") for _ in range(100_000)]]

    _stream(lambda event: gone.set() if b'"Real"' in event else None, gone)
    released.set()

    assert fake.gone.wait(60)
    assert scripted.state()["calls"][-1]["outcome"] == "disconnected"


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


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": {"message": "exceeds the available context size"}}, "ValidationException: Input is too long"),
        (400, {"error": {"message": "no such field"}}, "ValidationException: The model's server refused"),
        (404, {"error": "no such model"}, "ValidationException: The model's server refused the request (404): no such"),
        (500, b"<html>", "ModelErrorException: The model's server failed (500): <html>"),
        (503, [], "ModelErrorException: The model's server failed (503)"),
    ],
)
@pytest.mark.parametrize("operation", ["converse", "converse-stream"])
def test_a_refusal_is_told(ask: Ask, fake: Fake, status: int, body: Any, error: str, operation: str) -> None:
    fake.status, fake.body = status, body
    assert ask("Hello", operation=operation).error.startswith(error)


@pytest.mark.parametrize(
    "broken",
    [
        "data: no json",
        "data: [1]",
        'data: {"error": {"message": "out of memory"}}',
        'error: {"message": "x"}',
        'data: {"choices": ["x"]}',
        'data: {"choices": [{"delta": {"content": ["x"]}}]}',
        'data: {"choices": [{"delta": {"tool_calls": ["x"]}}]}',
        'data: {"usage": 3}',
        f"data: {'[' * 100_000}",
        ": and there it ends",
    ],
)
def test_a_stream_that_breaks_is_an_error(ask: Ask, fake: Fake, broken: str) -> None:
    fake.chunks = [delta("Real"), broken]
    assert ask("Hello").error.startswith("ModelErrorException: The model's server ")
    kind, payload = ask("Hello", operation="converse-stream").events[-1]
    assert kind == "modelStreamErrorException"
    assert payload["message"].startswith("The model's server ")


def test_a_server_that_is_away_is_an_error(ask: Ask) -> None:
    proxy.use(Upstream("http://127.0.0.1:9", "m", "M"))
    try:
        assert ask("Hello").error.startswith("ServiceUnavailableException: No answer from http://127.0.0.1:9")
        assert ask("Hello", operation="converse-stream").status == 503
    finally:
        proxy.use(None)


def test_a_server_that_says_only_that_it_is_done_has_answered(ask: Ask, fake: Fake) -> None:
    fake.chunks = [delta("Real words."), "data: [DONE]"]
    reply = ask("Hello")
    assert (reply.text, reply.body["stopReason"]) == (f"{WHO} Real words.", "end_turn")


def test_a_server_without_counts_is_estimated(ask: Ask, fake: Fake) -> None:
    fake.chunks = [": a comment", "event: x", delta("Real words."), delta(finish="stop"), "data: [DONE]"]
    usage = ask("Hello").body["usage"]
    assert usage["inputTokens"] > 0
    assert usage["outputTokens"] > 2
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]


def test_what_the_script_says_comes_first(ask: Ask, fake: Fake, script: Callable[..., None]) -> None:
    script(
        {"do": "throttle", "times": 1},
        {"do": "answer", "text": "Scripted.", "times": 1},
        {"do": "error_mid_stream", "after_tokens": 1, "times": 2},
        {"do": "slow", "delay_ms": 1},
    )
    assert ask("Hello").status == 429
    assert ask("Hello").text == "Scripted."
    assert not fake.seen
    events = ask("Hello", operation="converse-stream").events
    assert (texts(events), events[-1][0]) == ([f"{WHO} "], "modelStreamErrorException")
    assert ask("Hello").error.startswith("ModelErrorException")
    assert ask("Hello").text == f"{WHO} Real words."


def test_the_guardrail_judges_both_sides(ask: Ask, fake: Fake, guardrail: Callable[..., dict[str, Any]]) -> None:
    config = guardrail(wordPolicyConfig={"wordsConfig": [{"text": "forbidden"}]})
    fake.chunks = words("This is", " forbidden", " here.")
    assert ask("Say something forbidden", guardrailConfig=config).text == "Not that."
    assert not fake.seen
    reply = ask("Hello", guardrailConfig=config)
    assert (reply.text, reply.body["stopReason"]) == ("Not said.", "guardrail_intervened")
    assert reply.body["usage"]["outputTokens"] == 2


def test_a_stream_passes_what_was_judged(ask: Ask, fake: Fake, guardrail: Callable[..., dict[str, Any]]) -> None:
    config = guardrail(wordPolicyConfig={"wordsConfig": [{"text": "forbidden"}]})
    fake.chunks = words("All", " is", " well", ".", " But", " this", " is", " for", "bid", "den", " here", ".")
    events = ask("Hello", operation="converse-stream", guardrailConfig=config).events

    assert "".join(texts(events)) == f"{WHO} All isNot said."
    assert events[-2] == ("messageStop", {"stopReason": "guardrail_intervened"})
    assert events[-1][1]["trace"]["guardrail"]["actionReason"] == "Guardrail blocked."
    assert events[-1][1]["usage"]["totalTokens"] > 0


def test_a_stream_is_masked_before_it_is_sent(ask: Ask, fake: Fake, guardrail: Callable[..., dict[str, Any]]) -> None:
    pii = {"piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}]}
    config = guardrail(sensitiveInformationPolicyConfig=pii)
    fake.chunks = words("Write", " to", " ann", "@", "example", ".", "com", " soon", ".")
    events = ask("Hello", operation="converse-stream", guardrailConfig=config).events

    assert "".join(texts(events)) == f"{WHO} Write to {{EMAIL}} soon."
    assert events[-2] == ("messageStop", {"stopReason": "guardrail_intervened"})
    assert events[-1][1]["usage"] == {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9}


def test_in_asynchronous_mode_words_pass_first(ask: Ask, fake: Fake, guardrail: Callable[..., dict[str, Any]]) -> None:
    config = {**guardrail(wordPolicyConfig={"wordsConfig": [{"text": "forbidden"}]}), "streamProcessingMode": "async"}
    fake.chunks = words("This is", " forbidden", ".")
    events = ask("Hello", operation="converse-stream", guardrailConfig=config).events
    assert "".join(texts(events)) == f"{WHO} This is forbidden.Not said."
    fake.chunks = words("Fine", ".")
    events = ask("Hello", operation="converse-stream", guardrailConfig=config).events
    assert "".join(texts(events)) == f"{WHO} Fine."
    assert events[-2] == ("messageStop", {"stopReason": "end_turn"})


def test_an_answer_held_against_sources_is_judged_as_a_whole(
    post: Callable[..., Any], fake: Fake, guardrail: Callable[..., dict[str, Any]]
) -> None:
    config = guardrail(contextualGroundingPolicyConfig={"filtersConfig": [{"type": "GROUNDING", "threshold": 0.5}]})
    content = [
        {"guardContent": {"text": {"text": "The tower is tall.", "qualifiers": ["grounding_source"]}}},
        {"guardContent": {"text": {"text": "How is the tower?", "qualifiers": ["query"]}}},
    ]
    body = {"messages": [{"role": "user", "content": content}], "guardrailConfig": config}
    fake.chunks = words("Bananas grow", " in jungles.", " Elephants", " trumpet.")
    assert texts(post("converse-stream", body).events) == ["Not said."]
    fake.chunks = words("The tower", " is", " tall.")
    assert "".join(texts(post("converse-stream", body).events)) == f"{WHO} The tower is tall."
