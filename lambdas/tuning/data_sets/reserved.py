"""Words that no prompt may contain: Nova's data fails with them, wherever they stand and in whatever case."""

import re
from collections.abc import Callable, Sequence
from typing import Final

# A mark is rare if there is less than one in so many characters.
_RARE: Final = 2048


def searcher(words: Sequence[str]) -> Callable[[str], bool]:
    """Return a function that says whether a text has one of the words, in whatever case. Made for texts of megabytes.

    What decides is a character that texts seldom have: it is looked for first, which is many times faster than any
    pattern, and the rest of a word only around it.
    """
    by_mark: dict[str, list[str]] = {}
    for word in words:
        by_mark.setdefault(word[-1] if word[0].isalpha() else word[0], []).append(word)
    patterns = [(mark, _pattern(mark, group)) for mark, group in by_mark.items()]

    def found(text: str) -> bool:
        return any(_has(text, mark, pattern) for mark, pattern in patterns)

    return found


def words_in(text: str, words: Sequence[str]) -> tuple[str, ...]:
    """Return which of the words a text has, in the words' order."""
    small = text.lower()
    return tuple(word for word in words if word.lower() in small)


def _has(text: str, mark: str, pattern: re.Pattern[str]) -> bool:
    # str.find goes from mark to mark five times as fast as a pattern does, as long as marks are rare.
    place = text.find(mark)
    for _ in range(len(text) // _RARE):
        if place < 0:
            return False
        if pattern.match(text, place):
            return True
        place = text.find(mark, place + 1)
    return place >= 0 and pattern.search(text, place) is not None


def _pattern(mark: str, words: Sequence[str]) -> re.Pattern[str]:
    if words[0][0] == mark:
        return re.compile(re.escape(mark) + "(?:" + "|".join(_any_case(word[1:]) for word in words) + ")")
    lasts = "".join(sorted({letter for word in words for letter in (word[-2].lower(), word[-2].upper())}))
    behind = "|".join(f"(?<={_any_case(word)})" for word in words)
    return re.compile(f"{re.escape(mark)}(?<=[{lasts}]{re.escape(mark)})(?:{behind})")


def _any_case(word: str) -> str:
    return "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else re.escape(c) for c in word)
