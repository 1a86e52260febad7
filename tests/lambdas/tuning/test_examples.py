"""Records of every format are questions with an answer; what is none says why."""

import json
from typing import Any

import pytest

from lambdas.tuning import examples
from lambdas.tuning.examples import ExampleError


def parse(record: Any) -> examples.Example:
    return examples.parse(json.dumps(record).encode())


def test_the_conversation_schema_ends_with_the_answer() -> None:
    found = parse(
        {
            "system": [{"text": "Be brief."}],
            "messages": [
                {"role": "user", "content": [{"text": "one"}]},
                {"role": "assistant", "content": [{"text": "two"}]},
                {"role": "user", "content": [{"text": "three"}, {"text": "four"}]},
                {"role": "assistant", "content": [{"text": "five"}]},
            ],
        }
    )

    assert found.system == [{"text": "Be brief."}]
    assert [one["role"] for one in found.messages] == ["user", "assistant", "user"]
    assert (found.asked, found.reference) == ("three\nfour", "five")


def test_prompt_and_completion_are_a_question() -> None:
    found = parse({"prompt": "one", "completion": "two"})

    assert found.messages == [{"role": "user", "content": [{"text": "one"}]}]
    assert found.reference == "two"


def test_openais_messages_with_a_reference_answer_or_with_their_last() -> None:
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "one"}]

    judged = parse({"messages": said, "reference_answer": {"label": "two"}})
    trained = parse({"messages": [*said, {"role": "assistant", "content": "two"}]})

    assert (judged.asked, judged.reference) == ("one", '{"label":"two"}')
    assert judged.system == [{"text": "Be brief."}]
    assert trained.reference == "two"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "neither prompt and completion nor messages"),
        (b'{"messages": [1]}', "neither"),
        (b'{"prompt": 1, "completion": "x"}', "neither"),
        (b'{"messages": []}', "the last message is not the assistant's"),
        (b'{"messages": [{"role": "user", "content": "x"}]}', "the last message is not the assistant's"),
        (b'{"messages": [{"role": "assistant", "content": "x"}]}', "the user asks nothing"),
        (b'{"messages": [], "reference_answer": "x"}', "the user asks nothing"),
    ],
)
def test_what_is_no_question_says_why(line: bytes, told: str) -> None:
    with pytest.raises(ExampleError, match=told):
        examples.parse(line)
