"""Files that are no data set, or too small a one, each with its exact message."""

import json

import pytest

from lambdas.tuning.data_sets.lines import LONGEST_LINE
from tests.lambdas.tuning.data_sets.builders import (
    GOOD,
    LITE_2,
    LLAMA_3_1,
    MICRO,
    PAIRS,
    PROMPTS,
    conversation,
    line,
    problems_of,
    report_of,
    with_bad,
)

WHOLE = b"\n".join(GOOD)

CASES = [
    ("empty", b"", "empty-file", "the file is empty"),
    (
        "JSON array",
        b"[" + b",".join(GOOD) + b"]",
        "json-array",
        "the file is one JSON array; JSON Lines has a record per line, without brackets and commas around them",
    ),
    (
        "JSON array, indented",
        json.dumps([conversation()], indent=2).encode(),
        "json-array",
        "the file is one JSON array; JSON Lines has a record per line, without brackets and commas around them",
    ),
    (
        "records, indented",
        b"\n".join(json.dumps(conversation(number), indent=2).encode() for number in range(9)),
        "broken-over-lines",
        "the first record is broken over several lines; JSON Lines has each whole record in one line",
    ),
    ("UTF-16 with a mark", WHOLE.decode().encode("utf-16"), "encoding", "the file is UTF-16"),
    ("UTF-16 without a mark", WHOLE.decode().encode("utf-16-le"), "encoding", "the file is UTF-16"),
    ("UTF-16, the other way", WHOLE.decode().encode("utf-16-be"), "encoding", "the file is UTF-16"),
    ("UTF-32", WHOLE.decode().encode("utf-32"), "encoding", "the file is UTF-32"),
    (
        "byte order mark",
        b"\xef\xbb\xbf" + WHOLE,
        "byte-order-mark",
        "the file begins with a byte order mark",
    ),
    ("gzip", b"\x1f\x8b\x08\x00rest", "not-json-lines", "the file is a gzip file, not JSON Lines"),
    ("Excel", b"PK\x03\x04rest", "not-json-lines", "the file is a ZIP archive or an Excel workbook, not JSON Lines"),
    ("Parquet", b"PAR1rest", "not-json-lines", "the file is a Parquet file, not JSON Lines"),
    ("PDF", b"%PDF-1.7 rest", "not-json-lines", "the file is a PDF, not JSON Lines"),
    ("CSV", b"text,label\nI love it,positive\n", "not-json-lines", "the file looks like CSV, not JSON Lines"),
    ("returns alone", b"\r".join(GOOD), "line-ends", "records are separated by carriage returns alone"),
]


@pytest.mark.parametrize(("content", "rule", "message"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_file_that_is_no_data_set_is_told_once(content: bytes, rule: str, message: str) -> None:
    assert problems_of(content) == [(1, rule, message)]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("data/my tweets (1).jsonl", "the file's name has ' ()'"),
        ("data/träin.jsonl", "the file's name has 'ä'"),
        ("train.json", "the file's name is 'train.json'"),
        ("train", "the file's name is 'train'"),
    ],
)
def test_a_name_that_bedrock_does_not_take_is_told(key: str, message: str) -> None:
    assert problems_of(WHOLE, key=key) == [(1, "file-name", message)]


@pytest.mark.parametrize("key", ["data/train.jsonl", "TRAIN_1-a.b.JSONL"])
def test_a_name_that_bedrock_takes_is_no_problem(key: str) -> None:
    assert problems_of(WHOLE, key=key) == []


@pytest.mark.parametrize(
    ("content", "base", "method", "found"),
    [
        (GOOD[:7], MICRO, "fine_tuning", (7, "few-records", "there are 7 records; 8 at least")),
        (GOOD[:1], LITE_2, "fine_tuning", (1, "few-records", "there is 1 record; 8 at least")),
        (PAIRS[:99], LLAMA_3_1, "fine_tuning", (99, "few-records", "there are 99 records; 100 at least")),
        (PROMPTS[:99], MICRO, "distillation", (99, "few-records", "there are 99 records; 100 at least")),
    ],
)
def test_too_few_records_are_told_at_the_end(
    content: list[bytes], base: str, method: str, found: tuple[int, str, str]
) -> None:
    assert problems_of(b"\n".join(content), base=base, method=method) == [found]


@pytest.mark.parametrize("count", [20_000, 20_001])
def test_too_many_records_are_told(count: int) -> None:
    content = b"\n".join(line(conversation(number)) for number in range(count))

    found = [] if count == 20_000 else [(20_001, "many-records", "there are 20,001 records; 20,000 at most")]
    assert problems_of(content) == found


def test_training_and_validation_set_count_together() -> None:
    pairs = [line({"prompt": f"Prompt {number}", "completion": "c"}) for number in range(10_001)]

    report = report_of(b"\n".join(pairs[:9_000]), base=LLAMA_3_1, validation=b"\n".join(pairs[9_000:]))

    assert [problem.message for problem in report.problems] == [
        "there are 9,000 records, and 1,001 in the validation set; 10,000 at most"
    ]
    assert report_of(b"\n".join(pairs[:60]), base=LLAMA_3_1, validation=b"\n".join(pairs[60:100])).valid


def test_a_line_that_is_too_long_to_be_read_is_told_and_passed_over() -> None:
    content = with_bad(b'{"messages": "' + b"x" * (LONGEST_LINE + 200_000) + b'"}')

    report = report_of(content)

    assert [(problem.line, problem.rule) for problem in report.problems] == [(4, "line-length")]
    assert (
        report.problems[0].message == f"the line has {LONGEST_LINE + 200_016:,} bytes; more than 8,388,608 are not read"
    )
    assert report.records == 100


def test_blank_lines_are_no_records() -> None:
    report = report_of(b"\n\n  \n")

    assert report.records == 0
    assert [problem.line for problem in report.problems] == [1, 2, 3, 3]
    assert report.problems[3].message == "there are 0 records; 8 at least"
