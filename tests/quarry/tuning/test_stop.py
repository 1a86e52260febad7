"""``quarry tune stop``: the execution ends, and what takes away what it made is followed until it is done."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.tuning.places import request_key
from lambdas.tuning.run import RunRequest, encode_request
from tests.quarry.conftest import Run
from tests.quarry.tuning.account import BUCKET, EXECUTION, MICRO, RUN, FakeTuning
from tests.quarry.tuning.test_watch import status


def test_a_run_is_stopped_and_followed_until_nothing_is_left(run: Run, tuning: FakeTuning) -> None:
    tuning.executions[EXECUTION] = {"status": "RUNNING"}
    tuning.write(status())
    tuning.steps = [status(state="stopping"), status(state="stopped", reason="It was stopped.")]

    ran = run("tune", "stop", RUN, "-e", "dev")

    assert ran.code == 0
    assert tuning.stopped == [EXECUTION]
    assert f"{RUN} is over: stopped. It was stopped." in ran.out
    assert "keeps its model" not in ran.out


def test_without_waiting_it_is_said_that_it_is_being_stopped(run: Run, tuning: FakeTuning) -> None:
    tuning.executions[EXECUTION] = {"status": "RUNNING"}
    tuning.write(status())

    ran = run("tune", "stop", RUN, "--no-wait", "-e", "dev")

    assert (ran.code, tuning.stopped, tuning.slept) == (0, [EXECUTION], [])
    assert "is being stopped" in ran.out


@pytest.mark.parametrize("state", ["succeeded", "failed", "stopped"])
def test_what_is_over_is_left_as_it_is(run: Run, tuning: FakeTuning, state: str) -> None:
    tuning.write(status(state=state, phase="done", model_arn="arn:model"))

    ran = run("tune", "stop", RUN, "-e", "dev")

    assert (ran.code, tuning.stopped) == (0, [])
    assert f"`quarry tune delete {RUN}`" in ran.out


def test_what_is_being_stopped_is_only_followed(run: Run, tuning: FakeTuning) -> None:
    tuning.executions[EXECUTION] = {"status": "ABORTED"}
    tuning.write(status(state="stopping"))
    tuning.steps = [status(state="stopped")]

    ran = run("tune", "stop", RUN, "-e", "dev", "--json")

    assert (ran.code, ran.json["state"], tuning.stopped) == (0, "stopped", [])


def asked_for(tuning: FakeTuning) -> None:
    request = RunRequest(alias="fast", base_model=MICRO, training="data/a.jsonl", test="data/b.jsonl")
    tuning.s3.put_object(Bucket=BUCKET, Key=request_key(RUN), Body=encode_request(request))


def test_a_run_that_has_not_begun_is_stopped_as_soon_as_it_has(run: Run, tuning: FakeTuning) -> None:
    asked_for(tuning)
    tuning.begins_after = 2

    ran = run("tune", "stop", RUN, "--no-wait", "-e", "dev")

    assert (ran.code, tuning.stopped, len(tuning.slept)) == (0, [EXECUTION], 2)


def test_a_run_that_does_not_begin_is_told(run: Run, tuning: FakeTuning, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for(tuning)
    monkeypatch.setattr("quarry.tuning.stop.START_SECONDS", -1)

    ran = run("tune", "stop", RUN, "-e", "dev")

    assert ran.code == 1
    assert "has not begun, so there is nothing to stop yet" in ran.err


def test_a_refusal_is_told_with_the_missing_permission(
    run: Run, tuning: FakeTuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuning.executions[EXECUTION] = {"status": "RUNNING"}
    tuning.write(status())

    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "StopExecution")

    monkeypatch.setattr(tuning, "stop_execution", denied)

    ran = run("tune", "stop", RUN, "-e", "dev")

    assert ran.code == 1
    assert "states:StopExecution" in ran.err
