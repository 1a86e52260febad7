"""Reading a roster: a CSV with the columns name and email. Everything that is wrong is told at once, with its line.

A spreadsheet's export is taken as it comes: with or without a byte order mark, with commas, semicolons or tabs, with
empty lines. What looks like a formula is a name, and ``cell`` keeps it one wherever a CSV is written.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from configuration.studio.person import MAX_EMAIL, MAX_NAME, Person, id_of
from configuration.studio.section import MAX_PARTICIPANTS, TOO_MANY

COLUMNS: Final = ("name", "email")
_EMAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
# Joiner and selectors of emoji: invisible, and part of what is seen.
_JOINING: Final = frozenset("\u200c\u200d\ufe0e\ufe0f")
# A hundred of the longest names and addresses fit in several times over.
MAX_BYTES: Final = 1_000_000
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class RosterError(ValueError):
    """The roster cannot be used. ``problems``: a line each with file, line, value, what is accepted."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(path: Path, *, shown: str) -> list[Person]:
    """Return the people of a roster, in its order.

    Args:
        shown: what the file is called in errors.

    Raises:
        RosterError: it cannot be read, is too large, lines of it cannot be used, two of its people cannot be told
            apart, nobody is in it, or more are than one environment takes.
    """
    try:
        with path.open("rb") as stream:
            # Never all of it: a device, or a file that was meant for something else, may have no end.
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise RosterError([f"{shown}: cannot be read: {error.strerror}"]) from error
    if len(content) > MAX_BYTES:
        raise RosterError([f"{shown}: more than {MAX_BYTES // 1_000_000} MB, which is no list of people"])
    return parse(content, shown=shown)


def parse(content: bytes, *, shown: str) -> list[Person]:
    """Return the people of a roster's bytes; as ``read``."""
    rows = _rows(_text(content, shown), shown)
    header_line, header = next(rows, (1, []))
    _check_header(header, f"{shown}: line {header_line}")
    people: list[Person] = []
    problems: list[str] = []
    lines: dict[str, int] = {}
    for line, row in rows:
        where = f"{shown}: line {line}"
        wrong = _wrong(header, row)
        if wrong:
            problems += [f"{where}: {reason}" for reason in wrong]
            continue
        values = dict(zip(header, map(clean, row), strict=False))
        person = Person(name=values["name"], email=values.get("email") or None)
        first = lines.setdefault(id_of(person), line)
        if first != line:
            problems.append(f"{where}: {_twice(person, first)}")
        people.append(person)
    if not people and not problems:
        problems.append(f"{shown}: nobody is in it; write a line per person below the columns' names")
    if len(people) > MAX_PARTICIPANTS:
        problems.append(f"{shown}: {len(people):,} people; {TOO_MANY}")
    if problems:
        raise RosterError(problems)
    return people


def clean(text: str) -> str:
    """Return a text on one line, without what cannot be seen: control characters, marks that turn text around."""
    kept = (mark for mark in text if mark in _JOINING or mark.isspace() or unicodedata.category(mark)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def cell(text: str) -> str:
    """Return a text for a cell of a CSV: what a spreadsheet would run as a formula stays text there."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(content: bytes, shown: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RosterError(
            [f"{shown}: line {line}: not UTF-8 (byte 0x{content[error.start]:02x}); save it as CSV UTF-8"]
        ) from error


def _rows(text: str, shown: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty, with their number; of a cell with several lines, its first."""
    beginning = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((mark for mark in ";\t" if mark in beginning and "," not in beginning), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    line = 1
    header = True
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, [cell.strip().lower() for cell in row] if header else row
                header = False
            line = reader.line_num + 1
    except csv.Error as error:
        raise RosterError([f"{shown}: line {line}: not CSV: {error}"]) from error


def _check_header(header: list[str], where: str) -> None:
    if "name" not in header or set(header) - set(COLUMNS) or len(set(header)) < len(header):
        raise RosterError(
            [f"{where}: the columns are {', '.join(header) or 'none'}; expected name, or name,email, and no others"]
        )


def _wrong(header: list[str], row: list[str]) -> list[str]:
    """Return what is wrong with a line's cells."""
    if any(value.strip() for value in row[len(header) :]):
        return [f"{len(row)} cells where there are {len(header)} columns; put a name with a comma into quotes"]
    values = dict(zip(header, row, strict=False))
    name, email = clean(values.get("name", "")), clean(values.get("email", ""))
    wrong = []
    if not any(unicodedata.category(mark)[0] in "LNS" for mark in name):
        wrong.append(f"name: {name!r} is not accepted: expected a letter, a digit or a symbol in it")
    if len(name) > MAX_NAME:
        wrong.append(f"name: {name[:40]!r}… is not accepted: expected {MAX_NAME} characters at most")
    if email and (len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email)):
        wrong.append(f"email: {email[:80]!r} is not accepted: expected one address, as ana@example.com")
    return wrong


def _twice(person: Person, first: int) -> str:
    if person.email:
        return f"{person.name!r} with {person.email} is there already, in line {first}; keep one"
    return f"{person.name!r} cannot be told apart from line {first}; give both a different email"
