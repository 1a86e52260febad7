"""The function that takes a step: what the machine hands over, and what it gets back."""

from dataclasses import dataclass, field
from typing import Any

from lambdas.expiry.end import EndStore
from lambdas.expiry.ending import Moments, lambda_handler
from lambdas.expiry.schedules import Schedules
from lambdas.expiry.steps import State
from tests.lambdas.expiry.conftest import NOON
from tests.lambdas.expiry.fakes import FakeScheduler
from tests.lambdas.expiry.test_schedules import MACHINE, TARGETS


@dataclass
class Context:
    function_name: str = "ending"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:ending"
    aws_request_id: str = "1"


@dataclass
class FakeEnding:
    taken: list[State] = field(default_factory=list)

    def step(self, state: State) -> State:
        self.taken.append(state)
        return state


def test_a_step_knows_its_execution_and_hands_on_what_is_known() -> None:
    ending: Any = FakeEnding()
    state = {"why": "expiry", "phase": "begin", "ends_at": NOON, "attempt": 1}

    after = lambda_handler({"state": state, "execution": "one", "machine": MACHINE}, Context(), ending)

    assert ending.taken == [State(why="expiry", phase="begin", ends_at=NOON, execution="one")]
    assert (after["done"], after["wait"], after["execution"], after["left"]) == (False, 0, "one", ())


def test_the_end_is_begun_once_and_again_by_a_schedule(store: EndStore) -> None:
    scheduler = FakeScheduler()
    moments = Moments(store=store, schedules=Schedules(scheduler=scheduler, targets=TARGETS))
    end = store.write("10h")

    assert moments.begin(ends_at=end.ends_at, execution="one", attempt=1)
    moments.again(ends_at=end.ends_at, attempt=2, at=NOON)
    Moments(store=store, schedules=None).again(ends_at=end.ends_at, attempt=2, at=NOON)

    assert scheduler.input("end")["attempt"] == 2
