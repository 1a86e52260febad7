"""The vectors of passages, and which are nearest to a question's: sqlite-vec's index ``vec0``, by cosine.

In a database of APSW's: many Pythons are built with an ``sqlite3`` that loads no extensions.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence

MOST = 4096
"""How many neighbours vec0 gives at most."""


class VectorIndex:
    """Vectors by number, in memory. Calls must not overlap: whoever owns it holds a lock."""

    def __init__(self, dimensions: int) -> None:
        # Here, not above: a machine without the wheels ranks by words, and imports this all the same.
        import apsw
        import sqlite_vec

        self._database = apsw.Connection(":memory:")
        self._database.enable_load_extension(True)
        self._database.load_extension(sqlite_vec.loadable_path())
        self._database.enable_load_extension(False)
        self._database.execute(
            f"CREATE VIRTUAL TABLE passage USING vec0(embedding float[{dimensions}] distance_metric=cosine)"
        )

    def add(self, number: int, vector: Sequence[float]) -> None:
        """Put a vector under a new number."""
        self._database.execute("INSERT INTO passage (rowid, embedding) VALUES (?, ?)", (number, _packed(vector)))

    def remove(self, number: int) -> None:
        """Remove what is under a number."""
        self._database.execute("DELETE FROM passage WHERE rowid = ?", (number,))

    def nearest(self, vector: Sequence[float], among: Iterable[int]) -> dict[int, float]:
        """Return the cosine, from -1 to 1, of the nearest MOST vectors with the given numbers, nearest first."""
        numbers = list(among)
        rows = self._database.execute(
            "SELECT rowid, distance FROM passage WHERE embedding MATCH ? AND k = ? "
            "AND rowid IN (SELECT value FROM json_each(?)) ORDER BY distance",
            (_packed(vector), min(MOST, max(1, len(numbers))), json.dumps(numbers)),
        )
        return {int(number): 1.0 - float(distance) for number, distance in rows}


def _packed(vector: Sequence[float]) -> bytes:
    return array("f", vector).tobytes()
