"""Faults, paces and answers on request, and the log of what happened."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from ministack.services import bedrock_runtime

from sandbox.model import control, scripted
from sandbox.model.errors import FAULTS

Ask = Callable[..., Any]
Script = Callable[..., None]


def manage(method: str, name: str, document: Any = None) -> tuple[int, Any]:
    body = b"" if document is None else json.dumps(document).encode()
    status, _, reply = asyncio.run(control.handler(method, f"/_sandbox/model/{name}", body, {}))
    return status, json.loads(reply) if reply else None


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_has_its_aws_name_and_status(ask: Ask, script: Script, name: str) -> None:
    script({"do": name, "times": 1})
    reply = ask("Hello")
    assert reply.error.startswith(f"{FAULTS[name].code}: ")
    assert reply.status >= 400
    assert ask("Hello").status == 200


def test_a_step_decides_the_calls_that_it_matches(ask: Ask, script: Script) -> None:
    script({"do": "throttle", "match": {"model": "amazon.nova-micro*", "contains": "apple"}})
    assert ask("An APPLE?").status == 429
    assert ask("An apple?", "us.amazon.nova-micro-v1:0").status == 429
    assert ask("An apple?", "amazon.nova-lite-v1:0").status == 200
    assert ask("A pear?").status == 200
    _, state = manage("GET", "script")
    assert state["steps"][0]["used"] == 2
    assert [call["outcome"] for call in state["calls"]] == ["ThrottlingException"] * 2 + ["completed"] * 2


def test_answers_and_tool_calls(ask: Ask, script: Script) -> None:
    script({"do": "answer", "text": "Exactly this.", "times": 1}, {"do": "tool_calls", "calls": [{"name": "t"}]})
    assert ask("Hello").text == "Exactly this."
    (block,) = ask("Hello").body["output"]["message"]["content"]
    assert block["toolUse"]["name"] == "t"


def test_breaks_off_in_mid_stream(ask: Ask, script: Script) -> None:
    script({"do": "error_mid_stream", "after_tokens": 2, "error": "throttlingException"})
    kinds = [kind for kind, _ in ask("Hello", operation="converse-stream").events]
    assert kinds == ["messageStart", "contentBlockDelta", "contentBlockDelta", "throttlingException"]
    assert ask("Hello").error.startswith("ModelErrorException")


def test_slow_tokens_are_sent_one_by_one(ask: Ask, script: Script) -> None:
    script({"do": "slow", "delay_ms": 10})
    events = ask("Hello", operation="converse-stream", inferenceConfig={"maxTokens": 5}).events
    assert [kind for kind, _ in events][-2:] == ["messageStop", "metadata"]
    (call,) = scripted.state()["calls"]
    assert len(call["sent"]) == 5
    # None before its time; on a busy machine several are late together.
    assert all(sent - call["started"] >= 0.009 * number for number, sent in enumerate(call["sent"], 1))


def stream(client: Callable[[list[bytes]], Awaitable[None]]) -> list[bytes]:
    """Stream an answer to a client that looks at the events that arrived, and leaves when it is done; return them."""
    arrived: list[bytes] = []

    async def run() -> None:
        body = json.dumps({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}).encode()
        path = "/model/amazon.nova-micro-v1:0/converse-stream"
        _, _, answer = await bedrock_runtime.handle_request("POST", path, {}, body, {})

        async def send(message: dict[str, Any]) -> None:
            arrived.append(message["body"])

        async def receive() -> dict[str, Any]:
            await client(arrived)
            return {"type": "http.disconnect"}

        await answer.runner(send, receive)

    asyncio.run(run())
    return arrived


async def two_tokens(arrived: list[bytes]) -> None:
    while len(arrived) < 3:  # the beginning is an event too
        await asyncio.sleep(0)


def test_stops_when_the_client_leaves(script: Script) -> None:
    script({"do": "hold", "after_tokens": 2})

    stream(two_tokens)

    (call,) = scripted.state()["calls"]
    assert call["disconnected"] is True
    assert len(call["sent"]) == 2 < call["output_tokens"]


def test_a_held_stream_goes_on_when_the_script_changes(script: Script) -> None:
    script({"do": "hold", "after_tokens": 2})

    async def client(arrived: list[bytes]) -> None:
        await two_tokens(arrived)
        await asyncio.sleep(0.1)
        assert len(arrived) == 3
        script({"do": "slow", "delay_ms": 0})
        await asyncio.Event().wait()

    assert b"metadata" in stream(client)[-2]


def test_the_control_endpoint(ask: Ask) -> None:
    status, state = manage("PUT", "script", [{"do": "quota", "times": None}])
    assert (status, state["steps"][0]["do"]) == (200, "quota")
    assert "Too many tokens per day" in ask("Hello").error
    assert manage("DELETE", "script") == (204, None)
    assert ask("Hello").status == 200
    assert manage("PUT", "account", [{"model": "x", "status": "LEGACY"}])[1][0]["status"] == "LEGACY"
    assert manage("POST", "script")[0] == 405
    assert manage("GET", "nothing")[0] == 404


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "a script is a list"),
        ([{}], "needs a member 'do'"),
        ([{"do": "dance"}], "cannot do 'dance'"),
        ([{"do": "slow", "speed": 1}], "unknown member 'speed'"),
        ([{"do": "slow", "delay_ms": "1"}], "wrong type"),
        ([{"do": "slow", "match": {"colour": "x"}}], "cannot match 'colour'"),
        ([{"do": "answer"}], "needs 'text'"),
        ([{"do": "tool_calls"}], "needs 'calls'"),
        ([{"do": "error_mid_stream", "error": "boom"}], "unknown stream error"),
    ],
)
def test_a_wrong_script_is_refused(document: Any, message: str) -> None:
    status, reply = manage("PUT", "script", document)
    assert status == 400
    assert message in reply["error"]["message"]
