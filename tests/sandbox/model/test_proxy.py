"""Real answers from an OpenAI-compatible server: as they are written, and the rest of the stand-in still holds."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from ministack.services import bedrock_runtime

from sandbox.model import proxy, scripted
from sandbox.model.proxy import Upstream
from tests.sandbox.model.conftest import MODEL
from tests.sandbox.model.upstream import USAGE, WHO, Fake, delta, texts, words

Ask = Callable[..., Any]


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
