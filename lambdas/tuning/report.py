"""What an evaluation found: the models' means, whether tuned is better by the margin, and where it gained and lost."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from lambdas.tuning.measured import NotMeasuredError, Record, Totals, totals
from lambdas.tuning.run import Cost, RunStatus

# Of each: those that gained most, and those that lost most.
EXAMPLES: Final = 10
# Characters of a text in an example.
SHOWN: Final = 600
# Of the histogram of gains, from -1 to 1.
BINS: Final = 20
# With more unanswered than this, means compare other questions.
MOST_FAILED: Final = 0.1


class Shown(Struct, frozen=True, kw_only=True):
    """A record as a report shows it, texts cut."""

    line: int
    gain: float
    asked: str
    reference: str
    base: str
    tuned: str


class Report(Struct, frozen=True, kw_only=True):
    """The report.

    Attributes:
        metric, margin: by which, and by how much tuned has to be better.
        gain: by how much it is.
        better: whether that is enough.
        wins, ties, losses: of the tuned model, by record.
        histogram: of the records' gains: BINS counts from -1 to 1.
        best, worst: records that gained and lost most.
        unreadable: lines of the test set that are no questions.
    """

    run: str
    alias: str
    base_model: str
    metric: str
    margin: float
    records: int
    base: Totals
    tuned: Totals
    gain: float
    better: bool
    wins: int
    ties: int
    losses: int
    histogram: list[int]
    best: list[Shown]
    worst: list[Shown]
    unreadable: dict[int, str]
    cost: Cost
    training: dict[str, float]
    written: str


def make(
    status: RunStatus,
    records: Sequence[Record],
    *,
    unreadable: dict[int, str],
    training: dict[str, float],
    written: str,
) -> Report:
    """Return the report of a run.

    Args:
        training: Bedrock's own figures, as {"training_loss"}.
        written: when, ISO 8601.

    Raises:
        NotMeasuredError: nothing could be asked, or the tuned or base model refused more than a tenth.
    """
    assert status.request is not None
    metric, margin = status.request.metric or "token_f1", status.request.margin or 0.0
    base, tuned = totals(records, "base"), totals(records, "tuned")
    for name, one in (("base", base), ("tuned", tuned)):
        if one.failed > MOST_FAILED * len(records):
            why = next(r.answers[name].failed for r in records if r.answers[name].failed)  # type: ignore[index]
            raise NotMeasuredError(
                f"The {name} model refused {one.failed} of {len(records)} questions, so nothing is compared: {why}"
            )
    if metric not in base.scores or metric not in tuned.scores:
        raise NotMeasuredError(f"Nothing was measured by {metric}: the judge said nothing that is a number of points.")
    gain = tuned.scores[metric] - base.scores[metric]
    gains = [(record.gain(metric), record) for record in records]
    ranked = sorted(gains, key=lambda pair: (-pair[0], pair[1].line))
    return Report(
        run=status.run,
        alias=status.alias,
        base_model=status.base_model,
        metric=metric,
        margin=margin,
        records=len(records),
        base=base,
        tuned=tuned,
        gain=gain,
        # A hair's breadth for what floating point makes of 0.8 - 0.7.
        better=gain > 0 and gain >= margin - 1e-9,
        wins=sum(1 for one, _ in gains if one > 0),
        ties=sum(1 for one, _ in gains if one == 0),
        losses=sum(1 for one, _ in gains if one < 0),
        histogram=_histogram([one for one, _ in gains]),
        best=[_shown(one, record) for one, record in ranked[:EXAMPLES] if one > 0],
        worst=[_shown(one, record) for one, record in reversed(ranked[-EXAMPLES:]) if one < 0],
        unreadable=unreadable,
        cost=status.cost,
        training=training,
        written=written,
    )


def verdict(report: Report) -> str:
    """Return what was found, in a sentence."""
    sides = f"{report.base.scores[report.metric]:.3f} -> {report.tuned.scores[report.metric]:.3f}"
    found = f"{report.metric} {sides}, {report.gain:+.3f} over {report.records:,} records"
    if report.better:
        return f"Tuned is better: {found}."
    return f"Tuned is not better by {report.margin:g}: {found}. The alias stays as it is."


def _histogram(gains: Sequence[float]) -> list[int]:
    counts = [0] * BINS
    for gain in gains:
        counts[min(BINS - 1, int((gain + 1) / 2 * BINS))] += 1
    return counts


def _shown(gain: float, record: Record) -> Shown:
    base, tuned = record.answers["base"], record.answers["tuned"]
    return Shown(
        line=record.line,
        gain=gain,
        asked=_cut(record.asked),
        reference=_cut(record.reference),
        base=_cut(base.failed or base.text),
        tuned=_cut(tuned.failed or tuned.text),
    )


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
