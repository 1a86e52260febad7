"""Markers of answers, as [1], [1][3] or [1, 3]: which passages an answer names, and in which order."""

import re
from collections.abc import Iterator
from typing import Final

# What is answered, and told to the model to answer, where the passages do not hold the answer.
NOT_IN_DOCUMENTS: Final = "The documents do not answer this."

_MARKER: Final = re.compile(r"\[\s*([0-9]{1,3}(?:\s*[,;]\s*[0-9]{1,3})*)\s*\]")
_SPACED_MARKER: Final = re.compile(r"[ \t]*" + _MARKER.pattern)
# What models put around a sentence that they were told to say.
_AROUND: Final = " \t\r\n\"'`*_.“”„‘’«»"


def cited(text: str, *, passages: int) -> list[int]:
    """Return the numbers, from 1 to ``passages``, that the text names, in the order of their first mention."""
    numbers = (number for marker in _MARKER.finditer(text) for number in _numbers(marker))
    return list(dict.fromkeys(number for number in numbers if 1 <= number <= passages))


def place_of(text: str, number: int) -> int | None:
    """Return where a text first names a passage: the index of its marker's bracket; None where it does not."""
    return next((marker.start() for marker in _MARKER.finditer(text) if number in _numbers(marker)), None)


def without_unknown(text: str, *, passages: int) -> str:
    """Return the text without numbers that no passage has; a marker of nothing else goes with the space before it."""

    def mended(marker: re.Match[str]) -> str:
        numbers = list(_numbers(marker))
        known = [number for number in numbers if 1 <= number <= passages]
        if known == numbers:
            return marker[0]
        if not known:
            return ""
        return f"{marker[0].partition('[')[0]}[{', '.join(map(str, known))}]"

    return _SPACED_MARKER.sub(mended, text)


def says_nothing(text: str, *, cites: bool) -> bool:
    """Whether a text says that the documents do not answer: the sentence alone, or with words that cite nothing.

    Args:
        cites: whether it names a passage: then only the sentence alone counts, marker or not.
    """
    said, sentence = _MARKER.sub("", text).strip(_AROUND).casefold(), NOT_IN_DOCUMENTS.strip(_AROUND).casefold()
    return said == sentence or (not cites and sentence in said)


def _numbers(marker: re.Match[str]) -> Iterator[int]:
    return map(int, re.findall(r"[0-9]+", marker[1]))
