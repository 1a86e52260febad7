"""Requests are read strictly, a run's id is its content's, and a status stays readable."""

import msgspec
import pytest

from lambdas.tuning import run
from lambdas.tuning.run import RequestError, RunRequest, RunStatus

GOOD = """
alias: tweets
base_model: amazon.nova-micro-v1:0
training: data/tweets/train.jsonl
test: data/tweets/test.jsonl
hyperparameters: {epochCount: 2, learningRate: 1.0e-05}
"""


def request(**changes: object) -> RunRequest:
    return msgspec.structs.replace(run.parse_request(GOOD.encode()), **changes)


def test_a_request_is_read() -> None:
    read = run.parse_request(GOOD.encode())

    assert read.alias == "tweets"
    assert read.data == ("data/tweets/train.jsonl", "data/tweets/test.jsonl")
    assert read.hyperparameter_strings == {"epochCount": "2", "learningRate": "0.00001"}


def test_what_is_written_is_read_as_it_was() -> None:
    asked = request(hosting="provisioned", max_hours=4, validation="data/v.jsonl", margin=0.0)

    assert run.parse_request(run.encode_request(asked)) == asked
    assert b"judge" not in run.encode_request(asked)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("alias: [", "run.yaml is no YAML in line 1"),
        ("- alias", "Expected `object`, got `array`"),
        ("", "Expected `object`, got `null`"),
        ("a: &a [*a]", "run.yaml"),
        ("!!python/object/apply:os.system [ls]", "run.yaml is no YAML"),
        (GOOD + "colour: red", "unknown field `colour`"),
        (GOOD.replace("alias: tweets", ""), "required field `alias`"),
        (GOOD.replace("alias: tweets", "alias: Tweets!"), "'Tweets!' is not accepted"),
        (GOOD.replace("data/tweets/train", "output/train"), "training: 'output/train.jsonl' is not accepted"),
        (GOOD.replace("data/tweets/train", "data/twe ets"), "is not accepted"),
        (GOOD.replace("tweets/test", "tweets/train"), "test: is the training data itself"),
        (GOOD + "margin: 2", "margin: 2.0 is not accepted: expected 0 to 1"),
        (GOOD + "margin: .nan", "margin: nan is not accepted"),
        (GOOD + "max_hours: 100000", "max_hours"),
        (GOOD + "hosting: serverless", "hosting"),
        (GOOD + "method: magic", "method"),
        (GOOD + "commitment: OneMonth", "commitment: needs hosting"),
        (GOOD + "metric: judge", "metric: judge needs judge_alias"),
        (GOOD + "hyperparameters: {epochCount: true}", "hyperparameters"),
        ("x" * 70_000, "70,000 bytes"),
        ("alias: \x00", "run.yaml is no YAML"),
    ],
)
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    with pytest.raises(RequestError, match=r"run\.yaml") as refused:
        run.parse_request(text.encode())

    assert told in str(refused.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(RequestError, match=r"run\.yaml is no YAML"):
        run.parse_request(b"\xff\xfe\xff")


def test_the_same_over_the_same_data_is_the_same_run() -> None:
    first = run.run_id(request(), ['"a"', "b"])

    assert first == run.run_id(request(), ["a", '"b"'])
    assert first.startswith("tweets-")
    assert len(first) == len("tweets-") + 12


@pytest.mark.parametrize(
    "other",
    [{"margin": 0.1}, {"hyperparameters": {"epochCount": 3}}, {"base_model": "amazon.nova-lite-v1:0"}],
)
def test_another_request_is_another_run(other: dict[str, object]) -> None:
    assert run.run_id(request(**other), ["a", "b"]) != run.run_id(request(), ["a", "b"])


def test_other_data_are_another_run_and_again_has_a_number() -> None:
    assert run.run_id(request(), ["a", "c"]) != run.run_id(request(), ["a", "b"])
    assert run.run_id(request(), ["ab", ""]) != run.run_id(request(), ["a", "b"])
    assert run.run_id(request(again=1), ["a", "b"]) == run.run_id(request(), ["a", "b"]) + "-2"


def test_a_status_is_read_as_written_and_a_later_one_too() -> None:
    status = RunStatus(run="tweets-1", state="running", phase="training", request=request(), details={"training": "x"})
    later = run.encode_status(status).replace(b'"phase"', b'"new_member": 1, "phase"')

    assert run.decode_status(run.encode_status(status)) == status
    assert run.decode_status(later) == status


def test_a_change_has_its_time() -> None:
    status = run.changed(RunStatus(run="r", state="running", phase="starting"), {"phase": "training"})

    assert status.phase == "training"
    assert status.updated.endswith("Z")
