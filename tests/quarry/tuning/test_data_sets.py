"""``quarry tune validate|estimate|stats`` as a shell runs them: what they print, and their exit codes."""

from pathlib import Path

import pytest

from tests.lambdas.tuning.data_sets.builders import GOOD, LITE_2, MICRO, conversation, image, line, text, user
from tests.quarry.conftest import Run


@pytest.fixture
def good(tmp_path: Path) -> str:
    """A data set without mistakes."""
    return written(tmp_path / "train.jsonl", b"\n".join(GOOD))


def written(path: Path, content: bytes) -> str:
    """Write a file and return its name."""
    path.write_bytes(content)
    return str(path)


def test_a_data_set_that_can_be_used(run: Run, good: str) -> None:
    ran = run("tune", "validate", good, "--base", MICRO)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "train.jsonl can be used to tune Nova Micro: 100 records in the format conversation.\n"


def test_a_data_set_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    bad = written(tmp_path / "bad.jsonl", b"\n".join([*GOOD[:7], b"hello", line(conversation(asked="Bot: x"))]))

    ran = run("tune", "validate", bad, "--base", f"{MICRO}:128k")

    assert ran.code == 1
    assert ran.out.splitlines() == [
        "line 8: the line is not JSON: Expecting value, at column 1 [json]",
        "  write it with a JSON library",
        "line 9: messages[0].content[0].text has Bot:, reserved in prompts for Nova Micro [reserved-word]",
        "  write another word with the same meaning, or leave out the colon or brackets",
        "line 9: there are 9 records; AWS recommends at least 100 records for each task that the model is to learn "
        "[few-records]",
        "  add records if you can",
        "bad.jsonl cannot be used to tune Nova Micro: 2 problems, 1 warning in 9 records.",
    ]


def test_what_programs_get_of_validation(run: Run, tmp_path: Path) -> None:
    bad = written(tmp_path / "bad.jsonl", b"\n".join(GOOD[:3]))

    ran = run("tune", "validate", bad, "--base", MICRO, "--json")

    assert ran.code == 1
    assert ran.json == {
        "records": 3,
        "format": "conversation",
        "problems": [
            {
                "line": 3,
                "rule": "few-records",
                "message": "there are 3 records; 8 at least",
                "fix": "add 5 records or more",
            }
        ],
        "problem_count": 1,
        "warnings": [],
        "warning_count": 0,
    }


def test_a_validation_set_is_read_too(run: Run, good: str, tmp_path: Path) -> None:
    other = written(tmp_path / "validation.jsonl", GOOD[3])

    ran = run("tune", "validate", good, "--base", MICRO, "--validation", other, "--json")

    assert ran.code == 1
    assert ran.json["problems"][0]["rule"] == "overlap"
    assert ran.json["validation_records"] == 1


def test_more_than_fifty_problems_are_counted(run: Run, tmp_path: Path) -> None:
    bad = written(tmp_path / "bad.jsonl", b"hello\n" * 60)

    ran = run("tune", "validate", bad, "--base", MICRO)

    assert ran.err == "Shown are the first 50 of 60 problems.\n"
    assert ran.out.count("[json]") == 50
    assert ran.out.endswith("bad.jsonl cannot be used to tune Nova Micro: 60 problems, 1 warning in 60 records.\n")


def test_what_a_terminal_would_obey_is_shown_as_an_escape(run: Run, tmp_path: Path) -> None:
    value = line({**conversation(), "\u001b[31mred": 1})

    ran = run("tune", "validate", written(tmp_path / "a.jsonl", b"\n".join([*GOOD[1:], value])), "--base", MICRO)

    assert "\u001b" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--base", "gpt-4"), "'gpt-4' is no model that Bedrock tunes; it tunes amazon.nova-micro-v1:0:128k, "),
        (
            ("--base", MICRO, "--method", "training"),
            "Nova Micro takes no training; it takes fine_tuning, distillation.",
        ),
        ((), "Missing option '--base'"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "estimate"])
def test_what_cannot_be_asked_for(run: Run, good: str, command: str, arguments: tuple[str, ...], told: str) -> None:
    ran = run("tune", command, good, *arguments)

    assert ran.code == 2
    assert told in ran.err


@pytest.mark.parametrize("command", ["validate", "estimate", "convert"])
def test_a_file_that_is_not_there(run: Run, command: str) -> None:
    ran = run("tune", command, "nowhere.jsonl", "--base", MICRO)

    assert ran.code == 2
    assert "does not exist" in ran.err


def test_methods_may_be_written_as_aws_writes_them(run: Run, good: str) -> None:
    assert run("tune", "validate", good, "--base", MICRO, "--method", "FINE_TUNING").code == 0
    assert run("tune", "validate", good, "--base", MICRO, "--method", "fine-tuning").code == 0


def test_an_estimate(run: Run, good: str) -> None:
    ran = run("tune", "estimate", good, "--base", LITE_2, "--epochs", "3")

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "                     tuning Nova 2 Lite",
        "data set             100 records, 381 to 764 tokens",
        "epochs               3",
        "training             0.0043 to 0.0087 USD, once",
        "storage              1.95 USD a month, until the tuned model is deleted",
        "hosting on_demand    nothing while nobody calls it; tokens cost what the base model's cost",
        "hosting provisioned  60.50 USD an hour, called or not: 43,560.00 USD in 30 days if it is forgotten; OneMonth "
        "39,600.00 USD in all",
        "An estimate from list prices as of 2026-11-29, not a bill.",
    ]


def test_what_programs_get_of_an_estimate(run: Run, good: str) -> None:
    ran = run("tune", "estimate", good, "--base", MICRO, "--json")

    assert ran.code == 0
    assert ran.json["tokens"] == {"low": 381, "high": 764}
    assert ran.json["training_usd"] == {"low": 0.0007, "high": 0.0016}
    assert ran.json["hosting"]["on_demand"]["usd_per_hour"] == 0
    assert ran.json["hosting"]["provisioned"]["usd_per_hour"] is None
    assert ran.json["as_of"] == "2026-11-29"
    assert ran.json["unpriced"] == {"provisioned": "the price per hour is not known: no source gives it"}


def test_an_estimate_of_what_has_no_price(run: Run, tmp_path: Path) -> None:
    pairs = written(tmp_path / "a.jsonl", b"\n".join(line({"prompt": f"{n}", "completion": "c"}) for n in range(120)))

    ran = run("tune", "estimate", pairs, "--base", "meta.llama3-1-70b-instruct-v1:0")

    assert ran.code == 0
    assert "training             not known: no source gives it" in ran.out
    assert "hosting on_demand    Bedrock does not host tuned Llama 3.1 70B Instruct on demand" in ran.out
    programs = run("tune", "estimate", pairs, "--base", "meta.llama3-1-70b-instruct-v1:0", "--json")
    assert programs.json["training_usd"] == {"low": None, "high": None}


def test_an_estimate_of_a_data_set_with_problems_says_that_it_is_rough(run: Run, tmp_path: Path) -> None:
    ran = run("tune", "estimate", written(tmp_path / "a.jsonl", GOOD[0]), "--base", MICRO)

    assert (ran.code, ran.err) == (
        0,
        "The data set has problems, so this is rough; `quarry tune validate` names them.\n",
    )


def test_what_has_no_record_has_no_price(run: Run, tmp_path: Path) -> None:
    content = b"\n".join(GOOD).decode().encode("utf-16")

    ran = run("tune", "estimate", written(tmp_path / "a.jsonl", content), "--base", MICRO, "--json")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "a.jsonl has no record that could be counted: the file is UTF-16; save it as UTF-8 without a byte order mark.\n"
    )


def test_records_without_a_word_that_could_be_counted_have_no_price(run: Run, tmp_path: Path) -> None:
    ran = run("tune", "estimate", written(tmp_path / "a.jsonl", b"# A title\n\nAnd prose."), "--base", MICRO)

    assert (ran.code, ran.out) == (1, "")
    assert "a.jsonl has no record that could be counted: the line is not JSON" in ran.err


def test_a_name_is_not_why_there_is_no_record(run: Run, tmp_path: Path) -> None:
    ran = run("tune", "estimate", written(tmp_path / "a.json", b"[" + b",".join(GOOD) + b"]"), "--base", MICRO)

    assert ran.code == 1
    assert "a.json has no record that could be counted: the file is one JSON array" in " ".join(ran.err.split())


def test_more_epochs_than_the_model_takes(run: Run, good: str) -> None:
    ran = run("tune", "estimate", good, "--base", MICRO, "--epochs", "6")

    assert (ran.code, ran.err) == (2, "Nova Micro takes at most 5 epochs; 6 were asked for.\n")


def test_lengths_and_labels(run: Run, tmp_path: Path) -> None:
    pairs = [line({"prompt": "x" * (10 + n), "completion": "yes" if n % 3 else "no"}) for n in range(60)]

    ran = run("tune", "stats", written(tmp_path / "a.jsonl", b"\n".join([*pairs, b"hello"])))

    assert (ran.code, ran.err) == (0, "1 lines are no records; `quarry tune validate` says why.\n")
    out = ran.out.splitlines()
    assert out[0] == "60 records, 421 to 844 tokens"
    assert out[2] == "prompts     10     40      63    68    69"
    assert sum(int(row.split()[-1]) for row in out if "█" in row) == 60
    assert out[-2:] == ["yes     40", "no      20"]


def test_what_programs_get_of_lengths(run: Run, good: str) -> None:
    ran = run("tune", "stats", good, "--json")

    assert ran.json["records"] == 100
    assert ran.json["answer_characters"] == {"min": 4, "median": 4, "p90": 4, "p99": 4, "max": 4}
    assert sum(bar["records"] for bar in ran.json["histogram"]) == 100
    assert ran.json["answers"] == [{"answer": "Yes.", "records": 100}]
    assert ran.json["user_messages"] == {"1": 100}


def test_lengths_of_records_with_images(run: Run, tmp_path: Path) -> None:
    value = line({"messages": [user(text("a"), image()), {"role": "assistant", "content": [text("b")]}]})

    assert run("tune", "stats", written(tmp_path / "a.jsonl", value), "--json").json["records"] == 1


def test_lengths_of_nothing(run: Run, tmp_path: Path) -> None:
    ran = run("tune", "stats", written(tmp_path / "a.jsonl", b"hello\n"))

    assert ran.code == 1
    assert "There is no record." in ran.err


@pytest.mark.parametrize("command", ["validate", "estimate", "convert", "split", "stats"])
def test_help_teaches_by_an_example(run: Run, command: str) -> None:
    ran = run("tune", command, "--help")

    assert ran.code == 0
    assert f"Example: quarry tune {command} " in ran.out
