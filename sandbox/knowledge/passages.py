"""The passages of one vector index and how they are ranked: by vectors, by vectors and words, or by words alone.

SEMANTIC: the score is the cosine of the question's vector and the passage's, negative ones as 0, and nothing else: with
vectors of this kind 0.2 is much and 0.5 is rare. HYBRID adds the words, as OpenSearch's hybrid query does: the weighted
mean of that and the lexical score. Where there are no vectors, every search is lexical.

The lexical ranking is that of SQLite's full-text search (FTS5, ``bm25()``, Porter's stemmer). Its scores lie between 0
and 1, rise with BM25 for one question, and are no cosine. With ``x`` = BM25 in units of the weight of a word that only
one passage has, the score is ``x² / (x² + half²)``, where ``half`` is HALF, or less for a question that is too short to
reach it. So one or two words in common stay low, three rare ones pass one half, and a passage with every word of a
short question does too.
"""

from __future__ import annotations

import itertools
import math
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.knowledge.vectors import VectorIndex
from sandbox.model import words

Embed = Callable[[str], Sequence[float]]

WORDS_WEIGHT = 0.2
"""How much of a hybrid score is the lexical one."""

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
    """Passages in memory; may be used by several threads. Without ``embed`` they are ranked by words alone."""

    def __init__(self, embed: Embed | None = None, dimensions: int = 0) -> None:
        self._embed = embed
        self._vectors = VectorIndex(dimensions) if embed is not None else None
        self._lock = threading.Lock()
        self._passages: dict[int, Passage] = {}
        self._numbers = itertools.count(1)
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute("CREATE VIRTUAL TABLE passage USING fts5(words, tokenize = 'porter unicode61')")

    def replace(self, data_source_id: str, uri: str, passages: Iterable[Passage]) -> None:
        """Put ``passages`` in the place of those that one document had."""
        made = [(passage, self._embed(passage.text) if self._embed else ()) for passage in passages]
        with self._lock:
            self._remove(lambda each: each.data_source_id == data_source_id and each.uri == uri)
            for passage, vector in made:
                number = next(self._numbers)
                self._passages[number] = passage
                text = " ".join(words.search_terms(passage.text))
                self._database.execute("INSERT INTO passage (rowid, words) VALUES (?, ?)", (number, text))
                if self._vectors is not None:
                    self._vectors.add(number, vector)

    def remove_source(self, data_source_id: str) -> None:
        """Remove everything that came from a data source."""
        with self._lock:
            self._remove(lambda each: each.data_source_id == data_source_id)

    def search(
        self,
        question: str,
        *,
        most: int,
        hybrid: bool = False,
        fits: Callable[[Passage], bool] = lambda _passage: True,
    ) -> list[tuple[float, Passage]]:
        """Return the best passages that fit, at most ``most``, each with its score, best first.

        Args:
            hybrid: by words too, and not by the vectors alone.
        """
        vector = self._embed(question) if self._embed else None
        with self._lock:
            if vector is None:
                scores = self._lexical(question)
            else:
                scores = self._semantic(vector, fits)
                if hybrid:
                    scores = _combined(scores, self._lexical(question))
            # Of the same score the one that was there first.
            order = sorted(scores, key=lambda number: (-scores[number], number))
            fitting = ((scores[number], self._passages[number]) for number in order)
            return list(itertools.islice(((score, each) for score, each in fitting if fits(each)), most))

    def _semantic(self, vector: Sequence[float], fits: Callable[[Passage], bool]) -> dict[int, float]:
        if self._vectors is None:
            return {}
        among = [number for number, passage in self._passages.items() if fits(passage)]
        return {number: max(0.0, cosine) for number, cosine in self._vectors.nearest(vector, among).items()}

    def _lexical(self, question: str) -> dict[int, float]:
        asked = list(dict.fromkeys(words.search_terms(question)))
        # A question of common words only is asked as it is.
        terms = [word for word in asked if not words.is_common(word)] or asked
        if not terms:
            return {}
        query = " OR ".join(f'"{term}"' for term in terms)  # only letters and digits: nothing to escape
        rows = self._database.execute(
            "SELECT rowid, -bm25(passage) FROM passage WHERE passage MATCH ?", (query,)
        ).fetchall()
        half, rare = self._scale(terms)
        units = {number: value / rare for number, value in rows}
        return {number: x**2 / (x**2 + half**2) for number, x in units.items()}

    def _remove(self, wanted: Callable[[Passage], bool]) -> None:
        for number in [number for number, passage in self._passages.items() if wanted(passage)]:
            del self._passages[number]
            self._database.execute("DELETE FROM passage WHERE rowid = ?", (number,))
            if self._vectors is not None:
                self._vectors.remove(number)

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


def _combined(semantic: dict[int, float], lexical: dict[int, float]) -> dict[int, float]:
    return {
        number: (1 - WORDS_WEIGHT) * semantic.get(number, 0.0) + WORDS_WEIGHT * lexical.get(number, 0.0)
        for number in {**semantic, **lexical}
    }
