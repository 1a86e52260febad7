"""Medians, ratios, verdicts, and the order in which samples are taken."""

import pytest

from benchmarks.measurement import MeasurementError, Row, interleaved, largest, row


def made(*, ours_ms: float, floor_ms: float, target: float | None) -> Row:
    return Row(
        name="cold", measured="ours", floor="floor", ours_ms=ours_ms, floor_ms=floor_ms, samples=3, target=target
    )


def test_a_row_has_the_medians_and_their_ratio() -> None:
    found = row("cold", measured="ours", floor="floor", ours=[9.0, 3.0, 5.0, 4.0], base=[2.0, 100.0, 3.0], target=1.35)

    assert (found.ours_ms, found.floor_ms, found.samples) == (4.5, 3.0, 4)
    assert found.ratio == 1.5


@pytest.mark.parametrize(("ours", "base"), [([], [1.0]), ([1.0], [])])
def test_a_row_without_samples_is_a_failed_measurement(ours: list[float], base: list[float]) -> None:
    with pytest.raises(MeasurementError, match="warm: no samples"):
        row("warm", measured="ours", floor="floor", ours=ours, base=base)


@pytest.mark.parametrize(
    ("ours_ms", "target", "verdict"),
    [
        (1.0, 1.35, "met"),
        (1.35, 1.35, "met"),
        (1.354, 1.35, "met"),  # shown as 1.35
        (1.356, 1.35, "over"),
        (9.0, None, "-"),
    ],
)
def test_the_verdict_is_of_the_ratio_as_it_is_shown(ours_ms: float, target: float | None, verdict: str) -> None:
    assert made(ours_ms=ours_ms, floor_ms=1.0, target=target).verdict == verdict


def test_samplers_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def sampler(name: str) -> list[float]:
        order.append(name)
        return [float(len(order))] * 2

    floor, ours = interleaved(2, lambda: sampler("floor"), lambda: sampler("ours"))

    assert order == ["floor", "ours"] * 3
    assert floor == [3.0, 3.0, 5.0, 5.0]
    assert ours == [4.0, 4.0, 6.0, 6.0]


def test_the_largest_times_come_first() -> None:
    assert largest({"a": 1.0, "b": 60.04, "c": 25.5}, shown=2) == "b 60, c 25.5"
