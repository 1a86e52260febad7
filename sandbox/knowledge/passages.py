"""The passages of one vector index and how they are ranked: by BM25, not by vectors.

The ranking is that of SQLite's full-text search (FTS5, ``bm25()``, Porter's stemmer). Scores are honest about that:
they are lexical, between 0 and 1, rise with BM25 for one question, and are no cosine. With ``x`` = BM25 in units of the
weight of a word that only one passage has, the score is ``x² / (x² + half²)``, where ``half`` is HALF, or less for a
question that is too short to reach it. So one or two words in common stay low, three rare ones pass one half, and a
passage with every word of a short question does too.
"""

from __future__ import annotations

import itertools
import math
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.model import words

HALF = 2.2
"""How many rare words in common make a score of one half."""

SHORT = 0.75
"""The part of a short question's words that makes a score of one half."""

_SMALLEST_WEIGHT = 1e-6  # FTS5's own, of a word that half of all passages have


@dataclass(frozen=True)
class Passage:
    """What is searched (``text``), what is answered in its place (``parent``), and where it is from."""

    data_source_id: str
    uri: str
    text: str
    parent: str | None = None
    parent_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    chunk_id: str = ""


class PassageIndex:
    """Passages in memory; may be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passages: dict[int, Passage] = {}
        self._numbers = itertools.count(1)
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute("CREATE VIRTUAL TABLE passage USING fts5(words, tokenize = 'porter unicode61')")

    def replace(self, data_source_id: str, uri: str, passages: Iterable[Passage]) -> None:
        """Put ``passages`` in the place of those that one document had."""
        with self._lock:
            self._remove(lambda each: each.data_source_id == data_source_id and each.uri == uri)
            for passage in passages:
                number = next(self._numbers)
                self._passages[number] = passage
                text = " ".join(words.search_terms(passage.text))
                self._database.execute("INSERT INTO passage (rowid, words) VALUES (?, ?)", (number, text))

    def remove_source(self, data_source_id: str) -> None:
        """Remove everything that came from a data source."""
        with self._lock:
            self._remove(lambda each: each.data_source_id == data_source_id)

    def search(
        self, question: str, *, most: int, fits: Callable[[Passage], bool] = lambda _passage: True
    ) -> list[tuple[float, Passage]]:
        """Return the best passages that fit, at most ``most``, each with its score, best first."""
        asked = list(dict.fromkeys(words.search_terms(question)))
        # A question of common words only is asked as it is.
        terms = [word for word in asked if not words.is_common(word)] or asked
        if not terms:
            return []
        with self._lock:
            query = " OR ".join(f'"{term}"' for term in terms)  # only letters and digits: nothing to escape
            rows = self._database.execute(
                "SELECT rowid, -bm25(passage) FROM passage WHERE passage MATCH ? ORDER BY 2 DESC, 1", (query,)
            ).fetchall()
            half, rare = self._scale(terms)
            found = [(value / rare, self._passages[number]) for number, value in rows]
        kept = itertools.islice(((x, passage) for x, passage in found if fits(passage)), most)
        return [(x**2 / (x**2 + half**2), passage) for x, passage in kept]

    def _remove(self, wanted: Callable[[Passage], bool]) -> None:
        for number in [number for number, passage in self._passages.items() if wanted(passage)]:
            del self._passages[number]
            self._database.execute("DELETE FROM passage WHERE rowid = ?", (number,))

    def _scale(self, terms: list[str]) -> tuple[float, float]:
        """Return (half, weight of a word that one passage has) for a question."""
        total = len(self._passages)
        rare = _weight(total, 1)
        reachable = sum(min(1.0, _weight(total, self._holding(term)) / rare) for term in terms)
        return min(HALF, SHORT * reachable), rare

    def _holding(self, term: str) -> int:
        query = "SELECT count(*) FROM passage WHERE passage MATCH ?"
        count: int = self._database.execute(query, (f'"{term}"',)).fetchone()[0]
        return count


def _weight(total: int, holding: int) -> float:
    """The inverse document frequency as FTS5 computes it."""
    return max(_SMALLEST_WEIGHT, math.log((total - holding + 0.5) / (holding + 0.5)) if total else 0.0)
