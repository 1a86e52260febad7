"""Words that carry meaning, and how many two texts share. Deterministic, without a vocabulary."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_SUFFIXES = ("ingly", "edly", "ing", "ies", "ied", "ed", "es", "ly", "s")

_STOP = frozenset(
    _WORD.findall(
        """a about above after again all also am an and any are as at be because been before being but by can could did
    do does doing down during each few for from further had has have having he her here hers him his how i if in into is
    it its just me more most my no nor not now of off on once only or other our out over own please same say says she
    should so some such tell than that the their them then there these they this those through to too under until up
    us use using very was we were what when where which while who whom why will with would you your"""
    )
)


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word.removesuffix(suffix)
    return word


def search_terms(text: str) -> list[str]:
    """Return the words of ``text`` in order, in lower case and whole, the common ones too.

    Chinese, Japanese and Korean become pairs of neighbouring characters, as in ``content_words``.
    """
    found = []
    for word in _WORD.findall(text.lower()):
        found += [word[i : i + 2] for i in range(max(1, len(word) - 1))] if _WIDE.search(word) else [word]
    return found


def is_common(word: str) -> bool:
    """Return whether a word in lower case says nothing about a text's subject."""
    return word in _STOP


def content_words(text: str) -> list[str]:
    """Return the words of ``text`` in order, in lower case, shortened to a stem, without common ones.

    Chinese, Japanese and Korean are written without spaces: there a "word" is each pair of neighbouring characters.
    """
    found = []
    for word in _WORD.findall(text.lower()):
        if _WIDE.search(word):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        elif word not in _STOP and (len(word) > 1 or word.isdigit()):
            found.append(_stem(word))
    return found


def overlap(left: str, right: str) -> set[str]:
    """Return the content words that both texts have."""
    return set(content_words(left)) & set(content_words(right))


def sentences(text: str) -> list[str]:
    """Return the sentences (or lines) of ``text`` that are not empty, trimmed."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def shorten(text: str, length: int) -> str:
    """Return ``text`` on one line in at most ``length`` characters, cut at a word, with an ellipsis where cut."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
