"""Lines that are no records, each with its exact message."""

import pytest

from tests.lambdas.tuning.data_sets.builders import (
    GOOD,
    MICRO,
    conversation,
    problems_of,
    with_bad,
)

CASES = [
    ("blank line", b"", [("blank-line", "the line is blank")]),
    ("line of spaces", b"   ", [("blank-line", "the line is blank")]),
    ("no JSON", b"hello", [("json", "the line is not JSON: Expecting value, at column 1")]),
    ("one letter", b"x", [("json", "the line is not JSON: Expecting value, at column 1")]),
    ("single quotes", b"{'messages': []}", [("json", "texts are in single quotes; JSON has double ones")]),
    ("trailing comma after record", GOOD[5] + b",", [("trailing-comma", "there is a comma after the record")]),
    (
        "trailing comma inside",
        GOOD[5][:-1] + b",}",
        [("trailing-comma", "there is a comma before a closing bracket, at column 203")],
    ),
    (
        "trailing comma in array",
        GOOD[5].replace(b"}]}]}", b"}]},]}"),
        [("trailing-comma", "there is a comma before a closing bracket, at column 202")],
    ),
    ("two records", GOOD[60] + GOOD[61], [("several-records", "there is more than one record in the line")]),
    (
        "two records, a space between",
        GOOD[60] + b" " + GOOD[61],
        [("several-records", "there is more than one record in the line")],
    ),
    ("something after", GOOD[60] + b" // checked", [("json", "there is something after the record, at column 206")]),
    ("cut off", GOOD[60][:-20], [("cut-off", "the record is cut off: the line ends within it")]),
    ("cut off in a text", GOOD[60][:90], [("cut-off", "the record is cut off: the line ends within it")]),
    ("Python's None", GOOD[60].replace(b'[{"text": "Answer."}]', b"None"), [("json", "None is not JSON")]),
    ("Python's True", b'{"messages": True}', [("json", "True is not JSON")]),
    ("NaN", b'{"messages": NaN}', [("json", "NaN is not JSON")]),
    (
        "unquoted key",
        b"{messages: []}",
        [("json", "the line is not JSON: Expecting property name enclosed in double quotes, at column 2")],
    ),
    ("tab in a text", GOOD[60].replace(b"Yes.", b"Yes.\tNo."), [("json", "a text has a bare tab, at column 199")]),
    (
        "Latin-1",
        GOOD[60].replace(b"Yes.", b"Caf\xe9."),
        [("encoding", "byte 198 (0xe9) is not UTF-8; in Windows-1252, as in Latin-1, it is 'é'")],
    ),
    (
        "Windows-1252 quotes",
        GOOD[60].replace(b"Yes.", b"\x93Yes\x94"),
        [("encoding", "byte 195 (0x93) is not UTF-8; in Windows-1252, as in Latin-1, it is '“'")],
    ),
    ("NUL", GOOD[60].replace(b"Yes.", b"Y\0s."), [("nul", "byte 196 is NUL")]),
    (
        "escaped NUL",
        conversation(1000, answered="Y\0s"),
        [("nul", "messages[1].content[0].text has a NUL character (\\u0000)")],
    ),
    (
        "half a surrogate",
        GOOD[60].replace(b"Yes.", b"\\ud83d"),
        [("encoding", "an escape \\ud8.. to \\udf.. stands alone: half a character")],
    ),
    ("huge number", b'{"messages": 1e999}', [("json", "a number is too large to be read")]),
    ("huge integer", b'{"messages": ' + b"9" * 5000 + b"}", [("json", "a number is too large to be read")]),
    ("array", [1], [("not-an-object", "the line is an array, not an object")]),
    ("text", b'"hello"', [("not-an-object", "the line is a text, not an object")]),
    ("number", b"42", [("not-an-object", "the line is a number, not an object")]),
    ("null", b"null", [("not-an-object", "the line is null, not an object")]),
    ("true", b"true", [("not-an-object", "the line is a truth value, not an object")]),
    # Deeper than any limit that a library sets for its process.
    ("nested deeply", b"[" * 50_000 + b"]" * 50_000, [("json", "the line is nested too deeply to be read")]),
]


@pytest.mark.parametrize(("value", "found"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_bad_line_is_told(value: object, found: list[tuple[str, str]]) -> None:
    assert problems_of(with_bad(value), base=MICRO) == [(4, *problem) for problem in found]


def test_a_line_break_in_a_text_makes_two_bad_lines() -> None:
    assert problems_of(with_bad(GOOD[60].replace(b"Yes.", b"Yes.\nNo."))) == [
        (4, "cut-off", "the record is cut off: the line ends within it"),
        (5, "json", "the line is not JSON: Expecting value, at column 1"),
    ]
