"""Records that are there twice, in one file or in training and validation set."""

from collections.abc import Iterator, Sequence
from typing import Final

from lambdas.tuning.data_sets.report import Finding

# More than any base model takes; about 4 MB. Records of a file after these are not compared.
KEPT: Final = 25_000


class Repeats:
    """Numbers of the records that were read, which are equal for equal records, with the line of the first."""

    def __init__(self) -> None:
        self._before: dict[int, int] = {}
        self._here: dict[int, int] = {}
        self._files = 0
        self._left = KEPT

    def next_file(self) -> None:
        """Begin with another file; what was read is the training set, which the next must not have."""
        self._files += 1
        self._left = KEPT
        if self._files > 1:
            self._before, self._here = self._here, {}

    @property
    def left(self) -> int:
        """How many more records of the file are compared."""
        return self._left

    def take(self, numbers: Sequence[int], *, line: int) -> Iterator[tuple[int, bool, int]]:
        """Compare records on successive lines, and remember them.

        Yields:
            For each that is known its line, whether it is in the training set while another is read, and the line
            where it is first.
        """
        numbers = numbers[: self._left]
        self._left -= len(numbers)
        lines = range(line, line + len(numbers))
        if self._are_new(numbers):
            self._here.update(zip(numbers, lines, strict=True))
            return
        for number, here in zip(numbers, lines, strict=True):
            if number in self._before:
                yield here, True, self._before[number]
            elif number in self._here:
                yield here, False, self._here[number]
            self._here.setdefault(number, here)

    def _are_new(self, numbers: Sequence[int]) -> bool:
        return (
            len(set(numbers)) == len(numbers)
            and self._here.keys().isdisjoint(numbers)
            and (not self._before or self._before.keys().isdisjoint(numbers))
        )


def finding(*, overlaps: bool, first: int) -> Finding:
    """Say where a record is already."""
    if overlaps:
        return Finding(
            "overlap",
            f"the record is in the training set too, in line {first}",
            "remove it from one of them: what was learnt by heart measures nothing; `quarry tune split` keeps them "
            "apart",
        )
    return Finding(
        "duplicate",
        f"the record is there already, in line {first}",
        "remove it, unless it is to count twice",
        warning=True,
    )
