"""Texts in parts of what the guardrail takes at once, cut where a part's end hides little from it."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

# Before a part's longest end, so many characters are looked through for a better place to cut.
ROOM: Final = 1_000
# On each side of a cut: longer than a name, a number or a phrase that policies look for.
SEAM: Final = 200
# The best places first: between lines, sentences, values of JSON, words that are no numbers, any words.
_PLACES: Final = tuple(
    map(re.compile, (r"\n", r"[.!?;]\s|[。!?]", r'"(?=[,\]}])', r"(?<=[^\d\s])\s+(?=[^\d\s])", r"\s"))
)


def parts(text: str, most: int) -> Sequence[str]:
    """Return a text in parts of at most ``most`` characters."""
    return list(_parts(text, most))


def seams(cut: Sequence[str]) -> Iterator[str]:
    """Yield what lies around each cut, so that what was cut in two is seen whole."""
    for before, after in pairwise(cut):
        yield before[-SEAM:] + after[:SEAM]


def _parts(text: str, most: int) -> Iterator[str]:
    start = 0
    while len(text) - start > most:
        end = _cut(text, start + most - min(ROOM, most // 2), start + most)
        yield text[start:end]
        start = end
    yield text[start:]


def _cut(text: str, first: int, last: int) -> int:
    """Return where to cut between two places: behind the last of the best signs that are there."""
    for place in _PLACES:
        ends = [found.end() for found in place.finditer(text, first, last)]
        if ends:
            return ends[-1]
    return last
