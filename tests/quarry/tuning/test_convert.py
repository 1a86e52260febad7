"""``quarry tune convert``: whatever people have becomes a data set that can be used, or they are told why not."""

import contextlib
import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from lambdas.catalogue.customization import find
from lambdas.tuning.data_sets.checker import Checker, wanted_of
from quarry.tuning.convert import convert
from quarry.tuning.examples import Example, NoExampleError, example_of
from quarry.tuning.schemas import record_of
from tests.examples import examples
from tests.lambdas.tuning.data_sets.builders import (
    LITE_2,
    LLAMA_3_1,
    MICRO,
    conversation,
    image,
    line,
    report_of,
    text,
    user,
)
from tests.quarry.conftest import Run

SAMPLE = Path(__file__).resolve().parents[3] / "samples" / "tuning"
CHAT = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi!"},
    ]
}


def written(path: Path, content: bytes | str) -> str:
    """Write a file and return its name."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def records(path: Path) -> list[Any]:
    """The records of a file."""
    return [json.loads(one) for one in path.read_bytes().splitlines()]


def test_the_sample_of_tweets_becomes_a_data_set(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "tweets.jsonl"

    ran = run("tune", "convert", str(SAMPLE / "tweets.csv"), "--base", MICRO, "--system", "Label it.", "-o", str(out))

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{out}: 144 records in the format conversation; 0 were there twice, 0 left out.\n"
    assert run("tune", "validate", str(out), "--base", MICRO, "--json").json["warnings"] == []
    assert records(out)[0]["system"] == [{"text": "Label it."}]


def test_nothing_of_the_held_out_tweets_is_among_the_others() -> None:
    told, held_out = (
        list(csv.DictReader((SAMPLE / name).read_text(encoding="utf-8").splitlines()))
        for name in ("tweets.csv", "tweets-held-out.csv")
    )

    assert {row["label"] for row in told} == {row["label"] for row in held_out} == {"positive", "negative", "neutral"}
    assert not {row["text"] for row in told} & {row["text"] for row in held_out}


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        ("text,label\nI love it,good\n", ()),
        ("Text,Label\nI love it,good\n", ()),
        ("id;text;label\n1;I love it;good\n2;x;y\n", ()),
        ("question\tanswer\nI love it\tgood\n", ()),
        ("n,said,class\n1,I love it,good\n", ("--prompt", "said", "--completion", "class")),
        ("a,b,c\nI,love it,good\n", ("--template", "{a} {b}", "--completion", "c")),
        ('{"prompt": "I love it", "completion": "good"}\n', ()),
        ('[{"prompt": "I love it", "completion": "good"}]', ()),
        ('{"instruction": "I love", "input": "it", "output": "good"}', ()),
        ('{"conversations": [{"from": "human", "value": "I love it"}, {"from": "gpt", "value": "good"}]}', ()),
        ('{"messages": [{"role": "user", "content": "I love it"}, {"role": "assistant", "content": "good"}]}', ()),
    ],
)
def test_what_people_have(run: Run, tmp_path: Path, content: str, arguments: tuple[str, ...]) -> None:
    ran = run("tune", "convert", written(tmp_path / "in.dat", content), "--base", MICRO, *arguments)

    assert ran.code == 0, ran.err
    asked, answered = records(tmp_path / "in.jsonl")[0]["messages"]
    assert asked["content"][0]["text"].replace("\n\n", " ") == "I love it"
    assert answered["content"] == [{"text": "good"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_whatever_the_encoding(run: Run, tmp_path: Path, encoding: str) -> None:
    file = written(tmp_path / "in.csv", "text,label\ncafé,schön\n".encode(encoding))

    ran = run("tune", "convert", file, "--base", MICRO, "--json")

    assert ran.json["encoding"] == encoding.removesuffix("-sig")
    assert example_of(records(tmp_path / "in.jsonl")[0]) == Example(turns=(("user", "café"), ("assistant", "schön")))


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_json_lines_in_whatever_encoding(run: Run, tmp_path: Path, encoding: str) -> None:
    lines = '{"prompt": "café", "completion": "schön"}\n{"prompt": "thé", "completion": "schön"}\n'
    file = written(tmp_path / "in.json", lines.encode(encoding))

    assert run("tune", "convert", file, "--base", MICRO, "--json").json["records"] == 2
    assert example_of(records(tmp_path / "in.jsonl")[1]).turns == (("user", "thé"), ("assistant", "schön"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"text,label\n\x90\x8f,a\n", "is no text in UTF-8, UTF-16 or Windows-1252"),
        ("text,label\na,b\n".encode("utf-16")[:-1], "is no text in UTF-8, UTF-16 or Windows-1252"),
        (b"x" * 200_000 + b",label\na,b\n", "has no header that can be read: field larger than field limit"),
    ],
)
def test_what_is_no_table_is_told(run: Run, tmp_path: Path, content: bytes, told: str) -> None:
    file = written(tmp_path / "in.csv", content)

    ran = run("tune", "convert", file, "--base", MICRO)

    assert ran.code == 1
    assert told in " ".join(ran.err.split())


def test_openai_s_chat_becomes_each_format(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "in.json", json.dumps(CHAT))
    out = tmp_path / "out.jsonl"

    def converted(*arguments: str) -> object:
        assert run("tune", "convert", file, "--output", str(out), "--force", *arguments).code == 0
        return records(out)[0]

    conversation_ = {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "Be kind."}],
        "messages": [user(text("Hello")), {"role": "assistant", "content": [text("Hi!")]}],
    }
    assert converted("--base", MICRO) == conversation_
    assert converted("--base", MICRO, "--method", "distillation") == conversation_
    assert converted("--base", LLAMA_3_1) == {"prompt": "Be kind.\n\nHello", "completion": "Hi!"}
    assert converted("--base", LITE_2, "--method", "reinforcement_fine_tuning") == {
        "messages": CHAT["messages"][:2],
        "reference_answer": "Hi!",
    }


def test_what_bedrock_would_refuse_is_left_out_and_told(run: Run, tmp_path: Path) -> None:
    file = written(
        tmp_path / "my tweets.csv",
        'text,label\n"I love it, really",good\nUser: me,bad\n,bad\n"I love it, really",good\na,b,c\n'
        '"two\nlines",good\nok,\n',
    )

    ran = run("tune", "convert", file, "--base", MICRO)

    out = tmp_path / "my-tweets.jsonl"
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "line 3 left out: messages[0].content[0].text has User:, reserved in prompts for Nova Micro [reserved-word]",
        "line 4 left out: messages[0].content[0].text is empty [empty-text]",
        "line 6 left out: the row has 3 columns, and the header 2 [csv]",
        "line 9 left out: messages[1].content[0].text is empty [empty-text]",
    ]
    assert ran.out == f"{out}: 2 records in the format conversation; 1 were there twice, 4 left out.\n"
    assert [example_of(one).prompt for one in records(out)] == ["I love it, really", "two\nlines"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"a": 1}, "it has the keys a, which belong to no schema that is known"),
        ({"messages": []}, "it has no message"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "its first message is the assistant's"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages[0] has the role 'tool'; known are system, user"),
        ({"messages": [user(image())]}, "messages[0].content has something besides text, which is not converted"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content is no text"),
        ({"messages": ["a"]}, "messages[0] is no object"),
        ({"prompt": None, "completion": "b"}, "prompt is no text"),
        ({"messages": [{"role": "user", "content": "a"}]}, "it has no answer to learn"),
    ],
)
def test_what_no_record_can_be_made_of(run: Run, tmp_path: Path, value: object, why: str) -> None:
    ran = run("tune", "convert", written(tmp_path / "in.json", line(value)), "--base", MICRO, "--json")

    assert ran.code == 1
    assert ran.json["output"] is None
    assert ran.json["left_out"][0]["message"].startswith(f"no record can be made of it: {why}")
    assert not (tmp_path / "in.jsonl").exists()


def test_a_conversation_is_no_pair(run: Run, tmp_path: Path) -> None:
    value = {
        "messages": [*CHAT["messages"], {"role": "user", "content": "And?"}, {"role": "assistant", "content": "!"}]
    }

    ran = run("tune", "convert", written(tmp_path / "in.json", line(value)), "--base", LLAMA_3_1)

    assert "it has 4 messages, and prompt_completion holds one question and its answer" in ran.err


@pytest.mark.parametrize(
    ("content", "arguments", "told"),
    [
        ("a,b\n1,2\n", (), "Name the columns with --prompt (or --template) and --completion; in.csv has a, b.\n"),
        ("a,b\n1,2\n", ("--prompt", "c", "--completion", "b"), "in.csv has no column 'c'; it has a, b.\n"),
        ("a,b\n1,2\n", ("--template", "{c}", "--completion", "b"), "in.csv has no column 'c'; it has a, b.\n"),
        (
            json.dumps(CHAT),
            ("--prompt", "a"),
            "--prompt, --completion and --template are for CSV; JSON has its keys.\n",
        ),
        ("", (), "in.csv is empty.\n"),
        ("[1, 2", (), "in.csv is no JSON: Input data was truncated.\n"),
    ],
)
def test_what_cannot_be_converted(
    run: Run, tmp_path: Path, content: str, arguments: tuple[str, ...], told: str
) -> None:
    ran = run("tune", "convert", written(tmp_path / "in.csv", content), "--base", MICRO, *arguments)

    assert ran.code in (1, 2)
    assert ran.err == told


def test_nothing_is_written_over(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "in.csv", "text,label\na,b\n")
    written(tmp_path / "in.jsonl", "mine")

    ran = run("tune", "convert", file, "--base", MICRO)

    assert (ran.code, ran.err) == (
        2,
        f"{tmp_path / 'in.jsonl'} is there already; name another with --output, or --force.\n",
    )
    assert (tmp_path / "in.jsonl").read_text() == "mine"
    assert run("tune", "convert", file, "--base", MICRO, "--force").code == 0


def test_a_file_is_not_written_over_itself(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "in.jsonl", json.dumps(CHAT))

    assert run("tune", "convert", file, "--base", MICRO, "-o", file, "--force").code == 2
    assert run("tune", "convert", file, "--base", MICRO).code == 0
    assert len(records(tmp_path / "in-converted.jsonl")) == 1


SAID = st.text(min_size=1).filter(lambda said: bool(said.strip()))
TURNS = st.lists(st.tuples(SAID, SAID), min_size=1, max_size=3).map(
    lambda turns: tuple(said for asked, answered in turns for said in (("user", asked), ("assistant", answered)))
)
TARGETS = [
    (MICRO, "fine_tuning"),
    (MICRO, "distillation"),
    (LLAMA_3_1, "fine_tuning"),
    (LITE_2, "reinforcement_fine_tuning"),
]


@examples(200)
@given(st.builds(lambda turns, system: Example(turns=turns, system=system), TURNS, st.none() | SAID))
def test_what_is_converted_is_clean_and_says_the_same(example: Example) -> None:
    for base, method in TARGETS:
        wanted = wanted_of(find(base), method)
        try:
            record = record_of(example, wanted.format.name)
        except NoExampleError:
            assert (base, len(example.turns) > 2) == (LLAMA_3_1, True)
            continue
        checked, _ = Checker(wanted).check(record)
        told = [finding for finding in checked.findings if not finding.warning]
        again = example_of(json.loads(json.dumps(record)))

        assert {finding.rule for finding in told} <= {"reserved-word", "nul"}
        assert again.answer == example.answer
        assert again.prompt.replace("\n\n", "\n") == example.prompt.replace("\n\n", "\n")


@examples(60)
@given(st.lists(st.tuples(SAID, SAID), min_size=1, max_size=20))
def test_csv_converted_validates_clean(rows: list[tuple[str, str]]) -> None:
    table = io.StringIO()
    csv.writer(table).writerows([("text", "label"), *rows])
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(typer.Exit):
        file, out = Path(folder) / "in.csv", Path(folder) / "out.jsonl"
        file.write_bytes(table.getvalue().encode("utf-8", "replace"))

        convert(file, MICRO, output=out)

        report = report_of(out.read_bytes())
        assert 0 < report.records <= len(rows)
        assert {problem.rule for problem in report.problems} <= {"few-records"}
        assert {warning.rule for warning in report.warnings} <= {"few-records", "reserved-word"}


def test_the_same_conversation_is_kept_as_it_is(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "in.jsonl", line(conversation(1)))

    run("tune", "convert", file, "--base", MICRO)

    assert records(tmp_path / "in-converted.jsonl") == [conversation(1)]
