"""The workshop's notebooks against the deployed sandbox: what their cells show, and what they say where they cannot."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from sandbox.model.script import ModelScript
from tests import notebooks
from tests.sandbox.platform.conftest import Platform
from tests.sandbox.platform.notebook_kernel import Kernel, Shown, kernel

Run = Callable[..., Shown]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of samples/notebooks, as a participant has it."""
    copy = tmp_path_factory.mktemp("home") / "notebooks"
    shutil.copytree(notebooks.FOLDER, copy, ignore=shutil.ignore_patterns("tuning-set", ".*", "__pycache__"))
    return copy


@pytest.fixture(scope="module")
def laptop(platform: Platform, folder: Path) -> dict[str, str]:
    """What is set on a laptop: the endpoint and a participant's key, and no AWS."""
    key = platform.quarry("keys", "create", "participant", "--usd", "5", "--rpm", "5000", "--tokens-per-day", "5000000")
    return {
        "PATH": f"{Path(sys.executable).parent}",
        "HOME": str(folder.parent),
        "IPYTHONDIR": str(folder.parent / "ipython"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "OPENAI_BASE_URL": platform.base_url,
        "OPENAI_API_KEY": key["api_key"],
    }


@pytest.fixture(scope="module")
def space(platform: Platform, laptop: dict[str, str]) -> dict[str, str]:
    """What is set in a space: the aliases too, and AWS credentials with their region."""
    return {
        **laptop,
        "QUARRY_BASE_URL": platform.base_url,
        "QUARRY_ALIASES": "fast,smart",
        "AWS_ENDPOINT_URL": platform.aws["endpoint_url"],
        "AWS_ACCESS_KEY_ID": platform.aws["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": platform.aws["secret_access_key"],
        "AWS_REGION": "us-east-1",
    }


@pytest.fixture(scope="module")
def python(folder: Path, laptop: dict[str, str]) -> Iterator[Kernel]:
    with kernel(folder, laptop) as started:
        yield started


@pytest.fixture
def run(python: Kernel, space: dict[str, str]) -> Run:
    """Run a notebook by its number, in a space unless another environment is given."""

    def run_notebook(number: int, environ: dict[str, str] = space) -> Shown:
        (path,) = notebooks.FOLDER.glob(f"{number:02}-*.ipynb")
        return python.run(notebooks.read(path), environ)

    return run_notebook


def cells(*sources: str) -> Any:
    """Make a notebook of code cells."""
    made = [nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    return nbformat.v4.new_notebook(cells=made)


def test_zero_shot_answers_compares_the_aliases_and_asks_bedrock_itself(run: Run) -> None:
    shown = run(1)

    assert "`fast` is answered by amazon.nova-micro-v1:0" in shown["connect"]
    assert "stand-in" in shown["connect"]
    assert "Which gas do plants give off" in shown["first-request"]
    assert shown["cut-code"].startswith("length |")
    assert re.search(r"^fast +-> amazon.nova-micro", shown["aliases-code"], re.MULTILINE)
    assert re.search(r"^fast +\d+ ms +\d+ millionths .*Nova Micro", shown["compare-code"], re.MULTILINE)
    assert re.search(r"^smart +\d+ ms +\d+ millionths .*Claude", shown["compare-code"], re.MULTILINE)
    assert re.search(r"^embed +cannot: .*not a model that can chat", shown["compare-code"], re.MULTILINE)
    assert "Which gas do plants give off" in shown["converse-code"]
    assert "end_turn" in shown["converse-code"]


@pytest.mark.parametrize("number", [1, 4, 5])
def test_without_aws_credentials_bedrocks_cells_say_so_and_the_rest_works(
    run: Run, laptop: dict[str, str], number: int
) -> None:
    shown = run(number, laptop)

    assert "no AWS credentials" in shown["bedrock"]
    assert shown["converse-code"] == ""
    assert "Connected to" in shown["connect"]


def test_credentials_that_may_not_call_the_model_skip_bedrocks_cells_too(run: Run, space: dict[str, str]) -> None:
    shown = run(1, {**space, "AWS_ACCESS_KEY_ID": "AKIAUNKNOWN000000000"})

    assert "AWS does not let these credentials call amazon.nova-micro-v1:0" in shown["bedrock"]
    assert shown["converse-code"] == ""


def test_few_shot_sends_its_examples_and_counts_what_is_right_and_what_is_no_label(
    run: Run, model: ModelScript
) -> None:
    model.answer("Negative.", contains="building site next door")  # one of the examples

    shown = run(2)

    assert "-> Negative" in shown["function-code"]
    # The stand-in's sentence is no label; what fits a schema always is one.
    assert re.search(r"^zero-shot +0 of 8 right, 8 without a label$", shown["measure-code"], re.MULTILINE)
    assert re.search(r"^few-shot +2 of 8 right, 0 without a label$", shown["measure-code"], re.MULTILINE)
    assert re.search(r"^schema +[1-9] of 8 right, 0 without a label$", shown["measure-code"], re.MULTILINE)
    assert "-> Positive" in shown["schema-code"]


def test_prompts_outside_fail_before_a_model_is_asked_and_tell_their_version(run: Run) -> None:
    shown = run(3)

    assert "$" not in shown["file-code"]
    assert "KeyError" in shown["file-fails"]
    assert "FileNotFoundError" in shown["file-fails"]
    assert re.search(r"^version: tweet-sentiment@[0-9a-f]{8}$", shown["endpoint-call"], re.MULTILINE)
    assert "`tweet` is required and missing" in shown["refused-code"]


def test_conversations_remember_apart_are_summarised_and_stream(run: Run) -> None:
    shown = run(4)

    assert "Kuro" not in shown["no-memory-code"]
    assert "Kuro" in shown["own-history-code"].splitlines()[-1].partition("->")[2]
    ann, bob = shown["session-code"].splitlines()
    assert ("Kuro" in ann, "Mike" in ann, "Kuro" in bob, "Mike" in bob) == (True, False, False, True)
    assert shown["session-read"].startswith("user      My raven is called Kuro.\nassistant ")
    pieces = re.search(r"(\d+) pieces", shown["stream-code"])
    assert pieces is not None
    assert int(pieces[1]) > 1
    assert shown["long-summary"].startswith("16 messages are kept, the first: Remember: the code of the gate is 4711.")
    assert "are sent as this summary:" in shown["long-summary"]
    read = [int(tokens) for tokens in re.findall(r"(\d+) tokens read", shown["long-code"])]
    assert len(read) == 7
    assert max(read) < 3 * read[0]  # seven times as many words are kept
    assert "4711" in shown["long-asked"]
    assert "Kuro" in shown["converse-code"].splitlines()[-1].partition("->")[2]
    assert shown["tidy-code"] == "forgotten: True\n" * 3


def test_the_tool_loop_uses_the_results_of_two_tools_and_of_one_that_fails(run: Run) -> None:
    shown = run(5)

    assert "finish_reason: tool_calls" in shown["ask-code"]
    *rounds, answer = shown["loop-code"].splitlines()
    assert [line.partition("(")[0] for line in rounds] == ["round 1: get_weather", "round 1: get_date_time"]
    assert "snow, -3 degrees" in answer
    assert re.search(r"\d\d:\d\d", answer)
    assert "1969: two people walk on the Moon" in shown["loop-fact"].splitlines()[-1]
    assert "error: KeyError" in shown["fails-code"].splitlines()[-1]
    assert "clear, 11 degrees" in shown["converse-code"]


def test_the_tool_loop_goes_on_while_the_model_asks_for_more(run: Run, model: ModelScript) -> None:
    one_more = [{"name": "get_weather", "input": {"city": "Osaka"}}]
    model.tool_calls(one_more, times=1, contains="It calls get_weather")  # said by the stand-in in the first round

    *rounds, answer = run(5)["loop-code"].splitlines()

    assert [line.partition("(")[0] for line in rounds][-1] == "round 2: get_weather"
    assert "clear, 11 degrees" in answer


def test_the_tool_loop_ends_although_the_model_asks_for_ever(run: Run, model: ModelScript) -> None:
    model.tool_calls([{"name": "get_weather", "input": {"city": "Osaka"}}])

    shown = run(5)

    assert shown["loop-code"].count("round ") == 5
    assert shown["loop-code"].endswith("No answer after 5 rounds.\n")
    assert shown["converse-code"] == "No answer after 5 rounds.\n"


def test_documents_answer_with_citations_filters_and_a_rewritten_question(run: Run) -> None:
    shown = run(6)

    assert "21 days in advance" in shown["ask-code"]
    assert "[1] travel.md (" in shown["ask-code"]
    assert shown["unanswerable-code"].startswith("answered: False")
    old, new = shown["filter-code"].split("{'year': {'gte': 2024}}")
    assert ("archive/travel-2022.md" in old, "archive" in new, "[1] travel.md" in new) == (True, False, True)
    assert shown["retrieve-code"].count("\n") == 3
    assert "['remote-work.md']" in shown["chat-code"]
    assert "searched for: And how long in advance do I book it? (Who approves" in shown["follow-up-code"]
    assert "did it obey the post? False" in shown["orders-code"]
    assert "5 of 5" in shown["measure-code"]


def test_the_guardrail_stops_rewrites_and_lets_pass(run: Run) -> None:
    shown = run(7)

    assert shown["stopped-code"].startswith("content_filter | This request was stopped")
    assert "PROMPT_ATTACK" in shown["why-code"]
    assert "('sensitiveInformationPolicy', 'EMAIL', 'ANONYMIZED')" in shown["why-code"]
    assert "{EMAIL}" in shown["rewritten-code"]
    assert "ada@example.com" not in shown["rewritten-code"]
    assert shown["measure-code"].count("as it should") == 6
    assert shown["stream-code"].endswith("ended with: content_filter\n")
    assert "stopped are messages [2, 3] of 6" in shown["session-code"]
    assert "Ada" in shown["session-code"].splitlines()[2]


def test_the_tuning_set_is_written_checked_measured_and_priced(run: Run, folder: Path, model: ModelScript) -> None:
    model.answer("price", contains="customer's message")

    shown = run(8)

    assert "2 copies left out; 32 to learn from, 8 to check with" in shown["split-code"]
    assert shown["checks-code"] == "nothing found\n"
    for finding in ("no known label", "'User:' in a message", "'Assistant:' in a message", "in both parts"):
        assert finding in shown["checks-bad"]
    files = {name: (folder / "tuning-set" / f"{name}.jsonl").read_text("utf-8") for name in ("training", "validation")}
    assert [text.count("\n") for text in files.values()] == [32, 8]
    for line in "".join(files.values()).splitlines():
        example = json.loads(line)
        assert example["schemaVersion"] == "bedrock-conversation-2024"
        assert [message["role"] for message in example["messages"]] == ["user", "assistant"]
    assert "zero-shot  2 of 8 right" in shown["baseline-code"]
    assert re.search(r"^amazon.nova-micro-v1:0:128k +training 0\.00\d\d to 0\.00\d\d", shown["price-code"])
    assert re.search(r"[\d,]+ calls in the first month", shown["pays-code"])


def test_cost_agrees_with_the_endpoints_count_and_shows_what_is_left(run: Run) -> None:
    shown = run(9)

    assert re.search(r"^today: +[1-9]\d* requests", shown["usage-code"])
    assert re.search(r"^left: +4\.\d{6} USD$", shown["usage-code"], re.MULTILINE)
    said = re.search(r"(\d+) read, (\d+) written", shown["one-call-code"])
    assert said is not None
    counted = f"{{'requests': 1, 'input_tokens': {said[1]}, 'output_tokens': {said[2]}, 'micro_dollars': "
    assert counted in shown["one-call-code"]
    assert "x-quarry-remaining-usd: 4." in shown["reserved-code"]
    assert "x-ratelimit-remaining-tokens: " in shown["reserved-code"]
    times = re.search(r": (\d+) times as many", shown["levers-history"])
    assert times is not None
    assert int(times[1]) > 5
    assert "smart" in shown["levers-model-code"]


def test_an_endpoint_that_is_not_set_ends_a_notebook_with_what_to_do_and_no_traceback(
    run: Run, laptop: dict[str, str]
) -> None:
    with pytest.raises(CellExecutionError) as refused:
        run(1, {name: value for name, value in laptop.items() if name != "OPENAI_BASE_URL"})

    assert "OPENAI_BASE_URL is not set" in refused.value.traceback
    assert "quarry connect" in refused.value.traceback
    assert "Traceback" not in refused.value.traceback


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "Nothing answers at http://127.0.0.1:9/v1"),
        ({"OPENAI_API_KEY": "not written yet"}, "does not take this key"),
        ({"QUARRY_ALIASES": "quick"}, "`quick` cannot be asked"),
        ({"QUARRY_ALIASES": "embed"}, "not a model that can chat"),
    ],
)
def test_an_endpoint_that_does_not_answer_as_it_should_is_told_with_what_to_do(
    python: Kernel, laptop: dict[str, str], changed: dict[str, str], words: str
) -> None:
    with pytest.raises(CellExecutionError, match=re.escape(words)):
        python.run(cells("import endpoint\nendpoint.connect()"), {**laptop, **changed})


def test_a_broken_notebook_fails_with_its_cell(python: Kernel, laptop: dict[str, str]) -> None:
    with pytest.raises(CellExecutionError, match="no_such_name"):
        python.run(cells("print('fine')", "no_such_name"), laptop)
    with pytest.raises(AssertionError, match="cell-0 wrote to the standard error"):
        python.run(cells("import warnings\nwarnings.warn('old')"), laptop)


def test_a_notebook_finds_nothing_of_the_one_before(python: Kernel, laptop: dict[str, str]) -> None:
    python.run(cells("left = 1\nimport os\nos.environ['LEFT'] = 'yes'"), laptop)

    shown = python.run(cells("import os\nprint('left' in globals(), 'LEFT' in os.environ)"), laptop)

    assert shown == {"cell-0": "False False\n"}
