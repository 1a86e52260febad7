"""What a run of the function does not finish goes on in another one, and is answered once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.common.custom_resource import (
    RUN,
    Act,
    Answer,
    CustomResourceError,
    Request,
    Runs,
    UnfinishedError,
    serve,
)
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.common.test_custom_resource import KINDS, THERE, answered, fails, named, never_sent, works
from tests.lambdas.ingestion.fakes import refused


def unfinished(_request: Request) -> Answer:
    raise UnfinishedError("2 of 3 are left. Do it again.")


@dataclass
class FakeRuns:
    """The function's next runs, which are asked for and do not come. ``fails``: what asking raises."""

    fails: Exception | None = None
    events: list[Mapping[str, Any]] = field(default_factory=list)

    def of(self, most: int) -> Runs:
        return Runs(most=most, start=self)

    def __call__(self, event: Mapping[str, Any]) -> None:
        if self.fails:
            raise self.fails
        self.events.append(event)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_unfinished_is_not_answered_but_goes_on_in_another_run(kind: str) -> None:
    """Until the last run, which answers whatever came of it."""
    cloudformation, runs = FakeCloudFormation(), FakeRuns()
    event = asked(kind, {"Name": "named"}, **THERE)

    for run in (1, 2):
        told = serve(event, Context(), unfinished, send=cloudformation, runs=runs.of(3))
        assert told == {"ok": True, "reason": f"not answered: run {run + 1} goes on"}
        assert runs.events[-1] == {**event, RUN: run + 1}
        event = dict(runs.events[-1])
    assert not cloudformation.bodies

    told = serve(event, Context(), unfinished, send=cloudformation, runs=runs.of(3))

    assert told == {"ok": False, "reason": "2 of 3 are left. Do it again."}
    assert (cloudformation.answer["Status"], cloudformation.answer["Reason"]) == ("FAILED", told["reason"])
    assert len(runs.events) == 2


def test_a_later_run_answers_as_the_first_would_have() -> None:
    runs = FakeRuns()
    serve(asked("Create", {"Name": "named"}), Context(), unfinished, about=named, send=never_sent, runs=runs.of(2))
    got: list[int] = []

    def act(request: Request) -> Answer:
        got.append(request.run)
        return Answer(ok=True, data={"Made": "yes"})

    answer = answered(runs.events[0], act)

    assert (answer["Status"], answer["PhysicalResourceId"], answer["Data"]) == ("SUCCESS", "named", {"Made": "yes"})
    assert got == [2]


@pytest.mark.parametrize("runs", [None, 1])
def test_where_there_is_one_run_the_unfinished_is_a_failure(runs: int | None) -> None:
    cloudformation = FakeCloudFormation()

    serve(asked("Delete", {}), Context(), unfinished, send=cloudformation, runs=FakeRuns().of(runs) if runs else None)

    assert cloudformation.answer["Reason"] == "2 of 3 are left. Do it again."


@pytest.mark.parametrize("act", [works, fails(CustomResourceError("no")), fails(ZeroDivisionError())])
def test_what_is_over_is_answered_at_once(act: Act) -> None:
    cloudformation, runs = FakeCloudFormation(), FakeRuns()

    serve(asked("Delete", {}), Context(), act, send=cloudformation, runs=runs.of(3))

    assert len(cloudformation.bodies) == 1
    assert not runs.events


def test_a_run_that_cannot_be_started_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    cloudformation = FakeCloudFormation()
    runs = FakeRuns(fails=refused("AccessDeniedException", "Invoke"))

    serve(asked("Delete", {}), Context(), unfinished, send=cloudformation, runs=runs.of(3))

    assert cloudformation.answer["Reason"] == (
        "2 of 3 are left. Do it again. The function could not be run again: ClientError; its log has more."
    )
    assert "next run not started" in caplog.text


@pytest.mark.parametrize("run", [None, "2", 0, -1, 1.5, [], True])
def test_a_run_that_is_no_number_is_the_first(run: Any) -> None:
    runs = FakeRuns()

    serve({**asked("Delete", {}), RUN: run}, Context(), unfinished, send=never_sent, runs=runs.of(2))

    assert [event[RUN] for event in runs.events] == [2]
