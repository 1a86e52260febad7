"""The schedules of an end: made, moved, taken away, whatever was there before."""

import pytest

from lambdas.expiry.end import End
from lambdas.expiry.schedules import Schedules, Targets
from tests.lambdas.expiry.conftest import DAY, HOUR, NOON, Clock
from tests.lambdas.expiry.fakes import FakeScheduler

GROUP_ARN = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/quarry-dev"
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:ending"
KEEPER = "arn:aws:lambda:us-east-1:000000000000:function:keeper"
TARGETS = Targets(
    group="quarry-dev",
    group_arn=GROUP_ARN,
    machine_arn=MACHINE,
    keeper_arn=KEEPER,
    role_arn="arn:aws:iam::000000000000:role/scheduler",
)


@pytest.fixture
def scheduler() -> FakeScheduler:
    return FakeScheduler()


@pytest.fixture
def schedules(scheduler: FakeScheduler, clock: Clock) -> Schedules:
    return Schedules(scheduler=scheduler, targets=TARGETS, clock=clock)


def end(ends_at: int) -> End:
    return End(written="14d", first_at=NOON, ends_at=ends_at)


def test_there_are_an_end_and_two_warnings_and_a_tag_says_when(schedules: Schedules, scheduler: FakeScheduler) -> None:
    schedules.set(end(NOON + 14 * DAY))

    assert scheduler.times == {
        "end": "at(2026-12-14T12:00:00)",
        "warn-24h": "at(2026-12-13T12:00:00)",
        "warn-1h": "at(2026-12-14T11:00:00)",
    }
    assert scheduler.input("end") == {"why": "expiry", "ends_at": NOON + 14 * DAY, "attempt": 1, "phase": "begin"}
    assert scheduler.input("warn-1h") == {"action": "warn", "ends_at": NOON + 14 * DAY, "before": HOUR}
    assert {one["ActionAfterCompletion"] for one in scheduler.schedules.values()} == {"DELETE"}
    assert {one["GroupName"] for one in scheduler.schedules.values()} == {"quarry-dev"}
    assert [one["Target"]["Arn"] for one in scheduler.schedules.values()] == [MACHINE, KEEPER, KEEPER]
    assert scheduler.tags == {GROUP_ARN: {"quarry:expires-at": "2026-12-14T12:00:00Z"}}


def test_moving_it_moves_them_and_makes_those_that_have_fired(
    schedules: Schedules, scheduler: FakeScheduler, clock: Clock
) -> None:
    schedules.set(end(NOON + 10 * HOUR))
    assert set(scheduler.schedules) == {"end", "warn-1h"}, "there are no 24 hours"
    clock.now += 10 * HOUR
    scheduler.schedules.clear()

    schedules.set(end(NOON + 40 * HOUR))
    schedules.set(end(NOON + 40 * HOUR))

    assert scheduler.times["end"] == "at(2026-12-02T04:00:00)"
    assert scheduler.tags[GROUP_ARN] == {"quarry:expires-at": "2026-12-02T04:00:00Z"}


def test_an_earlier_end_takes_warnings_away_that_are_over(schedules: Schedules, scheduler: FakeScheduler) -> None:
    schedules.set(end(NOON + 14 * DAY))

    schedules.set(end(NOON + 30 * 60))

    assert scheduler.times == {"end": "at(2026-11-30T12:30:00)"}


def test_what_is_over_begins_soon_and_not_in_the_past(
    schedules: Schedules, scheduler: FakeScheduler, clock: Clock
) -> None:
    schedules.set(end(NOON - HOUR))

    assert scheduler.times == {"end": "at(2026-11-30T12:00:05)"}


def test_it_is_begun_once_more_later(schedules: Schedules, scheduler: FakeScheduler) -> None:
    schedules.again(ends_at=NOON, attempt=2, at=NOON + HOUR)

    assert scheduler.times == {"end": "at(2026-11-30T13:00:00)"}
    assert scheduler.input("end")["attempt"] == 2


def test_they_are_removed_once_or_twice(schedules: Schedules, scheduler: FakeScheduler) -> None:
    schedules.set(end(NOON + 14 * DAY))

    schedules.remove()
    schedules.remove()

    assert scheduler.schedules == {}
