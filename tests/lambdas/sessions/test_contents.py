"""What is stored of a message, what is sent again, and what a client is shown."""

from typing import Any

import pytest

from lambdas.api.dialects.chat.stored import to_openai_messages
from lambdas.sessions.contents import in_words, result_text, sendable, storable
from tests.lambdas.sessions.conversation import assistant, call, result, user

REASONING = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}


def test_an_images_bytes_are_not_stored_but_that_there_was_one() -> None:
    block = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}

    assert storable({"role": "user", "content": [block, {"text": "What is it?"}]}) == {
        "role": "user",
        "content": [{"text": "[png image, not kept]"}, {"text": "What is it?"}],
    }


@pytest.mark.parametrize(
    ("block", "stored"),
    [
        ({"text": "x"}, [{"text": "x"}]),
        (REASONING, [REASONING]),
        ({"reasoningContent": {"redactedContent": b"x"}}, []),
        ({"cachePoint": {"type": "default"}}, []),
        (
            {"document": {"format": "pdf", "name": "report", "source": {"bytes": b"x"}}},
            [{"text": "[pdf document report, not kept]"}],
        ),
        (
            {"toolResult": {"toolUseId": "a", "content": [{"image": {"format": "png", "source": {}}}]}},
            [{"toolResult": {"toolUseId": "a", "content": [{"text": "[png image, not kept]"}]}}],
        ),
        (call("a", city="Oslo")["content"][0], call("a", city="Oslo")["content"]),
    ],
)
def test_blocks_are_stored_as_they_are_but_for_bytes(block: dict[str, Any], stored: list[dict[str, Any]]) -> None:
    assert storable({"role": "user", "content": [block]})["content"] == stored


def test_a_call_and_its_result_are_sent_as_they_were() -> None:
    messages = [user("Weather?"), call("a"), result("a"), assistant("Mild.")]

    assert sendable(messages, tools=True) == messages


def test_without_tools_calls_and_results_are_sent_in_words() -> None:
    sent = sendable([user("Weather?"), call("a", city="Oslo"), result("a"), assistant("Mild.")], tools=False)

    assert sent[1] == assistant('[called get_weather with {"city": "Oslo"}]')
    assert sent[2] == user("[the tool answered: 18 degrees]")


def test_an_abandoned_call_and_a_stray_result_become_words() -> None:
    abandoned = sendable([user("Weather?"), call("a"), user("Never mind.")], tools=True)
    stray = sendable([user("Hello"), assistant("Hi"), result("a")], tools=True)
    partly = sendable([user("Weather?"), call("a", "b"), result("a")], tools=True)

    assert abandoned[1] == assistant("[called get_weather with {}]")
    assert stray[2] == user("[the tool answered: 18 degrees]")
    assert "toolUse" not in str(partly)
    assert "toolResult" not in str(partly)


def test_neighbours_of_one_role_are_joined_and_blanks_left_out() -> None:
    sent = sendable([user(" "), assistant("early"), user("a"), assistant(" \n"), user("b"), assistant("c")], tools=True)

    assert sent == [{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}, assistant("c")]


def test_stored_messages_are_not_changed_by_sending_them() -> None:
    messages = [user("a"), user("b")]

    sendable(messages, tools=True)

    assert messages == [user("a"), user("b")]


def test_reasoning_goes_back_only_with_the_calls_that_are_being_answered() -> None:
    thinking = {"role": "assistant", "content": [REASONING, *call("a")["content"]]}

    assert sendable([user("?"), thinking, result("a")], tools=True)[1] == thinking
    assert sendable([user("?"), thinking, result("a"), assistant("."), user("!")], tools=True)[1] == call("a")
    assert "reasoning" not in str(sendable([user("?"), thinking, result("a")], tools=False))


def test_a_message_in_words() -> None:
    failed: dict[str, Any] = {"toolUseId": "a", "status": "error", "content": [{"json": {"code": 7}}, {"image": {}}]}
    guarded = {"guardContent": {"text": {"text": "guarded"}}}

    assert in_words({"role": "user", "content": [{"text": "x"}, guarded, {"toolResult": failed}]}) == (
        'x\nguarded\n[the tool answered with an error: {"code": 7}]'
    )


def test_messages_are_shown_as_openai_has_them() -> None:
    two_parts = {"role": "user", "content": [{"text": "a"}, {"text": "b"}]}
    spoken_call = {"role": "assistant", "content": [{"text": "Let me see."}, *call("b")["content"]]}

    shown = to_openai_messages(
        [user("Hi"), call("a", city="Oslo"), result("a"), assistant("18"), two_parts, spoken_call]
    )

    function = {"name": "get_weather", "arguments": '{"city": "Oslo"}'}
    assert shown == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "a", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "a", "content": "18 degrees"},
        {"role": "assistant", "content": "18"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [{"id": "b", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}],
        },
    ]


def test_what_a_tool_gave_back_is_shown_as_it_was_written() -> None:
    content = [{"text": "Wetter:"}, {"image": {"format": "png"}}, {"json": {"stadt": "Köln"}}]

    assert result_text({"toolUseId": "a", "content": content}) == 'Wetter:\n{"stadt": "Köln"}'
