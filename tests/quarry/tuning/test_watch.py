"""``quarry tune status`` and ``list``."""

from typing import Any

import pytest

from lambdas.chat.promotions import TunedModel
from lambdas.tuning.places import request_key
from lambdas.tuning.run import Cost, HostingCost, Range, RunRequest, RunStatus, encode_request
from quarry.deployed.deployment import Deployment
from quarry.tuning.stack import promotions
from tests.quarry.conftest import Run
from tests.quarry.tuning.account import ARN, BUCKET, EXECUTION, MICRO, RUN, FakeTuning


def status(**changes: Any) -> RunStatus:
    """Return the status of a run that trains."""
    said: dict[str, Any] = {
        "run": RUN,
        "state": "running",
        "phase": "training",
        "alias": "fast",
        "base_model": MICRO,
        "execution_arn": EXECUTION,
        "started": "2026-11-30T12:00:00Z",
    }
    return RunStatus(**{**said, **changes})


def test_a_run_is_told_to_programs_as_the_pipeline_wrote_it(run: Run, tuning: FakeTuning) -> None:
    tuning.executions[EXECUTION] = {"status": "RUNNING"}
    tuning.write(status(cost=Cost(training_usd=Range(0.1, 0.2), as_of="2026-11-29")))

    ran = run("tune", "status", RUN, "-e", "dev", "--json")

    assert ran.code == 0
    assert {name: ran.json[name] for name in ("run", "state", "phase", "reason")} == {
        "run": RUN,
        "state": "running",
        "phase": "training",
        "reason": "",
    }
    assert ran.json["cost"] == {"training_usd": {"low": 0.1, "high": 0.2}, "as_of": "2026-11-29"}


def test_a_run_is_told_to_people_with_its_price_and_who_answers(run: Run, tuning: FakeTuning) -> None:
    hosting = HostingCost(kind="provisioned", usd_per_hour=60.5, max_usd=242)
    cost = Cost(training_usd=Range(0.1, 0.2), storage_usd_per_month=1.95, hosting=hosting, as_of="2026-11-29")
    scores = {"base": {"rouge_l": 0.25}, "tuned": {"rouge_l": 0.75}}
    tuning.write(status(state="succeeded", phase="done", cost=cost, hosted_arn=ARN, scores=scores))

    lines = run("tune", "status", RUN, "-e", "dev").out.splitlines()

    assert lines[0] == f"{RUN}: succeeded, done"
    assert "  scores: base rouge_l 0.250; tuned rouge_l 0.750" in lines
    assert any("hosting 60.50 USD per hour, at most 242.00 USD; storage 1.95 USD per month" in line for line in lines)
    assert lines[-1] == "  alias fast: answers from its configured candidates"

    promotions(Deployment(_dev())).promote("fast", TunedModel(arn=ARN, base=MICRO, run=RUN))
    assert run("tune", "status", RUN, "-e", "dev").out.splitlines()[-1] == "  alias fast: answers from this run's model"


def _dev() -> Any:
    from quarry.deployed.deployment import environment

    return environment("dev")


@pytest.mark.parametrize(("state", "code"), [("failed", 1), ("stopped", 1), ("succeeded", 0)])
def test_how_it_ended_is_the_exit_code(run: Run, tuning: FakeTuning, state: str, code: int) -> None:
    tuning.write(status(state=state, reason="It stalled."))

    ran = run("tune", "status", RUN, "-e", "dev")

    assert ran.code == code
    assert "  It stalled." in ran.out


@pytest.mark.parametrize(
    ("execution", "said"),
    [
        ({"status": "FAILED", "cause": "no permission"}, "The pipeline broke off (FAILED): no permission"),
        ({"status": "TIMED_OUT"}, "The pipeline broke off (TIMED_OUT): no cause was given"),
        (None, "the pipeline's execution is not there any more"),
    ],
)
def test_a_pipeline_that_broke_off_without_a_word_is_told(
    run: Run, tuning: FakeTuning, execution: dict[str, Any] | None, said: str
) -> None:
    tuning.write(status())
    if execution:
        tuning.executions[EXECUTION] = execution

    ran = run("tune", "status", RUN, "-e", "dev", "--json")

    assert ran.code == 1
    assert ran.json["state"] == "failed"
    assert said in ran.json["reason"]


def test_a_run_that_was_only_asked_for_is_starting(run: Run, tuning: FakeTuning) -> None:
    request = RunRequest(alias="fast", base_model=MICRO, training="data/a.jsonl", test="data/b.jsonl")
    tuning.s3.put_object(Bucket=BUCKET, Key=request_key(RUN), Body=encode_request(request))

    ran = run("tune", "status", RUN, "-e", "dev", "--json")

    assert (ran.code, ran.json["state"], ran.json["phase"]) == (0, "running", "starting")


def test_a_run_is_waited_for(run: Run, tuning: FakeTuning) -> None:
    tuning.executions[EXECUTION] = {"status": "RUNNING"}
    tuning.write(status(details={"training": "InProgress"}))
    tuning.steps = [status(phase="evaluating"), status(state="succeeded", phase="done")]

    ran = run("tune", "status", RUN, "--wait", "-e", "dev", "--json")

    assert (ran.code, ran.json["state"]) == (0, "succeeded")
    assert f"{RUN}: running, training (step 6 of 12): training InProgress" in ran.err
    assert f"{RUN}: running, evaluating (step 8 of 12)" in ran.err
    assert tuning.slept == [15.0, 15.0]


def test_waiting_has_an_end(run: Run, tuning: FakeTuning) -> None:
    tuning.executions[EXECUTION] = {"status": "RUNNING"}
    tuning.write(status())

    ran = run("tune", "status", RUN, "--wait", "--timeout-minutes", "0", "-e", "dev")

    assert ran.code == 1
    assert "Not over after 0 minutes" in ran.err


def test_a_run_that_there_is_not_names_those_that_there_are(run: Run, tuning: FakeTuning) -> None:
    tuning.write(status())

    ran = run("tune", "status", "fast-nope", "-e", "dev")

    assert ran.code == 2
    assert f"dev has no run fast-nope. There are: {RUN}." in ran.err


def test_a_status_that_is_none_is_told(run: Run, tuning: FakeTuning) -> None:
    tuning.s3.put_object(Bucket=BUCKET, Key=f"reports/{RUN}/status.json", Body=b"{")

    ran = run("tune", "status", RUN, "-e", "dev")

    assert ran.code == 1
    assert "is no status of a run" in ran.err


def test_all_runs_are_listed_the_latest_first(run: Run, tuning: FakeTuning) -> None:
    tuning.executions[EXECUTION] = {"status": "RUNNING"}
    tuning.write(status())
    tuning.write(status(run="fast-ffffffffffff", state="succeeded", phase="done", started="2026-11-30T13:00:00Z"))
    promotions(Deployment(_dev())).promote("fast", TunedModel(arn=ARN, base=MICRO, run="fast-ffffffffffff"))

    lines = run("tune", "list", "-e", "dev").out.splitlines()
    assert lines[1].split() == ["fast-ffffffffffff", MICRO, "succeeded", "done", "2026-11-30T13:00:00Z", "-", "answers"]
    assert lines[2].split() == [RUN, MICRO, "running", "training", "2026-11-30T12:00:00Z", "-"]

    told = run("tune", "list", "-e", "dev", "--json").json
    assert [one["run"] for one in told["runs"]] == ["fast-ffffffffffff", RUN]
    assert told["promotions"]["fast"]["tuned"]["run"] == "fast-ffffffffffff"


def test_nothing_tuned_yet_is_said(run: Run, tuning: FakeTuning) -> None:
    ran = run("tune", "list", "-e", "dev")

    assert (ran.code, ran.out) == (0, "")
    assert "Nothing was tuned yet" in ran.err
