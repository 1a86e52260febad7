"""What Step Functions says of an error becomes a sentence for whoever started the run."""

import json

import pytest

from lambdas.tuning import message
from lambdas.tuning.failure import reason_of
from lambdas.tuning.run import Cost, HostingCost, RunStatus


def cause(text: str) -> str:
    return json.dumps({"errorMessage": text, "errorType": "X", "stackTrace": ["..."]})


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (None, ""),
        ({}, ""),
        ({"Error": "RefusedError", "Cause": cause("Too dear.")}, "Too dear."),
        ({"Error": "PhaseTimedOut", "Cause": "Too long."}, "Too long."),
        ({"Error": "KeyError", "Cause": cause("'x'")}, "A step of the phase training failed: KeyError: 'x'"),
        ({"Error": "States.Timeout"}, "A step of the phase training took longer than it may."),
        ({"Error": "States.Runtime", "Cause": ""}, "A step of the phase training failed: States.Runtime"),
        (
            {"Error": "States.ExceedToleratedFailureThreshold", "Cause": "The specified tolerated failure threshold"},
            "Base and tuned model could not both be asked: the log of the function that evaluates has why.",
        ),
        ({"Error": "Odd", "Cause": "[1]"}, "A step of the phase training failed: Odd: [1]"),
    ],
)
def test_an_error_is_told(error: dict[str, str] | None, told: str) -> None:
    assert reason_of(error, phase="training") == told


def test_a_long_one_is_cut() -> None:
    assert len(reason_of({"Error": "JobError", "Cause": "x" * 9999}, phase="training")) == 2000


def test_a_message_fits_sns_and_says_what_it_costs() -> None:
    status = RunStatus(
        run="t" * 200,
        state="succeeded",
        phase="done",
        alias="tweets",
        promoted=True,
        until="2026-11-30T15:57:30+00:00",
        model_arn="arn",
        cost=Cost(storage_usd_per_month=1.95, hosting=HostingCost(kind="provisioned", usd_per_hour=108.15)),
        scores={"base": {"token_f1": 0.5}, "tuned": {"token_f1": 0.75}},
        report="reports/r/report.html",
    )

    subject = message.subject(status, environment="dév")
    text = message.text(status, environment="dev", bucket="b")

    assert len(subject) <= 100
    assert subject.isascii()
    for part in (
        "108.15 USD an hour ends at 2026-11-30",
        "1.95 USD a month",
        "tuned: token_f1 0.750",
        "s3://b/reports/r",
    ):
        assert part in text
