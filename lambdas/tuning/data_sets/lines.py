"""From bytes to whole lines, with little memory, and what a file is that has no lines of JSON at all."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from lambdas.tuning.data_sets.report import Finding
from lambdas.tuning.data_sets.source import PIECE

# No base model takes a record that is near to it; what is longer is not kept in memory.
LONGEST_LINE: Final = 8 * 1024 * 1024

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


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes | Overlong]:
    """Yield blocks of whole lines, each ended by a line feed, about as large as the pieces; the last gets its own."""
    held: list[bytes] = []
    length = 0
    for piece in _bounded(pieces):
        end = piece.rfind(b"\n") + 1
        if not end:
            if length <= LONGEST_LINE:
                held.append(piece)
            length += len(piece)
            if length > LONGEST_LINE:
                held.clear()
            continue
        if length > LONGEST_LINE:
            first = piece.index(b"\n") + 1
            yield Overlong(length + first)
            if first < end:
                yield piece[first:end]
        else:
            yield b"".join((*held, piece[:end]))
        held = [piece[end:]] if end < len(piece) else []
        length = len(piece) - end
    if length > LONGEST_LINE:
        yield Overlong(length)
    elif length:
        yield b"".join((*held, b"\n"))


def no_json_lines(start: bytes) -> Finding | None:
    """Say what a file is that begins so, if it is not JSON Lines at all; None if it may be."""
    for magic, (kind, fix) in _MAGIC.items():
        if start.startswith(magic):
            return Finding("not-json-lines", f"the file is {kind}, not JSON Lines", fix)
    if start.startswith(_UTF_32):
        return Finding("encoding", "the file is UTF-32", "save it as UTF-8 without a byte order mark")
    if start.startswith(_UTF_16) or _looks_like_utf_16(start):
        return Finding("encoding", "the file is UTF-16", "save it as UTF-8 without a byte order mark")
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    first_line = text.split(b"\n", 1)[0].strip()
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
