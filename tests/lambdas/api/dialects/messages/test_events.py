"""Events of the Messages API: their order, and what they make together."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.api.dialects.messages import thoughts
from lambdas.api.dialects.messages.events import MessagesEvents
from lambdas.chat import events as neutral
from lambdas.common.errors import UpstreamError

USAGE = {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}
END = (neutral.Ended("end_turn"), neutral.Counted(USAGE))


def frames(data: bytes) -> list[dict[str, Any]]:
    """The events of some frames; each goes by its type."""
    found = []
    for part in data.decode().split("\n\n")[:-1]:
        name, _, text = part.partition("\n")
        event = json.loads(text.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def told(*happening: neutral.Event, **how: Any) -> list[dict[str, Any]]:
    table = MessagesEvents(model="smart", **how)
    return frames(b"".join(table.told(event) for event in happening))


def message(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Put an answer together as Anthropic's clients do."""
    made: dict[str, Any] = {}
    for event in events:
        match event["type"]:
            case "message_start":
                made = event["message"]
            case "content_block_start":
                assert event["index"] == len(made["content"])
                made["content"].append(event["content_block"])
            case "content_block_delta":
                block, delta = made["content"][event["index"]], event["delta"]
                member = {"thinking_delta": "thinking", "signature_delta": "signature", "text_delta": "text"}
                if delta["type"] == "input_json_delta":
                    block["json"] = block.get("json", "") + delta["partial_json"]
                else:
                    block[member[delta["type"]]] += delta[member[delta["type"]]]
            case "message_delta":
                made.update(event["delta"], usage=event["usage"])
    return made


def test_a_text_has_the_events_of_anthropics_documentation() -> None:
    found = told(
        neutral.Began(),
        neutral.TextDelta(0, "Hel"),
        neutral.TextDelta(0, "lo"),
        neutral.BlockEnded(0),
        *END,
    )

    assert [event["type"] for event in found] == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    start = found[0]["message"]
    assert (start["role"], start["content"], start["stop_reason"], start["model"]) == ("assistant", [], None, "smart")
    assert found[2]["content_block"] == {"type": "text", "text": ""}
    assert found[-2]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None}
    assert (found[-2]["usage"]["input_tokens"], found[-2]["usage"]["output_tokens"]) == (7, 3)
    assert message(found)["content"][0]["text"] == "Hello"


def test_thoughts_text_and_calls_are_blocks_one_after_the_other() -> None:
    made = message(
        told(
            neutral.Began(),
            neutral.ReasoningDelta(0, "Hm"),
            neutral.ReasoningDelta(0, "."),
            neutral.ReasoningSigned(0, "EqQB"),
            neutral.BlockEnded(0),
            neutral.ReasoningRedacted(1, b"\x00"),
            neutral.BlockEnded(1),
            neutral.TextDelta(2, "I look."),
            neutral.BlockEnded(2),
            neutral.CallBegan(3, "toolu_1", "look"),
            neutral.CallDelta(3, '{"at":'),
            neutral.CallDelta(3, "1}"),
            neutral.BlockEnded(3),
            neutral.CallBegan(4, "toolu_2", "look"),
            neutral.CallDelta(4, "{}"),
            neutral.BlockEnded(4),
            neutral.Ended("tool_use"),
            neutral.Counted(USAGE, reasoning_tokens=2),
        )
    )

    thought, redacted, text, first, second = made["content"]
    assert thought == {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}
    assert redacted == {"type": "redacted_thinking", "data": base64.b64encode(b"\x00").decode()}
    assert text["text"] == "I look."
    assert first == {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}, "json": '{"at":1}'}
    assert (second["id"], second["json"]) == ("toolu_2", "{}")
    assert made["stop_reason"] == "tool_use"
    assert made["usage"]["output_tokens_details"] == {"thinking_tokens": 2}


@pytest.mark.parametrize("signed", [(), (neutral.ReasoningSigned(0, "EqQB"),)])
def test_thoughts_that_are_to_be_omitted_are_sealed(signed: tuple[neutral.Event, ...]) -> None:
    found = told(
        neutral.Began(),
        neutral.ReasoningDelta(0, "Secret"),
        neutral.ReasoningDelta(0, "ly."),
        *signed,
        neutral.BlockEnded(0),
        neutral.TextDelta(1, "Yes."),
        neutral.BlockEnded(1),
        *END,
        omits_thoughts=True,
    )

    assert "Secret" not in json.dumps(found)
    thought, text = message(found)["content"]
    assert (thought["thinking"], text["text"]) == ("", "Yes.")
    (block,) = thoughts.opened("", thought["signature"], param="x")
    own = {"signature": "EqQB"} if signed else {}
    assert block == {"reasoningContent": {"reasoningText": {"text": "Secretly.", **own}}}


@pytest.mark.parametrize(
    ("converse", "wanted"),
    [("guardrail_intervened", "refusal"), ("stop_sequence", "stop_sequence"), ("max_tokens", "max_tokens")],
)
def test_why_it_ended_is_told_with_the_count(converse: str, wanted: str) -> None:
    table = MessagesEvents(model="smart", stops=("END",))

    assert table.told(neutral.Ended(converse)) == b""
    ending, _ = frames(table.told(neutral.Counted(USAGE)))

    assert ending["delta"]["stop_reason"] == wanted
    assert ending["delta"]["stop_sequence"] == ("END" if wanted == "stop_sequence" else None)
    assert (ending["delta"]["stop_details"] is not None) is (wanted == "refusal")


def test_what_anthropic_has_no_word_for_comes_with_the_end() -> None:
    found = told(
        neutral.Began(),
        neutral.Ended("end_turn", {"answered": True}),
        neutral.Counted(USAGE, guardrail={"x": 1}, not_recorded={"turn": "unavailable"}),
    )

    assert found[-2]["quarry"] == {"answered": True, "guardrail": {"x": 1}, "not_recorded": {"turn": "unavailable"}}
    assert "quarry" not in told(neutral.Began(), *END)[-2]


def test_what_breaks_off_ends_in_an_error() -> None:
    table = MessagesEvents(model="smart")
    table.told(neutral.Began())
    table.told(neutral.TextDelta(0, "Hel"))

    (error,) = frames(table.broken(UpstreamError("It broke off."), request_id="r-1"))

    assert error["error"]["type"] == "api_error"
    assert (error["error"]["message"], error["request_id"]) == ("It broke off.", "r-1")


block = st.one_of(
    st.lists(st.text(min_size=1), min_size=1).map(lambda parts: ("text", parts)),
    st.lists(st.text(min_size=1), min_size=1).map(lambda parts: ("thinking", parts)),
    st.lists(st.text(min_size=1), min_size=1).map(lambda parts: ("tool_use", parts)),
    st.binary(min_size=1).map(lambda data: ("redacted_thinking", data)),
)


@given(blocks=st.lists(block, max_size=5), signed=st.booleans(), omits=st.booleans())
def test_whatever_is_said_every_block_begins_once_and_ends_once(
    blocks: list[tuple[str, Any]], signed: bool, omits: bool
) -> None:
    happening: list[neutral.Event] = [neutral.Began()]
    for index, (kind, parts) in enumerate(blocks):
        match kind:
            case "text":
                happening += [neutral.TextDelta(index, part) for part in parts]
            case "thinking":
                happening += [neutral.ReasoningDelta(index, part) for part in parts]
                happening += [neutral.ReasoningSigned(index, "EqQB")] if signed else []
            case "tool_use":
                happening.append(neutral.CallBegan(index, "t", "look"))
                happening += [neutral.CallDelta(index, part) for part in parts]
            case _:
                happening.append(neutral.ReasoningRedacted(index, parts))
        happening.append(neutral.BlockEnded(index))
    found = told(*happening, *END, omits_thoughts=omits)

    kinds = [event["type"] for event in found]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == len(blocks)
    made = message(found)["content"]
    assert [one["type"] for one in made] == [kind for kind, _ in blocks]
    for one, (kind, parts) in zip(made, blocks, strict=True):
        if kind == "text":
            assert one["text"] == "".join(parts)
        elif kind == "tool_use":
            assert one["json"] == "".join(parts)
        elif kind == "thinking":
            # What is told with its signature comes back whole.
            assert omits or one["thinking"] == "".join(parts)
            if omits:
                (back,) = thoughts.opened(one["thinking"], one["signature"], param="x")
                assert back["reasoningContent"]["reasoningText"]["text"] == "".join(parts)
