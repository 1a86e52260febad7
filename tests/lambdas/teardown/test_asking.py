from collections.abc import Callable
from typing import Any

import pytest

from lambdas.teardown.asking import LOOKS, REFUSALS, Asking
from lambdas.teardown.aws import Aws
from lambdas.teardown.inventory import Entry
from lambdas.teardown.kind import Found, Kind, Phase
from lambdas.teardown.thing import Thing
from tests.lambdas.teardown.account import Hourglass, account, refusal

KEY = ("bedrock", "provisioned-throughput", "pt-1")


class Throughput:
    """One of them, as a survey finds it: what becomes of it when it is asked to go is the test's."""

    def __init__(self, asked: Callable[[int], None], *, state: str = "InService", in_stack: bool = False) -> None:
        self.there = True
        self.state = state
        self.in_stack = in_stack
        self.count = 0
        self._asked = asked

    def entries(self, _kinds: Any) -> list[Entry]:
        kind = Kind(
            service=KEY[0],
            type=KEY[1],
            phase=Phase.SERVING,
            finds=lambda _aws: (),
            looks=lambda _aws, _id: None,
            deletes=self._delete,
            busy=frozenset({"Creating"}),
        )
        thing = Thing(service=KEY[0], type=KEY[1], id=KEY[2], state=self.state)
        return [Entry(thing=thing, kind=kind, in_stack=self.in_stack)] if self.there else []

    def _delete(self, _aws: Aws, id_: str) -> None:
        assert id_ == KEY[2]
        self.count += 1
        self._asked(self.count)


def clear(one: Throughput, *, seconds: float = 3600.0, retained: bool = False) -> Asking:
    time = Hourglass(seconds)
    told: list[str] = []
    asking = Asking(aws=account(), left=time.left, sleep=time.sleep, tell=told.append, retained=lambda _entry: retained)
    asking.clear(one, Phase.SERVING)  # type: ignore[arg-type]  # it has what is asked of a survey
    return asking


def test_what_goes_when_it_is_asked_is_asked_once() -> None:
    one = Throughput(lambda _count: setattr(one, "there", False))
    asking = clear(one)

    assert one.count == 1
    assert list(asking.progress.seen) == [KEY]


@pytest.mark.parametrize("code", ["ResourceInUse", "ConflictException", "ThrottlingException", "DependencyViolation"])
def test_what_is_in_use_or_throttled_is_asked_until_it_goes(code: str) -> None:
    def asked(count: int) -> None:
        if count < REFUSALS + 5:
            raise refusal(code)
        one.there = False

    one = Throughput(asked)
    clear(one)

    assert not one.there


def test_what_is_denied_is_given_up_and_its_reason_kept() -> None:
    def asked(_count: int) -> None:
        raise refusal("AccessDeniedException", "not authorized to perform bedrock:Delete")

    one = Throughput(asked)
    asking = clear(one)

    assert one.count == REFUSALS
    assert asking.progress.why[KEY] == "AccessDeniedException: not authorized to perform bedrock:Delete (Delete)"


def test_what_went_by_itself_between_two_looks_is_no_refusal() -> None:
    def asked(_count: int) -> None:
        one.there = False
        raise refusal("ResourceNotFoundException")

    one = Throughput(asked)
    asking = clear(one)

    assert asking.progress.refused[KEY] == 0


def test_what_is_busy_is_waited_for_and_not_asked() -> None:
    one = Throughput(lambda _count: setattr(one, "there", False), state="Creating")
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        if len(told) == 3:
            one.state = "InService"

    time = Hourglass()
    asking = Asking(aws=account(), left=time.left, sleep=time.sleep, tell=tell, retained=lambda _entry: False)
    asking.clear(one, Phase.SERVING)  # type: ignore[arg-type]

    assert (one.count, one.there) == (1, False)
    assert told[0] == "1 x bedrock provisioned-throughput to go."


def test_what_was_asked_and_stays_is_given_up_in_the_end() -> None:
    one = Throughput(lambda _count: None)
    asking = clear(one)

    assert one.count == LOOKS
    assert asking.progress.why[KEY] == "It was asked to go and is still there."


def test_it_ends_when_the_time_is_over() -> None:
    one = Throughput(lambda _count: None)
    clear(one, seconds=5.0)

    assert 0 < one.count < 10


@pytest.mark.parametrize(("in_stack", "retained"), [(True, False), (False, True)])
def test_what_a_stack_takes_along_or_is_to_stay_is_not_asked(in_stack: bool, retained: bool) -> None:
    one = Throughput(lambda _count: None, in_stack=in_stack)
    clear(one, retained=retained)

    assert one.count == 0


def test_a_phase_that_takes_too_long_does_not_keep_the_rest() -> None:
    one = Throughput(lambda _count: None, state="Creating")
    time = Hourglass()
    asking = Asking(
        aws=account(), left=time.left, sleep=time.sleep, tell=lambda _text: None, retained=lambda _one: False
    )
    asking.clear(one, Phase.SERVING, seconds=60.0)  # type: ignore[arg-type]

    assert 3500 < time.seconds < 3550


def test_found_says_nothing_of_owners_by_itself() -> None:
    assert Found(id="x").tags is None
