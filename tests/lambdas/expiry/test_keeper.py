"""The keeper's actions: the end moved and warned of, the month watched, its budget lifted."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.budget.settings import BudgetSettings
from lambdas.budget.spending import Spending, key
from lambdas.expiry.end import EndStore
from lambdas.expiry.keeper import Keeper, lambda_handler
from lambdas.expiry.schedules import Schedules
from lambdas.expiry.settings import BudgetPlan, KeeperSettings
from lambdas.expiry.watch import Watch
from tests.lambdas import service_model
from tests.lambdas.expiry.conftest import DAY, HOUR, NOON, TABLE, Clock
from tests.lambdas.expiry.fakes import FakeScheduler, refused
from tests.lambdas.expiry.test_schedules import MACHINE, TARGETS

TOPIC = "arn:aws:sns:us-east-1:000000000000:alerts"
PLAN = BudgetPlan(monthly_micro_dollars=200_000_000, alert_at=(50, 80), stop_at=100)
DOLLAR = 1_000_000


@dataclass
class FakeOwners:
    subjects: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def publish(self, **kwargs: Any) -> Any:
        service_model.check("sns", "Publish", kwargs)
        self.subjects.append(kwargs["Subject"])
        self.texts.append(kwargs["Message"])


@dataclass
class FakeMachines:
    started: dict[str, str] = field(default_factory=dict)

    def start_execution(self, **kwargs: Any) -> Any:
        service_model.check("stepfunctions", "StartExecution", kwargs)
        if kwargs["name"] in self.started:
            raise refused("ExecutionAlreadyExists")
        self.started[kwargs["name"]] = kwargs["input"]


@dataclass
class Room:
    keeper: Keeper
    store: EndStore
    scheduler: FakeScheduler
    owners: FakeOwners
    machines: FakeMachines
    spending: Spending
    running: list[float]

    def __call__(self, action: str, **more: Any) -> dict[str, Any]:
        return self.keeper.act({"action": action, **more})


@pytest.fixture
def room(dynamodb: Any, store: EndStore, clock: Clock) -> Room:
    owners, machines, scheduler, running = FakeOwners(), FakeMachines(), FakeScheduler(), [0.0]
    budget = BudgetSettings(table=TABLE, stop_micro_dollars=PLAN.stop_micro_dollars)
    spending = Spending(client=dynamodb, settings=budget, clock=clock)
    settings = KeeperSettings(environment="dev", table=TABLE, topic_arn=TOPIC, machine_arn=MACHINE, budget=PLAN)
    keeper = Keeper(
        settings=settings,
        store=store,
        schedules=Schedules(scheduler=scheduler, targets=TARGETS, clock=clock),
        watch=None,
        sns=owners,
        now=clock,
    )
    watch = Watch(
        environment="dev",
        plan=PLAN,
        spending=spending,
        client=dynamodb,
        machine_arn=MACHINE,
        machines=machines,
        running=lambda: running[0],
        tell=keeper.tell,
        now=clock,
    )
    watched = Keeper(settings=settings, store=store, schedules=keeper.schedules, watch=watch, sns=owners, now=clock)
    return Room(watched, store, scheduler, owners, machines, spending, running)


def test_extending_moves_the_end_and_its_schedules(room: Room) -> None:
    room.store.write("10h")

    done = room("extend", seconds=4 * HOUR)

    assert (done["was"], done["ends_at"], done["extended"]) == (NOON + 10 * HOUR, NOON + 14 * HOUR, 4 * HOUR)
    assert room.scheduler.times["end"] == "at(2026-12-01T02:00:00)"


@pytest.mark.parametrize(
    ("seconds", "begun", "code"), [(HOUR, True, "too_late"), (-DAY, False, "past"), (HOUR, None, "never_ends")]
)
def test_what_cannot_be_moved_is_told(room: Room, seconds: int, begun: bool | None, code: str) -> None:
    if begun is not None:
        end = room.store.write("10h")
        if begun:
            room.store.begin(ends_at=end.ends_at, execution="one")

    assert room("extend", seconds=seconds)["error"]["code"] == code
    assert room.scheduler.schedules == {}


def test_the_end_is_taken_away(room: Room) -> None:
    room.store.write("10h")
    room("extend", seconds=HOUR)

    assert room("never")["ends_at"] is None

    assert room.scheduler.schedules == {}
    assert room("never")["error"]["code"] == "never_ends"


def test_owners_are_warned_of_the_end_as_it_is(room: Room, clock: Clock) -> None:
    end = room.store.write("2d")
    clock.now += DAY

    assert room("warn", ends_at=end.ends_at, before=DAY) == {"told": True}
    assert room.owners.subjects == ["quarry dev: ends at 2026-12-02 12:00 UTC"]
    assert "quarry extend 24h --environment dev" in room.owners.texts[0]

    room.store.extend(HOUR)
    assert room("warn", ends_at=end.ends_at, before=HOUR) == {"told": False}


def test_a_clock_that_has_jumped_over_the_end_brings_no_warnings(room: Room, clock: Clock) -> None:
    end = room.store.write("2d")
    clock.now += 3 * DAY

    assert room("warn", ends_at=end.ends_at, before=HOUR) == {"told": False}
    assert room.owners.subjects == []


def test_owners_are_told_once_of_each_threshold(room: Room) -> None:
    room.spending.add(110 * DOLLAR)
    room("watch")
    room("watch")
    assert room.owners.subjects == ["quarry dev: 50 % of the budget of 2026-11 spent"]
    assert "110.00 of 200.00 USD" in room.owners.texts[0]

    room.spending.add(55 * DOLLAR)
    told = room("watch")

    assert room.owners.subjects[1:] == ["quarry dev: 80 % of the budget of 2026-11 spent"]
    assert (told["spent_usd"], told["budget_usd"], told["stopped"]) == (165.0, 200.0, False)
    assert room.machines.started == {}


def test_a_budget_that_is_spent_is_stopped_and_every_quarter_of_an_hour_again(room: Room, clock: Clock) -> None:
    room.spending.add(200 * DOLLAR)

    assert room("watch")["stopped"] is True
    room("watch")
    assert list(room.machines.started.values()) == ['{"why": "budget", "phase": "begin", "quiet": false}']
    clock.now += 15 * 60
    room("watch")

    assert list(room.machines.started.values())[1:] == ['{"why": "budget", "phase": "begin", "quiet": true}']


def test_what_runs_is_metered_by_the_time_it_ran(room: Room, clock: Clock) -> None:
    room.running[0] = 60.5
    room("watch")
    assert room.spending.month().total == 0, "nobody knows for how long it ran"

    clock.now += 10 * 60
    room("watch")
    room("watch")
    assert room.spending.month().running == round(60.5 * DOLLAR / 6) + 1

    clock.now += DAY
    assert room("watch")["month"] == "2026-12"


def test_lifting_the_budget_adds_another_one_or_sets_it(room: Room) -> None:
    room.spending.add(201 * DOLLAR)
    assert room("status")["stopped"] is True

    lifted = room("resume")
    assert (lifted["stopped"], lifted["budget_usd"], lifted["stops_at_usd"]) == (False, 401.0, 401.0)
    assert room("resume", budget_usd=300.5)["stops_at_usd"] == 300.5

    refused_ = room("resume", budget_usd=201)
    assert refused_["error"]["code"] == "not_lifted"
    assert "201.00 USD of 2026-11 are spent, so it would stop again at once" in refused_["error"]["message"]


def test_a_lifted_budget_has_thresholds_of_its_own(room: Room) -> None:
    room.spending.add(200 * DOLLAR)
    room("watch")
    room("resume", budget_usd=500)
    room.owners.subjects.clear()

    room("watch")
    assert room.owners.subjects == []
    room.spending.add(51 * DOLLAR)
    room("watch")

    assert room.owners.subjects == ["quarry dev: 50 % of the budget of 2026-11 spent"]


def test_two_watches_at_once_meter_once(room: Room, dynamodb: Any, clock: Clock) -> None:
    room.running[0] = 36.0
    room("watch")
    clock.now += 600
    stale = room.spending.month()
    room("watch")
    assert room.keeper.watch is not None

    room.keeper.watch._metered(stale)

    assert room.spending.month().running == 6 * DOLLAR


def test_without_a_budget_nothing_is_lifted(room: Room) -> None:
    keeper = Keeper(settings=room.keeper.settings, store=room.store, schedules=None, watch=None, sns=room.owners)

    assert keeper.act({"action": "resume"})["error"]["code"] == "not_lifted"
    assert keeper.act({"action": "status"}) == {"ends_at": None}
    assert keeper.act({"action": "watch"}) == {}


def test_the_handler_does_what_the_event_says(room: Room) -> None:
    @dataclass
    class Context:
        function_name: str = "keeper"
        memory_limit_in_mb: int = 256
        invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:keeper"
        aws_request_id: str = "1"

    assert lambda_handler({"action": "status"}, Context(), room.keeper)["ends_at"] is None
    assert key("2026-11") == {"pk": {"S": "SPENT#2026-11"}}
