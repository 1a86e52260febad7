"""Reading what people have: CSV in whatever dialect, JSON Lines, one JSON array."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from lambdas.tuning.data_sets.json_line import decode
from lambdas.tuning.data_sets.report import Finding
from quarry.command_error import CommandError

# Columns that are taken for prompt and answer if nothing is said: the first pair that a file has.
KNOWN_COLUMNS: Final = (
    ("prompt", "completion"),
    ("text", "label"),
    ("tweet", "sentiment"),
    ("tweet", "label"),
    ("text", "sentiment"),
    ("question", "answer"),
    ("input", "output"),
    ("instruction", "response"),
    ("instruction", "output"),
    ("prompt", "response"),
    ("source", "target"),
)
_DELIMITERS: Final = ",;\t|"

Row = tuple[int, dict[str, Any] | Finding]


class Table:
    """A file of rows, with the columns if it has some.

    Attributes:
        columns: of a CSV file, in its order; () of JSON.
        encoding: in which it was read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.encoding = _encoding(path)
        with path.open(encoding=self.encoding, newline="") as file:
            start = file.read(64 * 1024)
        if not start.strip():
            raise CommandError(f"{path.name} is empty.")
        self._is_array = start.lstrip().startswith("[")
        self._is_json = self._is_array or start.lstrip().startswith("{")
        self._delimiter = "" if self._is_json else _delimiter(start)
        self.columns = () if self._is_json else self._header()

    def rows(self) -> Iterator[Row]:
        """Yield (line, row) for each: what it holds by column or key, or why it cannot be read."""
        if self._is_array:
            yield from self._of_array()
        elif self._is_json:
            yield from self._of_lines()
        else:
            yield from self._of_csv()

    def _header(self) -> tuple[str, ...]:
        with self._path.open(encoding=self.encoding, newline="") as file:
            try:
                header = next(csv.reader(file, delimiter=self._delimiter), [])
            except csv.Error as error:
                raise CommandError(f"{self._path.name} has no header that can be read: {error}.") from error
        return tuple(name.strip() for name in header)

    def _of_csv(self) -> Iterator[Row]:
        with self._path.open(encoding=self.encoding, newline="") as file:
            # A NUL ends a text in many programs; the checks tell of it.
            reader = csv.reader(file, delimiter=self._delimiter, strict=True)
            next(reader, None)
            line = reader.line_num + 1
            while True:
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield (
                        line,
                        Finding("csv", f"the row cannot be read: {error}", "close every quote; double those in texts"),
                    )
                    return
                if any(value.strip() for value in values):
                    yield line, self._row(values)
                line = reader.line_num + 1

    def _row(self, values: list[str]) -> dict[str, Any] | Finding:
        if len(values) != len(self.columns):
            return Finding(
                "csv",
                f"the row has {len(values)} columns, and the header {len(self.columns)}",
                f"put texts that have {self._delimiter!r} into double quotes",
            )
        return dict(zip(self.columns, values, strict=True))

    def _of_lines(self) -> Iterator[Row]:
        if self.encoding not in ("utf-8", "utf-8-sig"):
            # A line feed is more than one byte in UTF-16.
            with self._path.open(encoding=self.encoding, newline="\n") as text:
                yield from self._decoded(line.encode("utf-8", "surrogatepass") for line in text)
            return
        with self._path.open("rb") as file:
            yield from self._decoded(file)

    def _decoded(self, lines: Iterable[bytes]) -> Iterator[Row]:
        for line, content in enumerate(lines, start=1):
            content = content.removeprefix(b"\xef\xbb\xbf") if line == 1 else content
            if content.strip():
                yield line, decode(content)

    def _of_array(self) -> Iterator[Row]:
        try:
            values = msgspec.json.decode(self._path.read_text(encoding=self.encoding))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise CommandError(f"{self._path.name} is no JSON: {error}.") from error
        for number, value in enumerate(values, start=1):
            if isinstance(value, dict):
                yield number, value
            else:
                yield number, Finding("not-an-object", "the entry is no object", "make it an object")


def _encoding(path: Path) -> str:
    """Return the encoding of a file: UTF-16 by its mark, UTF-8 if it can be read so, else Windows-1252.

    Raises:
        CommandError: it is no text in any of them.
    """
    with path.open("rb") as file:
        marked = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            with path.open(encoding=encoding, newline="") as text:
                for _ in iter(lambda: text.read(1 << 20), ""):
                    pass
        except UnicodeError:
            continue
        return encoding
    raise CommandError(f"{path.name} is no text in UTF-8, UTF-16 or Windows-1252; save it as UTF-8.")


def _delimiter(start: str) -> str:
    """Return what separates columns: what splits the first rows into the same number of them, more than one."""
    best = ","
    most = 1
    for delimiter in _DELIMITERS:
        try:
            rows = [row for row in itertools.islice(csv.reader(io.StringIO(start), delimiter=delimiter), 20) if row]
        except csv.Error:
            continue
        # The last may be cut off.
        widths = {len(row) for row in rows[:-1] or rows}
        if len(widths) == 1 and max(widths) > most:
            best, most = delimiter, max(widths)
    if most > 1:
        return best
    header = start.splitlines()[0]
    return max(_DELIMITERS, key=header.count) if any(one in header for one in _DELIMITERS) else ","
