"""Records that are there twice, in one file or in training and validation set."""

from collections.abc import Sequence
from typing import Final

from lambdas.tuning.data_sets.report import Finding

# More than twice what the largest quota allows; about 8 MB. What comes after is not compared.
KEPT: Final = 50_000


class Repeats:
    """Numbers of the records that were read, which are equal for equal records, with the line of the first."""

    def __init__(self) -> None:
        self._before: dict[int, int] = {}
        self._here: dict[int, int] = {}
        self._files = 0

    def next_file(self) -> None:
        """Begin with another file; what was read is the training set, which the next must not have."""
        self._files += 1
        if self._files > 1:
            self._before, self._here = self._here, {}

    def are_new(self, numbers: Sequence[int]) -> bool:
        """Whether none of the numbers is known, and none is there twice."""
        return (
            len(set(numbers)) == len(numbers)
            and self._here.keys().isdisjoint(numbers)
            and (not self._before or self._before.keys().isdisjoint(numbers))
        )

    @property
    def are_full(self) -> bool:
        """Whether so many records have been read that no more are compared."""
        return len(self._here) >= KEPT

    def add(self, numbers: Sequence[int], *, line: int) -> None:
        """Remember the numbers of new records on successive lines, or one; the first line of equal ones stays."""
        if self.are_full:
            return
        if len(numbers) == 1:
            self._here.setdefault(numbers[0], line)
        else:
            self._here.update(zip(numbers, range(line, line + len(numbers)), strict=True))

    def seen(self, number: int) -> Finding | None:
        """Say where the record is already, if it is."""
        if number in self._before:
            return Finding(
                "overlap",
                f"the record is in the training set too, in line {self._before[number]}",
                "remove it from one of them: what was learnt by heart measures nothing; `quarry tune split` keeps them "
                "apart",
            )
        if number in self._here:
            return Finding(
                "duplicate",
                f"the record is there already, in line {self._here[number]}",
                "remove it, unless it is to count twice",
                warning=True,
            )
        return None
