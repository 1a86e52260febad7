"""Words that no prompt may contain: Nova's data fails with them, wherever they stand and in whatever case."""

import re
from collections.abc import Callable, Sequence
from typing import Final

# A mark is rare if there is less than one in so many characters.
_RARE: Final = 256


def searcher(words: Sequence[str]) -> Callable[[str], bool]:
    """Return a function that says whether a text has one of the words, in whatever case. Made for texts of megabytes.

    What decides is a character that texts seldom have: it is looked for first, which is many times faster than any
    pattern, and the rest of a word only around it.
    """
    by_mark: dict[str, list[str]] = {}
    for word in words:
        by_mark.setdefault(word[-1] if word[0].isalpha() else word[0], []).append(word)
    searches = [_Search(mark, group) for mark, group in by_mark.items()]

    def found(text: str) -> bool:
        return any(search.has(text) for search in searches)

    return found


def words_in(text: str, words: Sequence[str]) -> tuple[str, ...]:
    """Return which of the words a text has, in the words' order."""
    small = text.lower()
    return tuple(word for word in words if word.lower() in small)


class _Search:
    """Looks for words that begin, or end, with the same mark."""

    def __init__(self, mark: str, words: Sequence[str]) -> None:
        self._mark = mark
        self._are_dense = False
        if words[0][0] == mark:
            self._before = ""
            after = "|".join(_any_case(word[1:]) for word in words)
            self._pattern = re.compile(f"{re.escape(mark)}(?:{after})")
        else:
            self._before = "".join(
                sorted({letter for word in words for letter in (word[-2].lower(), word[-2].upper())})
            )
            behind = "|".join(f"(?<={_any_case(word)})" for word in words)
            self._pattern = re.compile(f"{re.escape(mark)}(?<=[{self._before}]{re.escape(mark)})(?:{behind})")

    def has(self, text: str) -> bool:
        """Return whether a text has one of the words."""
        mark, before, start = self._mark, self._before, 0
        if not self._are_dense:
            # str.find goes from mark to mark five times as fast as a pattern does, as long as marks are rare.
            place = text.find(mark)
            for _ in range(len(text) // _RARE + 1):
                if place < 0:
                    return False
                if (not before or text[place - 1] in before) and self._pattern.match(text, place):
                    return True
                place = text.find(mark, place + 1)
            self._are_dense, start = len(text) > _RARE, max(place, 0)
            if place < 0:
                return False
        return self._pattern.search(text, start) is not None


def _any_case(word: str) -> str:
    return "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else re.escape(c) for c in word)
