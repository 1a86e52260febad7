"""Texts and kinds of content that Nova Micro is not tuned with, each with its exact message."""

import pytest

from tests.lambdas.tuning.data_sets.builders import (
    MICRO,
    TOOL,
    assistant,
    line,
    problems_of,
    reasoning,
    record,
    text,
    tool_result,
    tool_use,
    user,
    with_bad,
)

CASES = [
    (
        "reserved User:",
        record(user(text("Say User: hello")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has User:, reserved in prompts for Nova Micro")],
    ),
    (
        "reserved Bot:",
        record(user(text("Say Bot: hello")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has Bot:, reserved in prompts for Nova Micro")],
    ),
    (
        "reserved Assistant:",
        record(user(text("Say Assistant: hello")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has Assistant:, reserved in prompts for Nova Micro")],
    ),
    (
        "reserved System:",
        record(user(text("Say System: hello")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has System:, reserved in prompts for Nova Micro")],
    ),
    (
        "reserved <image>",
        record(user(text("Say <image> hello")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has <image>, reserved in prompts for Nova Micro")],
    ),
    (
        "reserved <video>",
        record(user(text("Say <video> hello")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has <video>, reserved in prompts for Nova Micro")],
    ),
    (
        "reserved [EOS]",
        record(user(text("Say [EOS] hello")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has [EOS], reserved in prompts for Nova Micro")],
    ),
    (
        "reserved Thought:",
        record(user(text("Say Thought: hello")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has Thought:, reserved in prompts for Nova Micro")],
    ),
    (
        "reserved in small letters",
        record(user(text("the user: me")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has User:, reserved in prompts for Nova Micro")],
    ),
    (
        "reserved in the system text",
        record(user(text("a")), assistant(text("b")), system=[text("System: be kind")]),
        [("reserved-word", "system[0].text has System:, reserved in prompts for Nova Micro")],
    ),
    (
        "two reserved",
        record(user(text("User: a Bot: b")), assistant(text("b"))),
        [("reserved-word", "messages[0].content[0].text has User:, Bot:, reserved in prompts for Nova Micro")],
    ),
    (
        "reserved by escapes",
        line(record(user(text("User: a")), assistant(text("b")))).replace(b"User:", b"\\u0055ser\\u003a"),
        [("reserved-word", "messages[0].content[0].text has User:, reserved in prompts for Nova Micro")],
    ),
    (
        "too many tokens",
        record(user(text("word " * 40000)), assistant(text("b"))),
        [("record-tokens", "the record has at least 33,333 tokens; 32,000 at most")],
    ),
    (
        "tools for Nova 1",
        record(
            user(text("a")),
            assistant(tool_use()),
            user(tool_result()),
            assistant(text("b")),
            toolConfig={"tools": [TOOL]},
        ),
        [
            ("block", "messages[1].content[0].toolUse: Nova Micro is not tuned with toolUse"),
            ("block", "messages[2].content[0].toolResult: Nova Micro is not tuned with toolResult"),
            ("tools", "toolConfig is there, and Nova Micro is not tuned with tools"),
        ],
    ),
    (
        "reasoning for Nova 1",
        record(user(text("a")), assistant(reasoning(), text("b"))),
        [("block", "messages[1].content[0].reasoningContent: Nova Micro is not tuned with reasoningContent")],
    ),
]


@pytest.mark.parametrize(("value", "found"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_bad_text_is_told(value: object, found: list[tuple[str, str]]) -> None:
    assert problems_of(with_bad(value), base=MICRO) == [(4, *problem) for problem in found]
