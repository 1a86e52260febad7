"""``quarry tune start``: nothing is uploaded or started that was not checked, priced and agreed to."""

from pathlib import Path
from typing import Any

import pytest

from configuration.config import Config
from configuration.environment_file import load
from lambdas.chat.promotions import TunedModel
from lambdas.tuning.run import RunStatus, parse_request
from quarry.deployed.deployment import Deployment
from quarry.tuning.stack import promotions
from tests.quarry.conftest import Ran, Run
from tests.quarry.tuning.account import ARN, BUCKET, MICRO, FakeTuning


@pytest.fixture
def start(run: Run, tuning: FakeTuning, examples: Path) -> Any:
    """Start a run in dev of train.jsonl and test.jsonl, without waiting."""

    def started(*more: str, wait: bool = False, stdin: str = "", base: str = MICRO) -> Ran:
        fixed = ["--alias", "fast", "--base", base, "--test", str(examples / "test.jsonl"), "-e", "dev"]
        waiting = [] if wait else ["--no-wait"]
        return run("tune", "start", str(examples / "train.jsonl"), *fixed, *waiting, *more, stdin=stdin)

    return started


def asked(tuning: FakeTuning) -> list[str]:
    return [key for key in tuning.objects() if key.startswith("runs/")]


def test_data_and_request_are_uploaded_and_the_run_is_told(start: Any, tuning: FakeTuning) -> None:
    ran = start("--json", "--epochs", "3")

    run = ran.json["run"]
    assert ran.code == 0
    assert (ran.json["state"], ran.json["phase"]) == ("running", "starting")
    assert run.startswith("fast-")
    assert asked(tuning) == [f"runs/{run}/run.yaml"]
    written = tuning.s3.get_object(Bucket=BUCKET, Key=f"runs/{run}/run.yaml")["Body"].read()
    request = parse_request(written)
    assert (request.alias, request.base_model, request.hyperparameters) == ("fast", MICRO, {"epochCount": 3})
    assert sorted(request.data) == [key for key in tuning.objects() if key.startswith("data/")]
    assert request.training.endswith("/train.jsonl")


def test_the_same_start_twice_is_one_run(start: Any, tuning: FakeTuning) -> None:
    first, second = start("--json"), start("--json")

    assert first.json["run"] == second.json["run"]
    assert len(asked(tuning)) == 1
    assert "was started before" in start().out


def test_the_same_once_more_is_another_run(start: Any, tuning: FakeTuning) -> None:
    first, second = start("--json"), start("--again", "1", "--json")

    assert second.json["run"] == f"{first.json['run']}-2"


def test_a_run_is_followed_until_it_is_over(start: Any, tuning: FakeTuning) -> None:
    run = start("--json").json["run"]
    status = RunStatus(run=run, state="running", phase="training", alias="fast", base_model=MICRO)
    tuning.steps = [status, RunStatus(run=run, state="succeeded", phase="done", alias="fast", base_model=MICRO)]
    promotions(Deployment(load("dev"))).promote("fast", TunedModel(arn=ARN, base=MICRO, run=run))

    ran = start(wait=True)

    assert ran.code == 0
    assert f"{run}: running, training (step 6 of 12)" in ran.err
    assert f"{run}: succeeded, done" in ran.out
    assert "alias fast: answers from this run's model" in ran.out


def test_a_run_that_fails_is_exit_code_1_with_its_reason(start: Any, tuning: FakeTuning) -> None:
    run = start("--json").json["run"]
    tuning.write(RunStatus(run=run, state="failed", phase="training", reason="It stalled.", alias="fast"))

    ran = start("--json", wait=True)

    assert ran.code == 1
    assert (ran.json["state"], ran.json["reason"]) == ("failed", "It stalled.")
    assert "--again 1 starts the same once more" in ran.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--max-training-usd", "0.0001"], "and the limit is 0.00010:"),
        (["--alias", "embed"], "dev has no alias embed that can chat"),
        (["--alias", "nope"], "dev has no alias nope that can chat"),
        (["--judge-alias", "nope"], "judge_alias: nope is not the environment's"),
        (["--base", "amazon.nova-pro-v1:0"], "base_model: dev does not tune amazon.nova-pro-v1:0"),
        (["--hosting", "provisioned", "--max-hours", "9"], "max_hours: 9 is more than dev allows; there is 4 at most"),
        (["--epochs", "99"], "hyperparameters.epochCount: 99 is not accepted"),
        (["--batch-size", "4"], "hyperparameters.batchSize is not accepted"),
        (["--margin", "7"], "margin: 7.0 is not accepted"),
        (["--method", "distillation"], "method: the pipeline does not do distillation"),
        (["--method", "magic"], "magic"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    start: Any, tuning: FakeTuning, more: list[str], said: str
) -> None:
    ran = start(*more)

    assert ran.code == 2, ran.err
    assert said in ran.err
    assert tuning.objects() == []


def test_an_unknown_base_is_refused(start: Any, tuning: FakeTuning) -> None:
    ran = start(base="anthropic.claude-haiku-4-5-20251001-v1:0")

    assert ran.code == 2
    assert "is no model that Bedrock tunes" in ran.err
    assert tuning.objects() == []


def test_data_that_bedrock_would_not_take_is_refused_with_its_first_problems(
    start: Any, tuning: FakeTuning, examples: Path
) -> None:
    (examples / "train.jsonl").write_text('{"messages": []}\n' * 9, encoding="utf-8")

    ran = start()

    assert ran.code == 2
    assert "problems that would make the job fail" in ran.err
    assert "line 1:" in ran.err
    assert tuning.objects() == []


def test_what_is_missing_is_told(run: Run, tuning: FakeTuning, examples: Path) -> None:
    ran = run("tune", "start", str(examples / "train.jsonl"), "--alias", "fast", "-e", "dev")

    assert ran.code == 2
    assert "--base, --test is missing. `quarry tune split` makes a test set" in ran.err


NAMED = f"alias: fast\nbase_model: {MICRO}\n"
NOVA_2_LITE = "amazon.nova-2-lite-v1:0"
HOURLY = ["--hosting", "provisioned", "--max-hours", "2"]


def test_hosting_by_the_hour_is_agreed_to_by_its_figure(start: Any, tuning: FakeTuning) -> None:
    ran = start(*HOURLY, base=NOVA_2_LITE, stdin="121.00\n")

    assert ran.code == 0, ran.err
    assert "60.50 USD an hour, called or not, for at most 2 hours" in ran.err
    assert "Type 121.00 to agree" in ran.err
    assert len(asked(tuning)) == 1


@pytest.mark.parametrize("typed", ["yes\n", "12\n", "\n", ""])
def test_another_word_than_the_figure_starts_nothing(start: Any, tuning: FakeTuning, typed: str) -> None:
    ran = start(*HOURLY, base=NOVA_2_LITE, stdin=typed)

    assert ran.code == 2
    assert "Nothing was uploaded or started" in ran.err
    assert tuning.objects() == []


@pytest.mark.parametrize(("more", "code"), [(["--yes"], 0), (["--confirm-usd", "121"], 0), (["--confirm-usd", "1"], 2)])
def test_scripts_agree_by_an_option(start: Any, tuning: FakeTuning, more: list[str], code: int) -> None:
    assert start(*HOURLY, *more, base=NOVA_2_LITE).code == code
    assert len(asked(tuning)) == (0 if code else 1)


def test_an_hour_is_one_hour(start: Any, tuning: FakeTuning) -> None:
    assert "for at most 1 hour (then" in start(*HOURLY[:-1], "1", base=NOVA_2_LITE, stdin="60.50\n").err


def test_a_commitment_is_agreed_to_by_its_figure_and_by_nothing_less(start: Any, tuning: FakeTuning) -> None:
    committed = ["--hosting", "provisioned", "--commitment", "OneMonth"]

    refused = start(*committed, "--yes", base=NOVA_2_LITE)
    assert refused.code == 2
    assert "cannot be taken back: 39,600.00 USD in all" in refused.err
    assert tuning.objects() == []

    assert start(*committed, "--confirm-usd", "39600", base=NOVA_2_LITE).code == 0
    (key,) = asked(tuning)
    written = tuning.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert parse_request(written).commitment_usd == 39600


def test_an_unknown_price_is_gone_on_with_only_if_that_is_said(start: Any, tuning: FakeTuning) -> None:
    refused = start(*HOURLY)
    assert refused.code == 2
    assert "--accept-unknown-price goes on without it" in refused.err

    assert start(*HOURLY, "--accept-unknown-price").code == 0
    assert len(asked(tuning)) == 1


def test_a_request_names_files_beside_it_or_keys(run: Run, tuning: FakeTuning, examples: Path) -> None:
    tuning.s3.upload_file(str(examples / "test.jsonl"), BUCKET, "data/mine/test.jsonl")
    (examples / "run.yaml").write_text(
        f"alias: fast\nbase_model: {MICRO}\ntraining: train.jsonl\ntest: data/mine/test.jsonl\n", encoding="utf-8"
    )

    ran = run("tune", "start", str(examples / "run.yaml"), "--no-wait", "--json", "-e", "dev")

    assert ran.code == 0, ran.err
    assert asked(tuning) == [f"runs/{ran.json['run']}/run.yaml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "cannot be read as a request"),
        ("alias: fast\n", "base_model"),
        (f"alias: fast\nbase_model: {MICRO}\ntraining: nope.jsonl\ntest: test.jsonl\n", "nope.jsonl is no file here"),
        (
            f"alias: fast\nbase_model: {MICRO}\ntraining: train.jsonl\ntest: data/none.jsonl\n",
            "data/none.jsonl is not in",
        ),
        (f"alias: fast\nbase_model: {MICRO}\ntraining: train.jsonl\ntest: test.jsonl\nhours: 3\n", "hours"),
    ],
)
def test_a_request_that_cannot_be_used_is_told(
    run: Run, tuning: FakeTuning, examples: Path, text: str, said: str
) -> None:
    (examples / "run.yaml").write_text(text, encoding="utf-8")

    ran = run("tune", "start", str(examples / "run.yaml"), "--no-wait", "-e", "dev")

    assert ran.code == 2
    assert said in ran.err
    assert asked(tuning) == []


def test_without_a_stack_or_a_section_it_is_told_how_to_get_one(
    run: Run, tuning: FakeTuning, examples: Path, aws: Any, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed = ["--alias", "fast", "--base", MICRO, "--test", str(examples / "test.jsonl"), "-e", "dev"]
    del aws.stacks["quarry-dev-tuning"]
    assert "is not deployed" in run("tune", "start", str(examples / "train.jsonl"), *fixed).err

    without = config.model_copy(update={"tuning": None})
    monkeypatch.setattr("quarry.deployed.deployment.load", lambda _name: without)
    assert "Add a section `tuning`" in run("tune", "start", str(examples / "train.jsonl"), *fixed).err
