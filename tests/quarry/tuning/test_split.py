"""``quarry tune split``: a partition, and the same one tomorrow."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarry.tuning.split import part_of
from tests.examples import examples
from tests.lambdas.tuning.data_sets.builders import conversation, image, line, text, user
from tests.quarry.conftest import Run

PARTS = ("train", "validation", "test")


def written(path: Path, lines: list[bytes]) -> str:
    """Write a file and return its name."""
    path.write_bytes(b"\n".join(lines) + b"\n")
    return str(path)


def parts(folder: Path, stem: str = "in") -> dict[str, list[bytes]]:
    """The lines of the sets that were written."""
    paths = {part: folder / f"{stem}-{part}.jsonl" for part in PARTS}
    return {part: path.read_bytes().splitlines() for part, path in paths.items() if path.exists()}


def test_every_record_goes_into_one_set(run: Run, tmp_path: Path) -> None:
    lines = [line(conversation(number)) for number in range(300)]

    ran = run("tune", "split", written(tmp_path / "in.jsonl", lines), "--validation", "0.2", "--test", "0.1")

    found = parts(tmp_path)
    assert ran.code == 0
    assert sorted(line for part in found.values() for line in part) == sorted(lines)
    assert 35 < len(found["validation"]) < 85
    assert 12 < len(found["test"]) < 50


def test_what_is_printed(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "in.jsonl", [line(conversation(number)) for number in (*range(99), 1)])

    ran = run("tune", "split", file, "--validation", "0", "--test", "0.2", "--json")

    sets = ran.json["sets"]
    assert sets.keys() == {"train", "test"}
    assert sets["train"]["records"] + sets["test"]["records"] == ran.json["records"] == 99
    assert ran.json["duplicates"] == 1
    assert sets["test"]["file"] == str(tmp_path / "in-test.jsonl")


def test_a_record_stays_where_it_is_when_the_data_grows(run: Run, tmp_path: Path) -> None:
    lines = [line(conversation(number)) for number in range(200)]
    run("tune", "split", written(tmp_path / "in.jsonl", lines[:100]))
    before = parts(tmp_path)

    run("tune", "split", written(tmp_path / "in.jsonl", lines[::-1]), "--force")

    after = parts(tmp_path)
    assert all(set(before[part]) <= set(after[part]) for part in PARTS)


def test_the_same_prompt_is_never_in_two_sets(run: Run, tmp_path: Path) -> None:
    lines = [line(conversation(number, answered=said)) for number in range(100) for said in ("yes", "no")]
    shouted = [line(conversation(asked=f"  QUESTION {number}? ")) for number in range(100)]

    run("tune", "split", written(tmp_path / "in.jsonl", lines + shouted))

    prompts = {
        part: {" ".join(json.loads(one)["messages"][0]["content"][0]["text"].split()).lower() for one in found}
        for part, found in parts(tmp_path).items()
    }
    assert sum(map(len, prompts.values())) == 100


def test_another_seed_deals_anew(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "in.jsonl", [line(conversation(number)) for number in range(100)])
    run("tune", "split", file)
    first = parts(tmp_path)

    run("tune", "split", file, "--seed", "again", "--output-dir", str(tmp_path / "new"))

    assert parts(tmp_path / "new") != first


def test_images_and_pairs_can_be_split(run: Run, tmp_path: Path) -> None:
    with_image = {"messages": [user(text("a"), image()), {"role": "assistant", "content": [text("b")]}]}
    pairs = [line({"prompt": f"{number}", "completion": "c"}) for number in range(50)]

    ran = run("tune", "split", written(tmp_path / "in.jsonl", [line(with_image), *pairs]), "--json")

    assert ran.json["records"] == 51


@pytest.mark.parametrize(
    ("lines", "arguments", "code", "told"),
    [
        ([b"hello"], (), 1, "Line 1 of in.jsonl: the line is not JSON: Expecting value, at column 1; write it with"),
        ([b"", b'{"a": 1}'], (), 1, "Line 2 of in.jsonl is no record that can be split: it has the keys a"),
        ([line(conversation(1))], (), 1, "No record came into"),
        ([], ("--validation", "0.5", "--test", "0.5"), 2, "Nothing would be left to learn: 0.5 + 0.5 is not below 1."),
        ([], ("--test", "2"), 2, "Invalid value for '--test'"),
    ],
)
def test_what_cannot_be_split(
    run: Run, tmp_path: Path, lines: list[bytes], arguments: tuple[str, ...], code: int, told: str
) -> None:
    ran = run("tune", "split", written(tmp_path / "in.jsonl", lines), *arguments)

    assert ran.code == code
    assert told in ran.err


def test_nothing_is_written_over(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "in.jsonl", [line(conversation(number)) for number in range(100)])
    (tmp_path / "in-test.jsonl").write_text("mine")

    ran = run("tune", "split", file)

    assert (ran.code, ran.err) == (2, f"{tmp_path / 'in-test.jsonl'} is there already; --force writes over it.\n")
    assert (tmp_path / "in-test.jsonl").read_text() == "mine"


def test_a_broken_file_leaves_what_is_there(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "in.jsonl", [b"hello"])
    (tmp_path / "in-test.jsonl").write_text("mine")

    assert run("tune", "split", file, "--force").code == 1
    assert (tmp_path / "in-test.jsonl").read_text() == "mine"


@examples(200)
@given(st.text(), st.floats(0, 0.45), st.floats(0, 0.45))
def test_a_prompt_has_one_place_whatever_its_spaces(prompt: str, validation: float, test: float) -> None:
    place = part_of(prompt, validation=validation, test=test)

    assert place in PARTS
    assert place == part_of(f"  {prompt}\n", validation=validation, test=test)
    assert part_of(prompt, validation=0, test=0) == "train"
