"""What a measurement yields: a row of medians, their ratio and a verdict, and how the samples are taken."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["met", "over", "-"]


class MeasurementError(Exception):
    """A measurement could not be made; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        name: short name of the row.
        measured: what ours does.
        floor: what it is compared with.
        ours_ms: median, milliseconds.
        floor_ms: median of the floor in the same run, milliseconds; above 0.
        samples: how many samples each median is of.
        target: the most that the ratio may be, or None where the row only informs.
        per_second: what is done in a second, as {"streams": 100.0}; {} where that says no more than the time.
    """

    name: str
    measured: str
    floor: str
    ours_ms: float
    floor_ms: float
    samples: int
    target: float | None = None
    per_second: Mapping[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Ours divided by the floor."""
        return self.ours_ms / self.floor_ms

    @property
    def verdict(self) -> Verdict:
        """Whether the ratio, as shown with two digits, keeps the target."""
        if self.target is None:
            return "-"
        return "met" if round(self.ratio, 2) <= self.target else "over"


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What one module measured: rows, and notes that say what is fair about them and where the time goes."""

    rows: list[Row]
    notes: list[str] = field(default_factory=list)


def interleaved(rounds: int, *samplers: Callable[[], list[float]]) -> list[list[float]]:
    """Ask every sampler in turn, round after round, so that a busy moment of the machine hits all of them alike.

    Args:
        rounds: how often each is asked after one round that warms caches up and does not count.
        samplers: each returns the milliseconds of one or more samples.

    Returns:
        All samples of each sampler, milliseconds, in the samplers' order.
    """
    samples: list[list[float]] = [[] for _ in samplers]
    for round_ in range(rounds + 1):
        for collected, sampler in zip(samples, samplers, strict=True):
            taken = sampler()
            if round_ > 0:
                collected.extend(taken)
    return samples


def row(
    name: str, *, measured: str, floor: str, ours: list[float], base: list[float], target: float | None = None
) -> Row:
    """Make a row of samples in milliseconds: ``ours`` over ``base``, the floor's."""
    if not ours or not base:
        raise MeasurementError(f"{name}: no samples were taken")
    return Row(
        name=name,
        measured=measured,
        floor=floor,
        ours_ms=statistics.median(ours),
        floor_ms=statistics.median(base),
        samples=len(ours),
        target=target,
    )


def largest(times: Mapping[str, float], *, shown: int = 6) -> str:
    """Return the ``shown`` largest of name -> milliseconds as words, as ``botocore 60, urllib3 25.5``."""
    ranked = sorted(times.items(), key=lambda item: -item[1])[:shown]
    return ", ".join(f"{name} {taken:.3g}" for name, taken in ranked)
