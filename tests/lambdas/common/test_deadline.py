"""Work that hangs is given up; what it returns or raises is had otherwise."""

import threading
from collections.abc import Iterator

import pytest

from lambdas.common.deadline import NEVER, Deadline, OutOfTimeError, within

LONG = 60.0


class Clock:
    """Seconds from any start, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_deadline_knows_what_is_left_and_has_passed_when_nothing_is() -> None:
    clock = Clock()
    deadline = Deadline.after(5, clock=clock)

    assert (deadline.left, deadline.passed) == (5, False)
    clock.now += 5
    assert (deadline.left, deadline.passed) == (0, True)
    clock.now += 1
    assert (deadline.left, deadline.passed) == (-1, True)


def test_what_has_to_be_over_sooner_is_never_over_later() -> None:
    clock = Clock()
    deadline = Deadline.after(5, clock=clock)

    assert deadline.within(3).left == 3
    assert deadline.within(30).left == 5
    clock.now += 4
    assert deadline.within(3).left == 1


def test_never_does_not_pass() -> None:
    assert not NEVER.passed
    assert 0 < NEVER.within(7).left <= 7


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """An event that comes at the test's end, so that no thread outlives it for long."""
    event = threading.Event()
    yield event
    event.set()


def test_what_the_work_returns_is_returned_even_if_that_is_nothing() -> None:
    assert within(LONG, lambda: "done") == "done"
    assert within(LONG, lambda: None) is None


@pytest.mark.parametrize(
    "error", [ValueError("wrong"), TimeoutError("of a socket"), SystemExit(3), KeyboardInterrupt()]
)
def test_what_the_work_raises_is_raised(error: BaseException) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        within(LONG, work)
    assert raised.value is error


def test_work_that_hangs_is_given_up(released: threading.Event) -> None:
    begun = threading.Event()

    def work() -> bool:
        begun.set()
        return released.wait(LONG)

    with pytest.raises(OutOfTimeError, match="not over within"):
        within(0.05, work)


@pytest.mark.parametrize("seconds", [0.0, -7.0])
def test_without_any_time_nothing_is_begun(seconds: float) -> None:
    begun: list[bool] = []

    with pytest.raises(OutOfTimeError, match="within 0 s"):
        within(seconds, lambda: begun.append(True))
    assert not begun
