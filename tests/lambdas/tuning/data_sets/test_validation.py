"""What is counted, what is only warned of, and that it does not matter how a file comes in."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody
from hypothesis import given
from hypothesis import strategies as st

from lambdas.catalogue.customization import NotTunableError, find
from lambdas.tuning.data_sets import repeats
from lambdas.tuning.data_sets.plain import PlainReader
from lambdas.tuning.data_sets.report import SHOWN
from lambdas.tuning.data_sets.source import local_file, stored
from lambdas.tuning.data_sets.validation import validate
from tests.examples import examples
from tests.lambdas.tuning.data_sets.builders import (
    GOOD,
    LITE,
    LITE_2,
    LLAMA_3_1,
    MICRO,
    PROMPTS,
    assistant,
    conversation,
    image,
    line,
    reasoning,
    record,
    report_of,
    text,
    tool_result,
    tool_use,
    user,
    video,
    with_bad,
)

WHOLE = b"\n".join(GOOD) + b"\n"


def warnings_of(content: bytes, **options: Any) -> list[tuple[int, str, str]]:
    """The warnings as (line, rule, message); there is no problem."""
    report = report_of(content, **options)
    assert report.problems == []
    return [(warning.line, warning.rule, warning.message) for warning in report.warnings]


def test_a_data_set_without_mistakes() -> None:
    report = report_of(WHOLE)

    assert (report.records, report.format, report.valid) == (100, "conversation", True)
    assert (report.problems, report.warnings) == ([], [])
    assert report.amount.characters == sum(len(f"Question {number}?") + len("Yes.Answer.") for number in range(100))


@pytest.mark.parametrize(
    "value",
    [
        record(user(text("a")), assistant(text("b"))),
        record(user(text("a")), assistant(text("b")), system=[]),
        record(user(text("a")), assistant(text("b")), system=None, schemaVersion="anything"),
        record(user(text("a"), text("b")), assistant(text("c"))),
        record(*[user(text("a")), assistant(text("b"))] * 60),
        conversation(asked="a user no: users; [eos, <images"),
    ],
)
def test_what_bedrock_takes(value: object) -> None:
    assert warnings_of(with_bad(value)) == []


def test_images_and_videos_that_nova_takes() -> None:
    images = record(user(text("a"), *[image(bucketOwner="123456789012")] * 10), assistant(text("b")))
    report = report_of(with_bad(images), base=LITE)

    assert (report.problems, report.warnings, report.amount.images) == ([], [], 10)
    assert report_of(with_bad(record(user(video()), assistant(text("b")))), base=LITE).amount.videos == 1


def test_what_only_nova_2_takes_is_warned_of() -> None:
    thought = record(user(text("a")), assistant(reasoning(), text("b")))
    tools = record(user(text("a")), assistant(tool_use()), user(tool_result()), assistant(text("b")))
    content = with_bad(
        thought, among=[*GOOD, *(line(conversation(number)) for number in range(100, 201))], after=(tools,)
    )

    assert [rule for _, rule, _ in warnings_of(content, base=LITE_2)] == ["toolUse", "toolResult"]


def test_reserved_words_in_answers_are_warned_of() -> None:
    assert warnings_of(with_bad(conversation(asked="a", answered="User: hi"))) == [
        (
            4,
            "reserved-word",
            "messages[1].content[0].text has User:, reserved in prompts, and by AWS's own checker in answers too",
        )
    ]


def test_keys_that_the_format_does_not_know_are_warned_of() -> None:
    value = {**conversation(asked="a"), "id": 7}
    value["messages"][0]["name"] = "Ann"
    value["messages"][0]["content"][0]["type"] = "text"

    assert [message for _, _, message in warnings_of(with_bad(value))] == [
        "the record has a key 'id', which the format conversation does not know",
        "messages[0] has a key 'name', which Converse does not know there",
        "messages[0].content[0] has a key 'type', which Converse does not know there",
    ]


def test_few_records_are_warned_of() -> None:
    assert warnings_of(b"\n".join(GOOD[:99])) == [
        (
            99,
            "few-records",
            "there are 99 records; AWS recommends at least 100 records for each task that the model is to learn",
        )
    ]


def test_a_record_that_may_be_too_long_is_warned_of() -> None:
    (warning,) = warnings_of(with_bad(conversation(asked="word " * 20_000)))

    assert warning == (4, "record-tokens", "the record may have up to 33,337 tokens; 32,000 at most")


def test_other_scripts_have_more_tokens() -> None:
    assert warnings_of(with_bad(conversation(asked="字" * 17_000)))[0][1] == "record-tokens"
    assert warnings_of(with_bad(conversation(asked="a" * 17_000))) == []


def test_lines_of_windows_are_warned_of_once() -> None:
    assert warnings_of(WHOLE.replace(b"\n", b"\r\n"), piece=50) == [
        (1, "line-ends", "lines end with CR LF, as Windows writes them")
    ]


def test_records_that_are_there_twice_are_warned_of() -> None:
    other_way = {key: conversation(2)[key] for key in ("messages", "system", "schemaVersion")}
    content = (
        WHOLE + line(conversation(1)) + b"\n" + json.dumps(other_way, indent=None, separators=(",", ": ")).encode()
    )

    assert warnings_of(content) == [
        (101, "duplicate", "the record is there already, in line 2"),
        (102, "duplicate", "the record is there already, in line 3"),
    ]


def test_the_same_prompt_with_another_answer_is_not_the_same() -> None:
    assert warnings_of(with_bad(conversation(1, answered="No."))) == []


@pytest.mark.parametrize("piece", [100, None])
def test_no_more_is_compared_than_is_kept(monkeypatch: pytest.MonkeyPatch, piece: int | None) -> None:
    monkeypatch.setattr(repeats, "KEPT", 103)
    again = [line(conversation(number)) for number in (5, 5, 5, 6, 5)]

    assert [here for here, _, _ in warnings_of(WHOLE + b"\n".join(again), piece=piece)] == [101, 102, 103]


def test_the_same_record_a_million_times_is_counted() -> None:
    report = report_of((GOOD[0] + b"\n") * 1000)

    assert (report.warning_count, len(report.warnings)) == (999, SHOWN)
    assert report.warnings[-1].line == 51
    assert report.problems == []


def test_what_is_learnt_is_not_in_the_validation_set() -> None:
    report = report_of(WHOLE, validation=b"\n".join([line(conversation(500)), GOOD[7], line(conversation(501))]))

    assert [(problem.line, problem.rule, problem.message) for problem in report.problems] == [
        (2, "overlap", "validation.jsonl: the record is in the training set too, in line 8")
    ]
    assert report.validation is not None
    assert report.validation.records == 3


def test_a_validation_set_is_checked_too() -> None:
    report = report_of(WHOLE, validation=b"hello\n")

    assert report.problems[0].message == "validation.jsonl: the line is not JSON: Expecting value, at column 1"
    assert report_of(WHOLE, validation=b"").problems[0].message == "validation.jsonl: the file is empty"


def test_a_validation_set_that_is_ignored_is_warned_of() -> None:
    report = report_of(WHOLE, base=LITE_2, validation=line(conversation(500)))

    assert report.valid
    assert report.warnings[0].message == "validation.jsonl: Nova 2 Lite takes a validation set and ignores it"


def test_a_validation_set_that_is_refused_is_told() -> None:
    report = report_of(b"\n".join(PROMPTS), method="distillation", validation=PROMPTS[0])

    assert [problem.message for problem in report.problems] == [
        "validation.jsonl: Nova Micro takes no validation set for distillation"
    ]
    assert report.validation is None


def test_the_first_fifty_are_shown_and_all_are_counted() -> None:
    report = report_of(b"\n".join([b"hello"] * 120))

    assert report.records == report.problem_count == 120
    assert [problem.line for problem in report.problems] == list(range(1, SHOWN + 1))


@pytest.mark.parametrize(("base", "method"), [(MICRO, "reinforcement_fine_tuning"), (LITE, "continued_pre_training")])
def test_a_method_that_the_model_does_not_take(base: str, method: str) -> None:
    with pytest.raises(NotTunableError, match=f"takes no {method}; it takes fine_tuning, distillation"):
        report_of(WHOLE, base=base, method=method)


@pytest.mark.parametrize("piece", [1, 7, 100, 5000])
def test_it_does_not_matter_in_which_pieces_a_file_comes(piece: int) -> None:
    content = with_bad(b"hello", after=(conversation(asked="ünï"), conversation(3), b"  "))

    assert report_of(content, piece=piece) == report_of(content)


def test_a_file_and_an_object_in_s3_are_the_same(tmp_path: Path) -> None:
    class S3:
        def get_object(self, **where: str) -> dict[str, object]:
            assert where == {"Bucket": "data", "Key": "train.jsonl"}
            return {"Body": StreamingBody(io.BytesIO(content), len(content))}

    content = with_bad(record(user(image("s3://other/a.png")), assistant(text("b"))))
    (tmp_path / "train.jsonl").write_bytes(content)
    read: list[int] = []

    with local_file(tmp_path / "train.jsonl", read=read.append) as data_set:
        local = validate(data_set, base=find(LITE))
    there = validate(stored(S3(), bucket="data", key="train.jsonl"), base=find(LITE))

    assert sum(read) == len(content)
    assert local.problems == []
    assert [problem.rule for problem in there.problems] == ["media-bucket"]
    assert local.amount == there.amount


TEXTS = st.sampled_from(
    ["a", "", " ", "User: a", "usér:", "Bot:x", "<IMAGE>", "[eos]", "ünï", "字🙂", "a\0", "why: x", "long " * 3300]
)
BLOCKS: st.SearchStrategy[Any] = st.one_of(
    TEXTS.map(text), st.just({}), st.just({"text": 5}), st.just({"text": "a", "type": "text"}), st.just(image())
)
MESSAGES = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "assistant", "assistant", "user", "system", None]),
    st.lists(BLOCKS, min_size=1, max_size=2),
)
RECORDS = st.one_of(
    st.integers(0, 12).map(conversation),
    st.builds(lambda asked, answered: conversation(asked=asked or "a", answered=answered), TEXTS, TEXTS),
    st.builds(lambda messages: record(*messages), st.lists(MESSAGES, max_size=4)),
    st.builds(lambda system: {**conversation(), "system": system}, st.lists(TEXTS.map(text), max_size=2)),
    st.sampled_from([{"prompt": "a", "completion": "b"}, {"prompt": "", "completion": "b"}, {"prompt": "a"}]),
)
LINES = st.one_of(RECORDS.map(line), st.sampled_from([b"", b"hello", b"{}{}", b"[1]", GOOD[1] + b"\r", b"{"]))


@examples(200)
@given(
    st.lists(LINES, min_size=1, max_size=12),
    st.sampled_from([MICRO, LITE, LLAMA_3_1]),
    st.booleans(),
    st.sampled_from([5, 99]),
)
def test_the_fast_way_says_what_the_checkers_say(lines: list[bytes], base: str, validated: bool, kept: int) -> None:
    content = b"\n".join(lines)
    validation = content if validated else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeats, "KEPT", kept)
        fast = report_of(content, base=base, validation=validation, piece=97)
        patch.setattr(PlainReader, "read", lambda _, __: None)
        slow = report_of(content, base=base, validation=validation, piece=97)

    assert fast == slow


@examples(100)
@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_whatever_a_file_holds_it_is_read_to_its_end(content: bytes) -> None:
    report = report_of(content, piece=50)

    assert report.problem_count >= 1
    assert all(problem.line >= 1 and problem.message and problem.fix for problem in report.problems)
