"""The test set in pieces that one function can ask about in its time: ranges of bytes, whole lines each.

A distributed map runs a function per piece, so a test set may be larger than a function holds.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from lambdas.tuning import places

# Each asks two models, or three; so it stays far below a function's 15 minutes, throttled or not.
RECORDS: Final = 20


class Batch(Struct, frozen=True, kw_only=True):
    """A piece of the test set: bytes from ``start`` up to but not including ``end``, the first being line ``line``."""

    index: int
    line: int
    start: int
    end: int


def batches_key(run: str) -> str:
    """Return the key of the list of a run's pieces."""
    return f"{places.REPORTS_PREFIX}{run}/batches.json"


def measured_prefix(run: str) -> str:
    """Return below which prefix what was measured of each piece lies."""
    return f"{places.REPORTS_PREFIX}{run}/evaluation/"


def measured_key(run: str, index: int) -> str:
    """Return the key of what was measured of a piece."""
    return f"{measured_prefix(run)}{index:06}.json"


def plan(lines: Iterable[bytes], *, most: int, size: int = RECORDS) -> tuple[list[Batch], int]:
    """Return the pieces of the first ``most`` records, and how many records they have.

    Args:
        lines: those of the test set, with their ends; empty ones are no records.
        size: records of a piece.
    """
    found: list[Batch] = []
    position = start = records = here = 0
    first = 1
    for number, line in enumerate(lines, 1):
        position += len(line)
        if not line.strip():
            continue
        records, here = records + 1, here + 1
        if here == size or records == most:
            found.append(Batch(index=len(found), line=first, start=start, end=position))
            start, first, here = position, number + 1, 0
        if records == most:
            break
    if here:
        found.append(Batch(index=len(found), line=first, start=start, end=position))
    return found, records


def encode(batches: list[Batch]) -> bytes:
    """Return the list as the state machine reads it."""
    return msgspec.json.encode(batches)
