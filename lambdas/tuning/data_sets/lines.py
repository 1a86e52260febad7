"""From bytes to whole lines, with little memory, and what a file is that has no lines of JSON at all."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from msgspec import Struct

from lambdas.tuning.data_sets.report import Finding
from lambdas.tuning.data_sets.source import PIECE

# No base model takes a record that is near to it; what is longer is not kept in memory.
LONGEST_LINE: Final = 8 * 1024 * 1024
# Enough to see what a file is.
_BEGINNING: Final = 16 * 1024

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_CONVERT: Final = "`quarry tune convert` makes JSON Lines of CSV and of JSON"
_MAGIC: Final = {
    b"\x1f\x8b": ("a gzip file", "unpack it: Bedrock reads plain .jsonl files only"),
    b"PK\x03\x04": (
        "a ZIP archive or an Excel workbook",
        "unpack it, or save the sheet as CSV in UTF-8 and convert it",
    ),
    b"PAR1": ("a Parquet file", "write its rows as JSON Lines or as CSV"),
    b"%PDF": ("a PDF", "tuning takes examples as JSON Lines"),
    b"BZh": ("a bzip2 file", "unpack it: Bedrock reads plain .jsonl files only"),
    b"\x28\xb5\x2f\xfd": ("a Zstandard file", "unpack it: Bedrock reads plain .jsonl files only"),
}
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_UTF_32: Final = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")


class Overlong(Struct, frozen=True):
    """A line that was passed over for its length, in bytes."""

    length: int


def opened(pieces: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return how a file begins, some thousand bytes if it has them, and all its pieces, the beginning too."""
    rest = iter(pieces)
    start = b""
    for piece in rest:
        start += piece
        if len(start) >= _BEGINNING:
            break
    return start, chain((start,), rest)


def whole_lines(pieces: Iterable[bytes]) -> Iterator[list[bytes] | Overlong]:
    """Yield the lines, without their ends, as many at a time as a piece has."""
    held: list[bytes] = []
    length = 0
    for piece in _bounded(pieces):
        first, *lines = piece.split(b"\n")
        if not lines:
            if length <= LONGEST_LINE:
                held.append(first)
            length += len(first)
            if length > LONGEST_LINE:
                held.clear()
            continue
        last = lines.pop()
        if length > LONGEST_LINE:
            yield Overlong(length + len(first))
        else:
            held.append(first)
            lines.insert(0, b"".join(held))
        if lines:
            yield lines
        held, length = [last], len(last)
    if length > LONGEST_LINE:
        yield Overlong(length)
    elif length:
        yield [b"".join(held)]


def no_json_lines(start: bytes) -> Finding | None:
    """Say what a file is that begins so, if it is not JSON Lines at all; None if it may be."""
    if not start:
        return Finding("empty-file", "the file is empty", "write a record per line")
    for magic, (kind, fix) in _MAGIC.items():
        if start.startswith(magic):
            return Finding("not-json-lines", f"the file is {kind}, not JSON Lines", fix)
    if start.startswith(_UTF_32):
        return Finding("encoding", "the file is UTF-32", "save it as UTF-8 without a byte order mark")
    if start.startswith(_UTF_16) or _looks_like_utf_16(start):
        return Finding("encoding", "the file is UTF-16", "save it as UTF-8 without a byte order mark")
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    first_line = text.split(b"\n", 1)[0].strip()
    if b"}\r{" in text:
        return Finding(
            "line-ends",
            "records are separated by carriage returns alone",
            "end lines with a line feed: `tr '\\r' '\\n'`",
        )
    if text.startswith(b"["):
        return Finding(
            "json-array",
            "the file is one JSON array; JSON Lines has a record per line, without brackets and commas around them",
            _CONVERT,
        )
    if first_line == b"{":
        return Finding(
            "broken-over-lines",
            "the first record is broken over several lines; JSON Lines has each whole record in one line",
            "write every record without indentation; `jq -c . FILE` does it",
        )
    if text and not text.startswith((b"{", b'"')) and b"," in first_line and b"{" not in first_line:
        return Finding("not-json-lines", "the file looks like CSV, not JSON Lines", _CONVERT)
    return None


def _looks_like_utf_16(start: bytes) -> bool:
    even, odd = start[:64:2], start[1:64:2]
    return len(start) >= 4 and (not any(even) or not any(odd))


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if len(piece) <= 2 * PIECE:
            yield piece
        else:
            yield from (piece[start : start + PIECE] for start in range(0, len(piece), PIECE))
