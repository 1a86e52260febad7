"""A throughput's end is moved as a whole, and only while there is one."""

from datetime import timedelta

import pytest

from lambdas.tuning import names
from lambdas.tuning.schedules import NoScheduleError, Schedules
from tests.lambdas.tuning.fakes import ENVIRONMENT, NOW, REMOVAL, SCHEDULE_ROLE, FakeScheduler

NAME = "quarry-dev-tweets-0a1b2c"


@pytest.fixture
def schedules() -> Schedules:
    made = Schedules(environment=ENVIRONMENT, scheduler=FakeScheduler())
    made.create(throughput=NAME, alias="tweets", run="r", until=NOW, removal_arn=REMOVAL, role_arn=SCHEDULE_ROLE)
    return made


def test_an_end_is_moved_and_all_else_stays(schedules: Schedules) -> None:
    before = dict(schedules.scheduler.get_schedule(Name=names.schedule_name(NAME), GroupName="quarry-dev-tuning"))

    schedules.move(throughput=NAME, until=NOW + timedelta(hours=3))

    after = schedules.scheduler.get_schedule(Name=names.schedule_name(NAME), GroupName="quarry-dev-tuning")
    assert after.pop("ScheduleExpression") == "at(2026-11-30T15:00:00)"
    assert before.pop("ScheduleExpression") == "at(2026-11-30T12:00:00)"
    assert after == before


def test_what_has_its_end_keeps_it(schedules: Schedules) -> None:
    later = NOW + timedelta(hours=9)

    schedules.create(throughput=NAME, alias="tweets", run="r", until=later, removal_arn=REMOVAL, role_arn=SCHEDULE_ROLE)

    named = {"Name": names.schedule_name(NAME), "GroupName": "quarry-dev-tuning"}
    assert schedules.scheduler.get_schedule(**named)["ScheduleExpression"] == "at(2026-11-30T12:00:00)"


def test_what_has_ended_cannot_be_moved_and_is_deleted_without_an_error(schedules: Schedules) -> None:
    assert list(schedules.all()) == [names.schedule_name(NAME)]

    schedules.delete(NAME)
    schedules.delete(NAME)

    assert list(schedules.all()) == []
    with pytest.raises(NoScheduleError, match="is ending, or has ended"):
        schedules.move(throughput=NAME, until=NOW)
