"""``quarry tune extend``: the end of a throughput moves, for a price that was agreed to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.chat.promotions import Promotion, TunedModel, parse
from lambdas.tuning.names import candidate_name
from lambdas.tuning.run import Cost, HostingCost
from quarry.deployed.deployment import Deployment, environment
from quarry.tuning.stack import promotions
from tests.lambdas import service_model
from tests.quarry.conftest import Run
from tests.quarry.tuning.account import MICRO, RUN, FakeTuning
from tests.quarry.tuning.test_watch import status

THROUGHPUT = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl"
COST = Cost(hosting=HostingCost(kind="provisioned", usd_per_hour=60.5, max_usd=242))
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


class FakeScheduler:
    """Schedules by name: their expressions."""

    def __init__(self) -> None:
        self.schedules = {f"end-{candidate_name('dev', 'fast', RUN)}": f"at({UNTIL:%Y-%m-%dT%H:%M:%S})"}

    def get_schedule(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("scheduler", "GetSchedule", kwargs)
        if kwargs["Name"] not in self.schedules:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}, "GetSchedule")
        return {
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": "arn:aws:states:x", "RoleArn": "arn:aws:iam::123456789012:role/r"},
        }

    def update_schedule(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("scheduler", "UpdateSchedule", kwargs)
        self.schedules[kwargs["Name"]] = kwargs["ScheduleExpression"]
        return {}


@pytest.fixture
def scheduler(tuning: FakeTuning) -> FakeScheduler:
    """A run whose throughput ends in an hour, and answers."""
    fake = FakeScheduler()
    tuning.clients["scheduler"] = fake
    tuning.write(status(state="succeeded", phase="done", hosted_arn=THROUGHPUT, until=UNTIL.isoformat(), cost=COST))
    tuned = TunedModel(arn=THROUGHPUT, base=MICRO, run=RUN)
    promotions(Deployment(environment("dev"))).promote("fast", tuned, until=UNTIL)
    return fake


def ends(run: Run, tuning: FakeTuning, scheduler: FakeScheduler) -> set[datetime]:
    """Return when everything says that it ends."""
    promotion = parse(tuning.parameters.value("/quarry/dev/aliases/fast"))
    assert isinstance(promotion, Promotion)
    assert promotion.until is not None
    (schedule,) = scheduler.schedules.values()
    told = run("tune", "status", RUN, "-e", "dev", "--json").json["until"]
    scheduled = datetime.strptime(schedule, "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
    return {promotion.until, scheduled, datetime.fromisoformat(told)}


def test_schedule_promotion_and_status_move_together(run: Run, tuning: FakeTuning, scheduler: FakeScheduler) -> None:
    ran = run("tune", "extend", RUN, "2h", "-e", "dev", stdin="121.00\n")

    assert ran.code == 0, ran.err
    assert "2 hours more at 60.50 USD an hour, called or not: 121.00 USD." in ran.err
    assert ends(run, tuning, scheduler) == {UNTIL + timedelta(hours=2)}


def test_an_hour_more_is_one_hour(run: Run, tuning: FakeTuning, scheduler: FakeScheduler) -> None:
    assert "1 hour more at 60.50 USD" in run("tune", "extend", RUN, "1h", "-e", "dev", stdin="60.50\n").err


@pytest.mark.parametrize(
    ("more", "stdin", "code"),
    [
        (["--yes"], "", 0),
        (["--confirm-usd", "30.25"], "", 0),
        (["--confirm-usd", "3"], "", 2),
        ([], "no\n", 2),
        ([], "", 2),
    ],
)
def test_its_price_is_agreed_to(
    run: Run, tuning: FakeTuning, scheduler: FakeScheduler, more: list[str], stdin: str, code: int
) -> None:
    assert run("tune", "extend", RUN, "30m", *more, "-e", "dev", stdin=stdin).code == code
    moved = timedelta(0) if code else timedelta(minutes=30)
    assert ends(run, tuning, scheduler) == {UNTIL + moved}


def test_what_is_ending_cannot_be_extended(run: Run, tuning: FakeTuning, scheduler: FakeScheduler) -> None:
    scheduler.schedules.clear()

    ran = run("tune", "extend", RUN, "2h", "--yes", "-e", "dev")

    assert ran.code == 1
    assert "has no schedule any more: it is ending, or has ended" in ran.err
    promotion = parse(tuning.parameters.value("/quarry/dev/aliases/fast"))
    assert isinstance(promotion, Promotion)
    assert promotion.until == UNTIL


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "has no provisioned throughput (any more)"),
        ({"hosted_arn": THROUGHPUT, "until": "2026-01-01T00:00:00+00:00"}, "is up since 2026-01-01 00:00 UTC"),
    ],
)
def test_what_has_no_end_or_is_over_cannot_be_extended(
    run: Run, tuning: FakeTuning, changes: dict[str, Any], said: str
) -> None:
    tuning.write(status(state="succeeded", phase="done", **changes))

    ran = run("tune", "extend", RUN, "2h", "--yes", "-e", "dev")

    assert ran.code == 1
    assert said in ran.err


def test_another_models_promotion_is_not_touched(run: Run, tuning: FakeTuning, scheduler: FakeScheduler) -> None:
    other = TunedModel(arn=THROUGHPUT.replace("abcdefghijkl", "otherotherot"), base=MICRO, run="fast-ffffffffffff")
    promotions(Deployment(environment("dev"))).promote("fast", other)

    assert run("tune", "extend", RUN, "2h", "--yes", "-e", "dev").code == 0

    promotion = parse(tuning.parameters.value("/quarry/dev/aliases/fast"))
    assert isinstance(promotion, Promotion)
    assert (promotion.tuned, promotion.until) == (other, None)


def test_what_is_no_duration_is_told(run: Run, tuning: FakeTuning) -> None:
    ran = run("tune", "extend", RUN, "soon", "-e", "dev")

    assert ran.code == 2
    assert "write 30m, 12h, 30d or 2w" in ran.err
