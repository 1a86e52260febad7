"""What was measured of a test set: per record what both models answered, and of all of it the means."""

from collections.abc import Iterable
from statistics import fmean
from typing import Final, Literal

from msgspec import Struct, field

Side = Literal["base", "tuned"]
SIDES: Final[tuple[Side, ...]] = ("base", "tuned")


class NotMeasuredError(Exception):
    """Too little was answered to compare the models; says why."""


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a model answered. ``failed``: why it did not; then every score is 0.

    Attributes:
        scores: metric -> 0 to 1.
        tokens: in and out, as Bedrock counted.
        milliseconds: Bedrock's own latency.
    """

    text: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    failed: str = ""
    tokens: int = 0
    milliseconds: int = 0


class Record(Struct, frozen=True, kw_only=True):
    """A record of the test set, by its line, and what both models made of it."""

    line: int
    asked: str
    reference: str
    answers: dict[Side, Answer]

    def gain(self, metric: str) -> float:
        """By how much the tuned model's answer is better, -1 to 1."""
        return self.answers["tuned"].scores.get(metric, 0) - self.answers["base"].scores.get(metric, 0)


class Measured(Struct, frozen=True, kw_only=True):
    """What was measured of one piece. ``unreadable``: line -> why it is no question."""

    records: list[Record]
    unreadable: dict[int, str] = {}


class Totals(Struct, frozen=True, kw_only=True):
    """Of one model over all records: the means, and how many it did not answer."""

    scores: dict[str, float]
    failed: int
    tokens: int
    milliseconds: float


def totals(records: Iterable[Record], side: Side) -> Totals:
    """Return a model's means over the records.

    A metric that not every answer has, as a judge's, is over those that have it.

    Raises:
        NotMeasuredError: there are no records.
    """
    answers = [record.answers[side] for record in records]
    if not answers:
        raise NotMeasuredError("The test set has no record that could be asked.")
    names = sorted({name for answer in answers for name in answer.scores})
    return Totals(
        scores={name: fmean(one.scores[name] for one in answers if name in one.scores) for name in names},
        failed=sum(1 for one in answers if one.failed),
        tokens=sum(one.tokens for one in answers),
        milliseconds=fmean(one.milliseconds for one in answers),
    )
