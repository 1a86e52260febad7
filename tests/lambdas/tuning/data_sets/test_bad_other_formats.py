"""Pairs, graded prompts and prompts for distillation that would make the job fail, each with its exact message."""

import pytest

from tests.lambdas.tuning.data_sets.builders import (
    GRADED,
    LITE_2,
    LLAMA_3_1,
    MICRO,
    PAIRS,
    PROMPTS,
    VERSION,
    assistant,
    conversation,
    problems_of,
    text,
    user,
    with_bad,
)

CASES = [
    (
        "no completion",
        LLAMA_3_1,
        "fine_tuning",
        PAIRS,
        {"prompt": "a"},
        [("missing-key", "the record has no completion")],
    ),
    (
        "completion empty",
        LLAMA_3_1,
        "fine_tuning",
        PAIRS,
        {"prompt": "a", "completion": ""},
        [("empty-text", "completion is empty")],
    ),
    (
        "completion is a number",
        LLAMA_3_1,
        "fine_tuning",
        PAIRS,
        {"prompt": "a", "completion": 1},
        [("type", "completion is a number, not a text")],
    ),
    (
        "a conversation for Llama 3.1",
        LLAMA_3_1,
        "fine_tuning",
        PAIRS,
        conversation(1),
        [
            (
                "other-format",
                "the record is a conversation, and Llama 3.1 8B Instruct takes the format "
                "prompt_completion for fine_tuning",
            )
        ],
    ),
    (
        "completion null",
        LLAMA_3_1,
        "fine_tuning",
        PAIRS,
        {"prompt": "a", "completion": None},
        [("type", "completion is null, not a text")],
    ),
    (
        "reinforcement: no reference answer",
        LITE_2,
        "reinforcement_fine_tuning",
        GRADED,
        {"messages": [{"role": "user", "content": "a"}]},
        [("missing-key", "the record has no reference_answer")],
    ),
    (
        "reinforcement: reference empty",
        LITE_2,
        "reinforcement_fine_tuning",
        GRADED,
        {"messages": [{"role": "user", "content": "a"}], "reference_answer": ""},
        [("empty-text", "reference_answer is empty")],
    ),
    (
        "reinforcement: system in the middle",
        LITE_2,
        "reinforcement_fine_tuning",
        GRADED,
        {"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "s"}], "reference_answer": "b"},
        [("role-order", "a system message is not the first")],
    ),
    (
        "reinforcement: no user",
        LITE_2,
        "reinforcement_fine_tuning",
        GRADED,
        {"messages": [{"role": "system", "content": "s"}], "reference_answer": "b"},
        [("no-messages", "messages has no message of the user")],
    ),
    (
        "reinforcement: Converse's content",
        LITE_2,
        "reinforcement_fine_tuning",
        GRADED,
        {"messages": [user(text("a"))], "reference_answer": "b"},
        [("other-format", "messages[0].content is an array, as in Converse's schema, not a text")],
    ),
    (
        "reinforcement: tool role",
        LITE_2,
        "reinforcement_fine_tuning",
        GRADED,
        {"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": "a"}], "reference_answer": "b"},
        [("role", "messages[1].role is 'tool'")],
    ),
    (
        "reinforcement: reserved",
        LITE_2,
        "reinforcement_fine_tuning",
        GRADED,
        {"messages": [{"role": "user", "content": "User: a"}], "reference_answer": "b"},
        [("reserved-word", "messages[0].content has User:, reserved in prompts for Nova 2 Lite")],
    ),
    (
        "distillation: no version",
        MICRO,
        "distillation",
        PROMPTS,
        {"messages": [user(text("a"))]},
        [("missing-key", "the record has no schemaVersion")],
    ),
    (
        "distillation: other version",
        MICRO,
        "distillation",
        PROMPTS,
        {"schemaVersion": "2024", "messages": [user(text("a"))]},
        [("schema-version", "schemaVersion is '2024'")],
    ),
    (
        "distillation: 17 kB",
        MICRO,
        "distillation",
        PROMPTS,
        {"schemaVersion": VERSION, "messages": [user(text("word " * 3400))]},
        [("line-length", "the line has 17,105 bytes; 16,384 at most")],
    ),
    (
        "distillation: two questions for Llama",
        LLAMA_3_1,
        "distillation",
        PROMPTS,
        {"schemaVersion": VERSION, "messages": [user(text("a")), assistant(text("b")), user(text("c"))]},
        [("turns", "the record has 2 user messages; Llama 3.1 8B Instruct takes 1 for distillation")],
    ),
]


@pytest.mark.parametrize(
    ("base", "method", "good", "value", "found"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_a_bad_record_of_another_format_is_told(
    base: str, method: str, good: list[bytes], value: object, found: list[tuple[str, str]]
) -> None:
    said = problems_of(with_bad(value, among=good), base=base, method=method)

    assert said == [(4, *problem) for problem in found]
