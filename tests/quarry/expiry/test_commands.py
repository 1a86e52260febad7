"""`quarry extend` and `quarry resume`: what they ask the keeper for, and what they say."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.teardown.inventory import Inventory
from quarry.deployed.deployment import Deployment
from quarry.expiry import commands
from tests.quarry.conftest import Run
from tests.quarry.fakes import FakeAws

END = 1_796_515_200
MONTH = {"month": "2026-11", "spent_usd": 201.5, "budget_usd": 300.0, "stops_at_usd": 300.0, "stopped": False}


@dataclass
class FakeKeeper:
    """Lambda, with one function that answers what it is told to."""

    answer: dict[str, Any] = field(default_factory=dict)
    failed: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - AWS's names
        assert FunctionName == "keeper"
        self.asked.append(json.loads(Payload))
        error = {"FunctionError": "Unhandled"} if self.failed else {}
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **error}


@pytest.fixture
def keeper(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeKeeper:
    fake = FakeKeeper()
    aws.stacks["quarry-dev-foundation"] = {"KeeperFunction": "keeper"}
    monkeypatch.setattr(Deployment, "client", lambda _, name: fake if name == "lambda" else aws)
    empty = Inventory(entries=(), stacks=(), shared=(), unseen=())
    monkeypatch.setattr(commands, "take_inventory", lambda _aws: empty)
    monkeypatch.setattr(commands, "usd", lambda _things: 0.24)
    monkeypatch.setattr("time.time", lambda: END - 3_600.0)
    return fake


def test_extending_says_the_new_end_and_what_that_costs(run: Run, keeper: FakeKeeper) -> None:
    keeper.answer = {"ends_at": END, "was": END - 4 * 3_600, "state": "set"}

    ran = run("extend", "4h", "-e", "dev")

    assert ran.code == 0
    assert keeper.asked == [{"action": "extend", "seconds": 14_400}]
    assert "dev ends at 2026-12-06 00:00 UTC, 1 h from now (before: 2026-12-05 20:00 UTC)." in " ".join(ran.out.split())
    assert "What is there costs 0.2400 USD per hour, so 4 h cost 0.96 USD." in " ".join(ran.out.split())


def test_programs_get_json(run: Run, keeper: FakeKeeper) -> None:
    keeper.answer = {"ends_at": END, "was": END - 4 * 3_600, "state": "set"}

    assert run("extend", "4h", "-e", "dev", "--json").json == {
        "environment": "dev",
        "ends_at": "2026-12-06T00:00:00Z",
        "was": "2026-12-05T20:00:00Z",
        "usd_per_hour": 0.24,
        "usd": pytest.approx(0.96),
    }


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"ends_at": None}, "dev never ends by itself."),
        ({"ends_at": END, "state": "set"}, "dev ends at 2026-12-06 00:00 UTC, 1 h from now."),
        ({"ends_at": END, "state": "ending"}, "dev is ending, since 2026-12-06 00:00 UTC."),
    ],
)
def test_without_a_time_it_says_when_it_ends(run: Run, keeper: FakeKeeper, answer: dict[str, Any], said: str) -> None:
    keeper.answer = answer

    assert run("extend", "-e", "dev").out.strip() == said
    assert keeper.asked == [{"action": "status"}]


def test_the_end_is_taken_away(run: Run, keeper: FakeKeeper) -> None:
    keeper.answer = {"ends_at": None, "was": END}

    assert run("extend", "--never", "-e", "dev").out.strip() == "dev never ends by itself."
    assert keeper.asked == [{"action": "never"}]


def test_what_came_too_late_is_a_failure(run: Run, keeper: FakeKeeper) -> None:
    keeper.answer = {"error": {"code": "too_late", "message": "the end began at 2026-12-06 00:00 UTC"}}

    ran = run("extend", "4h", "-e", "dev")

    assert ran.code == 1
    assert "dev: the end began at 2026-12-06 00:00 UTC" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("extend", "soon"), "'soon' is not a duration; write 30m, 12h, 30d or 2w"),
        (("extend", "4h", "--never"), "Give a time, or --never, and not both."),
        (("resume", "--budget", "-5"), "--budget -5 is not accepted"),
        (("resume", "--budget", "nan"), "--budget nan is not accepted"),
    ],
)
def test_what_cannot_be_is_not_asked_for(run: Run, keeper: FakeKeeper, arguments: tuple[str, ...], said: str) -> None:
    ran = run(*arguments, "-e", "dev")

    assert (ran.code, keeper.asked) == (2, [])
    assert said in ran.err


def test_an_environment_without_end_and_budget_says_so(run: Run, aws: FakeAws) -> None:
    ran = run("extend", "4h", "-e", "dev")

    assert ran.code == 1
    assert "dev has neither an end nor a budget" in ran.err


def test_a_keeper_that_fails_is_told(run: Run, keeper: FakeKeeper) -> None:
    keeper.failed, keeper.answer = True, {"errorMessage": "no table"}

    ran = run("extend", "-e", "dev")

    assert ran.code == 1
    assert "keeper failed: no table" in ran.err


def test_resuming_says_where_it_stops_next(run: Run, keeper: FakeKeeper) -> None:
    keeper.answer = MONTH

    ran = run("resume", "--budget", "300", "-e", "dev")

    assert keeper.asked == [{"action": "resume", "budget_usd": 300.0}]
    assert "dev goes on: 201.50 of 300.00 USD of 2026-11 are spent, and it stops at 300.00 USD." in " ".join(
        ran.out.split()
    )
    assert run("resume", "-e", "dev", "--json").json == {"environment": "dev", **MONTH}
    assert keeper.asked[1] == {"action": "resume", "budget_usd": None}
