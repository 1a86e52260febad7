"""``quarry tune stats``: how long the records of a data set are, and what they answer."""

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import typer

from lambdas.common.figures import counted
from lambdas.tuning.data_sets.json_line import decode
from lambdas.tuning.data_sets.report import Finding
from lambdas.tuning.tokens import Amount, tokens_of
from quarry.options import AsJson
from quarry.output import print_json, print_note, print_table, print_text
from quarry.tuning.examples import NoExampleError, example_of
from quarry.tuning.options import DataFile, progress

_BARS: Final = 12
_WIDTH: Final = 40
# What is longer is no label; and more different ones are none either.
_LABEL: Final = 60
_LABELS: Final = 1000
_SHOWN: Final = 10


def stats(file: DataFile, as_json: AsJson = False) -> None:
    """Show how long a data set's records are, as a histogram, and the answers that come most often.

    Takes Converse's schema, OpenAI's chat and pairs of prompt and completion. A class that hardly ever comes, or an
    answer a hundred times as long as the others, is easier seen here than learnt from a tuned model.

    Example: quarry tune stats tweets.jsonl
    """
    found = _Lengths()
    with progress(file.stat().st_size) as read, file.open("rb") as lines:
        for line in lines:
            read(len(line))
            if line.strip():
                found.take(line)
    if as_json:
        print_json(found.described())
    else:
        found.print()
    if not found.records:
        raise typer.Exit(1)


class _Lengths:
    """Lengths in characters, four bytes each, and labels."""

    def __init__(self) -> None:
        self.unreadable = 0
        self._prompts, self._answers, self._records = array("I"), array("I"), array("I")
        self._amount = Amount()
        self._turns: Counter[int] = Counter()
        self._labels: Counter[str] | None = Counter()

    @property
    def records(self) -> int:
        """How many could be read."""
        return len(self._records)

    def take(self, line: bytes) -> None:
        """Count a line."""
        value = decode(line.removeprefix(b"\xef\xbb\xbf"))
        try:
            if isinstance(value, Finding):
                raise NoExampleError(value.message)
            example = example_of(value, only_text=False)
        except NoExampleError:
            self.unreadable += 1
            return
        prompt, answer = example.prompt, example.answer
        self._prompts.append(len(prompt))
        self._answers.append(len(answer))
        self._records.append(len(prompt) + len(answer))
        self._amount.add_text(prompt)
        self._amount.add_text(answer)
        self._turns[sum(role == "user" for role, _ in example.turns)] += 1
        if self._labels is not None:
            if answer and len(answer) <= _LABEL:
                self._labels[answer] += 1
            if len(self._labels) > _LABELS:
                self._labels = None

    def described(self) -> dict[str, Any]:
        """Return everything, as programs get it. Lengths are in characters."""
        tokens = tokens_of(self._amount)
        return {
            "records": self.records,
            "unreadable": self.unreadable,
            "tokens": {"low": tokens.low, "high": tokens.high},
            "prompt_characters": _quantiles(self._prompts),
            "answer_characters": _quantiles(self._answers),
            "record_characters": _quantiles(self._records),
            "histogram": [{"from": low, "to": high, "records": count} for low, high, count in _bars(self._records)],
            "user_messages": {str(turns): count for turns, count in sorted(self._turns.items())},
            "answers": [{"answer": answer, "records": count} for answer, count in self._common()],
        }

    def print(self) -> None:
        """Show it to people."""
        if self.unreadable:
            print_note(f"{self.unreadable:,} lines are no records; `quarry tune validate` says why.", style="yellow")
        if not self.records:
            print_note("There is no record.", style="red")
            return
        tokens = tokens_of(self._amount)
        print_text(f"{counted(self.records, 'record')}, {tokens.low:,} to {tokens.high:,} tokens")
        lengths = {"prompts": self._prompts, "answers": self._answers, "records": self._records}
        rows = [(name, *(f"{value:,}" for value in _quantiles(of).values())) for name, of in lengths.items()]
        print_table(("characters", "least", "median", "90 %", "99 %", "most"), rows)
        print_text()
        bars = _bars(self._records)
        most = max(count for _, _, count in bars)
        width = max(len(f"{high:,}") for _, high, _ in bars)
        for low, high, count in bars:
            bar = "█" * round(_WIDTH * count / most) or ("▏" if count else "")
            print_text(f"{low:>{width},} to {high:>{width},}  {bar} {count:,}")
        common = self._common()
        if common:
            print_text()
            print_table(("answer", "records"), [(answer, f"{count:,}") for answer, count in common])

    def _common(self) -> list[tuple[str, int]]:
        """Return the answers that come most often, if answers repeat."""
        if not self._labels or len(self._labels) * 2 > self.records:
            return []
        return self._labels.most_common(_SHOWN)


def _quantiles(lengths: Sequence[int]) -> dict[str, int]:
    ordered = sorted(lengths) or [0]
    last = len(ordered) - 1
    places = {"min": 0.0, "median": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return {name: ordered[round(last * place)] for name, place in places.items()}


def _bars(lengths: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return (least, most, how many) of up to twelve classes of equal width."""
    if not lengths:
        return []
    low, high = min(lengths), max(lengths)
    width = max((high - low) // _BARS + 1, 1)
    counts = Counter((length - low) // width for length in lengths)
    return [(low + index * width, low + (index + 1) * width - 1, counts[index]) for index in range(max(counts) + 1)]
