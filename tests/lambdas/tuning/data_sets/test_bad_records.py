"""Records of Nova Micro's format that would make the job fail, each with its exact message."""

import pytest

from tests.lambdas.tuning.data_sets.builders import (
    MICRO,
    assistant,
    problems_of,
    record,
    text,
    user,
    with_bad,
)

CASES = [
    ("no messages", {"system": [text("x")]}, [("missing-key", "the record has no messages")]),
    (
        "misspelt messages",
        {"message": [user(text("a")), assistant(text("b"))]},
        [("missing-key", "the record has no messages")],
    ),
    (
        "prompt and completion",
        {"prompt": "a", "completion": "b"},
        [
            (
                "other-format",
                "the record is a pair of prompt and completion, and Nova Micro takes the format "
                "conversation for fine_tuning",
            )
        ],
    ),
    (
        "prompt and completion with more",
        {"id": 1, "prompt": "a", "completion": "b"},
        [
            (
                "other-format",
                "the record is a pair of prompt and completion, and Nova Micro takes the format "
                "conversation for fine_tuning",
            )
        ],
    ),
    (
        "reinforcement",
        {"messages": [{"role": "user", "content": "a"}], "reference_answer": "b"},
        [
            (
                "other-format",
                "the record is one of reinforcement, whose content is a text, and Nova Micro takes blocks of text",
            )
        ],
    ),
    (
        "Alpaca",
        {"instruction": "a", "input": "", "output": "b"},
        [
            (
                "other-format",
                "the record is one of Alpaca's format (instruction, input, output), and Nova "
                "Micro takes the format conversation for fine_tuning",
            )
        ],
    ),
    (
        "ShareGPT",
        {"conversations": [{"from": "human", "value": "a"}]},
        [
            (
                "other-format",
                "the record is one of ShareGPT's format (conversations), and Nova Micro takes "
                "the format conversation for fine_tuning",
            )
        ],
    ),
    (
        "plain text",
        {"text": "a"},
        [
            (
                "other-format",
                "the record is text for continued pre-training, and Nova Micro takes the format "
                "conversation for fine_tuning",
            )
        ],
    ),
    (
        "OpenAI's chat",
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        [
            (
                "other-format",
                "the record is one of OpenAI's chat format, whose content is a text, and Nova "
                "Micro takes blocks of text",
            )
        ],
    ),
    (
        "OpenAI's chat with system",
        {
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
            ]
        },
        [
            (
                "other-format",
                "the record is one of OpenAI's chat format, whose content is a text, and Nova "
                "Micro takes blocks of text",
            )
        ],
    ),
    ("messages is a text", {"messages": "a"}, [("type", "messages is a text, not an array")]),
    ("messages is an object", {"messages": user(text("a"))}, [("type", "messages is an object, not an array")]),
    ("no message", record(), [("no-messages", "messages is empty")]),
    (
        "a message is a text",
        record("a", "b"),
        [("type", "messages[0] is a text, not an object"), ("type", "messages[1] is a text, not an object")],
    ),
    ("null message", record(None, assistant(text("b"))), [("type", "messages[0] is null, not an object")]),
    (
        "only user",
        record(user(text("a"))),
        [("last-role", "the last message is the user's: there is no answer to learn")],
    ),
    ("only assistant", record(assistant(text("b"))), [("first-role", "the first message is the assistant's")]),
    (
        "assistant first",
        record(assistant(text("b")), user(text("a")), assistant(text("c"))),
        [("first-role", "the first message is the assistant's")],
    ),
    (
        "user twice",
        record(user(text("a")), user(text("b")), assistant(text("c"))),
        [("role-order", "messages[0] and messages[1] are both the user's")],
    ),
    (
        "assistant twice",
        record(user(text("a")), assistant(text("b")), assistant(text("c"))),
        [("role-order", "messages[1] and messages[2] are both the assistant's")],
    ),
    (
        "ends with user",
        record(user(text("a")), assistant(text("b")), user(text("c"))),
        [("last-role", "the last message is the user's: there is no answer to learn")],
    ),
    (
        "system role",
        record({"role": "system", "content": [text("s")]}, user(text("a")), assistant(text("b"))),
        [("role", "messages[0].role is 'system'")],
    ),
    (
        "role in capitals",
        record({"role": "User", "content": [text("a")]}, assistant(text("b"))),
        [("role", "messages[0].role is 'User'")],
    ),
    (
        "role bot",
        record(user(text("a")), {"role": "bot", "content": [text("b")]}),
        [("role", "messages[1].role is 'bot'")],
    ),
    ("no role", record({"content": [text("a")]}, assistant(text("b"))), [("missing-key", "messages[0] has no role")]),
    (
        "role null",
        record({"role": None, "content": [text("a")]}, assistant(text("b"))),
        [("role", "messages[0].role is null")],
    ),
    ("no content", record({"role": "user"}, assistant(text("b"))), [("missing-key", "messages[0] has no content")]),
    (
        "content null",
        record({"role": "user", "content": None}, assistant(text("b"))),
        [("type", "messages[0].content is null, not an array")],
    ),
    ("content empty", record(user(), assistant(text("b"))), [("empty-text", "messages[0].content is empty")]),
    (
        "block is a text",
        record(user("a"), assistant(text("b"))),
        [("type", "messages[0].content[0] is a text, not an object")],
    ),
    (
        "block without kind",
        record(user({}), assistant(text("b"))),
        [("block", "messages[0].content[0] has none of text, image, video")],
    ),
    (
        "text null",
        record(user({"text": None}), assistant(text("b"))),
        [("block", "messages[0].content[0] has none of text, image, video")],
    ),
    (
        "text is a number",
        record(user({"text": 5}), assistant(text("b"))),
        [("type", "messages[0].content[0].text is a number, not a text")],
    ),
    (
        "text empty",
        record(user(text("")), assistant(text("b"))),
        [("empty-text", "messages[0].content[0].text is empty")],
    ),
    (
        "answer empty",
        record(user(text("a")), assistant(text(""))),
        [("empty-text", "messages[1].content[0].text is empty")],
    ),
    (
        "answer blank",
        record(user(text("a")), assistant(text(" \n"))),
        [("empty-text", "messages[1].content[0].text is blank")],
    ),
    (
        "audio",
        record(user({"audio": {}}), assistant(text("b"))),
        [("block", "messages[0].content[0] is audio, which no model is tuned with")],
    ),
    (
        "cache point",
        record(user(text("a"), {"cachePoint": {"type": "default"}}), assistant(text("b"))),
        [("block", "messages[0].content[1] is cachePoint, which no model is tuned with")],
    ),
    (
        "system is a text",
        record(user(text("a")), assistant(text("b")), system="s"),
        [("type", "system is a text, not an array")],
    ),
    (
        "system block is a text",
        record(user(text("a")), assistant(text("b")), system=["s"]),
        [("type", "system[0] is a text, not an object")],
    ),
    (
        "system without text",
        record(user(text("a")), assistant(text("b")), system=[{"txt": "s"}]),
        [("block", "system[0] has no text")],
    ),
    (
        "system empty",
        record(user(text("a")), assistant(text("b")), system=[text("")]),
        [("empty-text", "system[0].text is empty")],
    ),
    (
        "schemaVersion a number",
        record(user(text("a")), assistant(text("b")), schemaVersion=2024),
        [("schema-version", "schemaVersion is a number, not a text")],
    ),
]


@pytest.mark.parametrize(("value", "found"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_bad_record_is_told(value: object, found: list[tuple[str, str]]) -> None:
    assert problems_of(with_bad(value), base=MICRO) == [(4, *problem) for problem in found]
