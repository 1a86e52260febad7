"""The wait: as long as told, only for what is new, and never longer than the function has."""

from typing import Any

import pytest

from lambdas.common.custom_resource import CustomResourceError
from lambdas.lifecycle.wait import SLICE_SECONDS, wait
from tests.lambdas.lifecycle.fakes import Time


def properties(seconds: Any = "90", of: Any = "policy-1") -> dict[str, Any]:
    return {"Action": "wait", "Seconds": seconds, "Of": of}


@pytest.mark.parametrize("seconds", ["0", "1", "90", "300", 12, "5"])
def test_it_sleeps_as_long_as_told_in_slices(seconds: Any) -> None:
    time = Time(left=500)

    wait(properties(seconds), None, left=time, sleep=time.sleep)

    assert sum(time.slept) == int(seconds)
    assert all(0 < slept <= SLICE_SECONDS for slept in time.slept)


@pytest.mark.parametrize(
    ("former", "waits"),
    [
        (properties(), False),
        (properties("10"), False),
        (properties(of="policy-0"), True),
        ({}, True),
    ],
)
def test_an_update_waits_only_for_something_new(former: dict[str, Any], waits: bool) -> None:
    time = Time(left=500)

    wait(properties(), former, left=time, sleep=time.sleep)

    assert bool(time.slept) == waits


def test_what_is_waited_for_may_be_anything_that_changes() -> None:
    time = Time(left=500)

    wait(properties(of={"Policies": ["a", "b"]}), properties(of={"Policies": ["a"]}), left=time, sleep=time.sleep)

    assert time.slept


@pytest.mark.parametrize("seconds", [None, "", "-1", "301", "1.5", "ninety", [], "1e2"])
def test_other_seconds_are_refused_before_anybody_sleeps(seconds: Any) -> None:
    time = Time(left=500)

    with pytest.raises(CustomResourceError, match=r"from 0 to 300 is needed. Correct x\.y and deploy again"):
        wait(properties(seconds), None, left=time, sleep=time.sleep, knob="x.y")
    assert not time.slept


def test_a_wait_that_does_not_fit_is_refused_at_once() -> None:
    time = Time(left=60)

    with pytest.raises(CustomResourceError, match=r"does not fit into .* Lower x\.y and deploy again"):
        wait(properties(), None, left=time, sleep=time.sleep, knob="x.y")
    assert not time.slept


def test_a_function_that_is_held_up_answers_all_the_same() -> None:
    time = Time(left=100, step=15)

    with pytest.raises(CustomResourceError, match=r"cut short with \d+ s of 85 s to go"):
        wait(properties("85"), None, left=time, sleep=time.sleep)
