"""The steps of an end: money first, then the stacks, a verdict, its own stack last; whatever fails on the way."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest

from lambdas.expiry import message, steps
from lambdas.expiry.stacks import TRIES, Stacks
from lambdas.expiry.steps import Cleared, Ending, Left, State
from tests.lambdas.expiry.conftest import HOUR, NOON, Clock
from tests.lambdas.expiry.fakes import FakeStacks, refused

NAMES = tuple(f"quarry-dev-{word}" for word in ("studio", "inference", "knowledge", "foundation"))
THROUGHPUT = Left(what="bedrock provisioned-throughput quarry-dev-x", reason="it is Creating", usd_per_hour=60.5)


@dataclass
class FakeMoney:
    """Clears in so many steps, and leaves what it is told."""

    steps: int = 1
    stays: tuple[Left, ...] = ()
    frozen: int = 0

    def freeze(self) -> None:
        self.frozen += 1

    def clear(self) -> Cleared:
        self.steps -= 1
        if self.steps > 0:
            return Cleared(done=False, left=(THROUGHPUT,))
        return Cleared(done=True, deleted=(THROUGHPUT.what,), left=self.stays)

    def left(self) -> tuple[Left, ...]:
        return self.stays


@dataclass
class FakeMoments:
    """Lets the end begin, or not."""

    begins: bool = True
    again_at: list[tuple[int, float]] = field(default_factory=list)

    def begin(self, *, ends_at: int, execution: str, attempt: int) -> bool:
        assert (ends_at, execution) == (NOON, "one")
        return self.begins

    def again(self, *, ends_at: int, attempt: int, at: float) -> None:
        self.again_at.append((attempt, at))


@dataclass
class Room:
    clock: Clock
    stacks: FakeStacks = field(default_factory=lambda: FakeStacks(there=dict.fromkeys(NAMES, "CREATE_COMPLETE")))
    money: FakeMoney = field(default_factory=FakeMoney)
    moments: FakeMoments = field(default_factory=FakeMoments)
    told: list[tuple[str, str]] = field(default_factory=list)

    def run(self, state: State | None = None) -> State:
        """Take all steps, as the state machine does."""
        ending = Ending(
            names=NAMES,
            money=self.money,
            stacks=Stacks(self.stacks),
            moments=self.moments,
            tell=lambda told: self.told.append(message.verdict("dev", told)),
            now=self.clock,
        )
        state = state or State(why="expiry", phase="begin", ends_at=NOON, execution="one")
        for _ in range(2_000):
            document = asdict(ending.step(state))
            state = State.from_event({**document, "error": None})
            if state.done:
                return state
            self.clock.now += state.wait
        raise AssertionError(f"no end: {state}")


@pytest.fixture
def room(clock: Clock) -> Room:
    return Room(clock)


def test_costs_go_first_then_the_stacks_in_reverse_and_its_own_last(room: Room) -> None:
    state = room.run()

    assert room.money.frozen == 1
    assert room.stacks.asked == list(NAMES)
    assert state.left == ()
    ((subject, text),) = room.told
    assert subject == "quarry dev: ended, nothing is left"
    assert "found 4, deleted 4, left 0, still billing 0.0000 USD per hour" in text
    assert "The deletion of its last stack, which sends this, is requested" in text


def test_an_end_that_was_moved_does_nothing(room: Room) -> None:
    room.moments.begins = False

    room.run()

    assert (room.money.frozen, room.stacks.asked, room.told) == (0, [], [])


def test_what_costs_is_waited_for_so_long_and_the_stacks_go_all_the_same(room: Room) -> None:
    room.money.steps, room.money.stays = 1_000, (THROUGHPUT,)

    state = room.run()

    assert room.stacks.asked == list(NAMES[:-1])
    assert [one.what for one in state.left] == [THROUGHPUT.what]
    assert "left     bedrock provisioned-throughput quarry-dev-x (60.5000 USD per hour)" in room.told[0][1]
    assert "still billing 60.5000 USD per hour" in room.told[0][1]


def test_stacks_that_are_not_there_are_passed_over(room: Room) -> None:
    del room.stacks.there["quarry-dev-studio"]
    room.stacks.there["quarry-dev-knowledge"] = "DELETE_COMPLETE"

    room.run()

    assert room.stacks.asked == ["quarry-dev-inference", "quarry-dev-foundation"]


def test_a_stack_that_fails_once_is_asked_again(room: Room) -> None:
    room.stacks.fails = {"quarry-dev-knowledge": 1}

    state = room.run()

    assert room.stacks.asked.count("quarry-dev-knowledge") == 2
    assert state.left == ()


def test_a_stack_that_does_not_go_is_told_with_its_reason_and_tried_again_later(room: Room) -> None:
    room.stacks.fails = {"quarry-dev-inference": 100}

    state = room.run()

    assert room.stacks.asked.count("quarry-dev-inference") == TRIES
    assert "quarry-dev-knowledge" in room.stacks.asked, "the others go"
    assert "quarry-dev-foundation" not in room.stacks.asked, "what tries again stays"
    assert [(one.what, one.reason) for one in state.left] == [
        ("stack quarry-dev-inference", "Data: The bucket you tried to delete is not empty")
    ]
    assert room.moments.again_at == [(2, room.clock.now + HOUR)]
    assert room.told[0][0] == "quarry dev: ended, 1 left"
    assert "It is tried again in 1 h" in room.told[0][1]


def test_the_next_execution_takes_up_what_was_left(room: Room) -> None:
    room.stacks.fails = {"quarry-dev-inference": 3}
    room.run()

    state = room.run(State(why="expiry", phase="begin", ends_at=NOON, execution="one", attempt=2))

    assert state.left == ()
    assert room.stacks.asked[-1] == "quarry-dev-foundation"


def test_the_last_execution_says_what_to_do_by_hand(room: Room) -> None:
    room.stacks.fails = {"quarry-dev-inference": 100}

    room.run(State(why="expiry", phase="begin", ends_at=NOON, execution="one", attempt=steps.EXECUTIONS))

    assert room.moments.again_at == []
    assert "By hand: quarry teardown --environment dev" in room.told[0][1]


@pytest.mark.parametrize(
    "error",
    [
        refused("AccessDenied", "User is not authorized to perform: cloudformation:DeleteStack"),
        refused("ValidationError", "Stack cannot be deleted while TerminationProtection is enabled"),
    ],
)
def test_what_asking_again_does_not_mend_is_not_asked_again(room: Room, error: Any) -> None:
    room.stacks.denied = {"quarry-dev-inference": error}

    state = room.run()

    assert [one.reason for one in state.left] == [error.response["Error"]["Message"]]


def test_a_stack_that_hangs_is_left_after_a_while(room: Room) -> None:
    room.stacks.looks = 10_000

    state = room.run()

    assert state.left[0].reason == "it is not gone after 90 minutes"


def test_a_budget_ends_what_runs_and_leaves_the_stacks(room: Room) -> None:
    budget = State(why="budget", phase="begin")

    room.run(budget)

    assert (room.money.frozen, room.stacks.asked) == (0, [])
    ((subject, text),) = room.told
    assert subject == "quarry dev: budget spent, stopped"
    assert f"deleted  {THROUGHPUT.what}" in text
    assert "quarry resume --budget USD --environment dev" in text


def test_owners_who_know_are_told_only_of_what_went_since(room: Room) -> None:
    quiet = State(why="budget", phase="begin", quiet=True)
    room.run(quiet)
    assert len(room.told) == 1

    room.money.steps = 1
    room.money.clear = lambda: Cleared(done=True)  # type: ignore[method-assign]
    room.run(replace(quiet))

    assert len(room.told) == 1
