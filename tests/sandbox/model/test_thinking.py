"""The stand-in thinks where it is asked to, proves what it thought, and refuses what the real ones do."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

Reply = Any
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
SONNET = "us.anthropic.claude-sonnet-5"
NOVA = "us.amazon.nova-2-lite-v1:0"
BUDGET = {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1_024}}}
LONG = {"inferenceConfig": {"maxTokens": 4_000}}


def content(reply: Reply) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = reply.body["output"]["message"]["content"]
    return blocks


def again(post: Callable[..., Reply], blocks: list[dict[str, Any]], **members: Any) -> Reply:
    said = [{"text": "How deep?"}]
    messages = [
        {"role": "user", "content": said},
        {"role": "assistant", "content": blocks},
        {"role": "user", "content": said},
    ]
    return post("converse", {"messages": messages, **members}, HAIKU)


def test_thoughts_are_signed_and_come_back_as_they_were(ask: Callable[..., Reply], post: Callable[..., Reply]) -> None:
    thought, said = content(ask("How deep?", HAIKU, **BUDGET, **LONG))

    assert again(post, [thought, said]).status == 200
    thought["reasoningContent"]["reasoningText"]["text"] += "!"
    assert "Invalid `signature` in `thinking` block" in again(post, [thought, said]).error


def test_nobody_thinks_unasked_and_the_script_may_have_it_so(
    ask: Callable[..., Reply], script: Callable[..., None]
) -> None:
    assert [set(block) for block in content(ask("How deep?", HAIKU))] == [{"text"}]

    script({"do": "answer", "text": "Deep.", "thought": "Hm."})
    thought, said = content(ask("How deep?", HAIKU))
    assert (thought["reasoningContent"]["reasoningText"]["text"], said["text"]) == ("Hm.", "Deep.")


def test_a_redacted_thought_is_bytes_that_have_to_come_back(
    ask: Callable[..., Reply], post: Callable[..., Reply], script: Callable[..., None]
) -> None:
    script({"do": "answer", "text": "Deep.", "thought": "Hm.", "redacted": True, "times": 1})
    thought, said = content(ask("How deep?", HAIKU))

    assert again(post, [thought, said]).status == 200
    changed = {"reasoningContent": {"redactedContent": base64.b64encode(bytes(64)).decode()}}
    assert "Invalid `data` in `redacted_thinking` block" in again(post, [changed, said]).error


@pytest.mark.parametrize("redacted", [False, True])
def test_a_stream_thinks_in_pieces_before_its_signature(
    ask: Callable[..., Reply], script: Callable[..., None], redacted: bool
) -> None:
    script({"do": "answer", "text": "Deep.", "thought": "Hm, so it is.", "redacted": redacted})
    events = ask("How deep?", HAIKU, "converse-stream").events

    deltas = [payload["delta"] for kind, payload in events if kind == "contentBlockDelta"]
    thought = [delta["reasoningContent"] for delta in deltas if "reasoningContent" in delta]
    if redacted:
        assert [set(piece) for piece in thought] == [{"redactedContent"}]
    else:
        assert "".join(piece.get("text", "") for piece in thought) == "Hm, so it is."
        assert set(thought[-1]) == {"signature"}
    assert "text" in deltas[-1]


@pytest.mark.parametrize(
    ("thinking", "shown"), [({}, False), ({"display": "omitted"}, False), ({"display": "summarized"}, True)]
)
def test_since_opus_4_7_thoughts_are_told_to_who_asks(ask: Callable[..., Reply], thinking: Any, shown: bool) -> None:
    fields = {"thinking": {"type": "adaptive", **thinking}}
    thought = content(ask("How deep?", SONNET, additionalModelRequestFields=fields))[0]

    assert bool(thought["reasoningContent"]["reasoningText"]["text"]) is shown


def test_nova_hides_what_it_thinks(ask: Callable[..., Reply]) -> None:
    fields = {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}

    assert content(ask("How deep?", NOVA, additionalModelRequestFields=fields))[0] == {
        "reasoningContent": {"reasoningText": {"text": "[REDACTED]"}}
    }


@pytest.mark.parametrize(
    ("model", "members", "words"),
    [
        (HAIKU, {"inferenceConfig": {"maxTokens": 1_024}}, "must be greater than `thinking.budget_tokens`"),
        (HAIKU, {"inferenceConfig": {"maxTokens": 4_000, "temperature": 0.5}}, "`temperature` may only be set to 1"),
        (SONNET, LONG, '"thinking.type.enabled" is not supported'),
        (NOVA, LONG, "extraneous key"),
    ],
)
def test_what_does_not_go_together_is_refused(
    ask: Callable[..., Reply], model: str, members: dict[str, Any], words: str
) -> None:
    reply = ask("How deep?", model, **{**json.loads(json.dumps(BUDGET)), **members})

    assert reply.status == 400
    assert words in reply.error
