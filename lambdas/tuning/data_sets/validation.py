"""Whether Bedrock would take a data set, told before anybody pays: the one entry for command line and pipeline.

A stream is read once, in blocks of whole lines. Blocks in which all is plainly well go the fast way (plain.py), others
record by record through the checker of the format's shape.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from lambdas.catalogue.customization import TunableModel
from lambdas.tuning.data_sets import file_rules
from lambdas.tuning.data_sets.checker import Checker, wanted_of
from lambdas.tuning.data_sets.json_line import decode
from lambdas.tuning.data_sets.lines import BYTE_ORDER_MARK, LONGEST_LINE, Overlong, no_json_lines, opened, whole_lines
from lambdas.tuning.data_sets.plain import Plain, PlainReader
from lambdas.tuning.data_sets.record import Medium, Record, Wanted
from lambdas.tuning.data_sets.repeats import Repeats
from lambdas.tuning.data_sets.repeats import finding as repeated
from lambdas.tuning.data_sets.report import SHOWN, Finding, Report
from lambdas.tuning.data_sets.source import DataSet
from lambdas.tuning.tokens import Amount


def validate(
    training: DataSet, *, base: TunableModel, method: str = "fine_tuning", validation: DataSet | None = None
) -> Report:
    """Read a data set, and the validation set after it, and return what is to be said of them.

    Args:
        method: of ``lambdas.catalogue.customization.Method``.

    Raises:
        NotTunableError: the base model is not tuned by this method.
        OSError, botocore.exceptions.BotoCoreError: a data set cannot be read.
    """
    wanted = wanted_of(base, method)
    report = Report(format=wanted.format.name)
    repeats = Repeats()
    first = _Reading(wanted, report, report.amount, repeats)
    first.read(training)
    report.records = report.amount.records
    second = None
    if validation is not None and file_rules.check_validation_set(wanted, report, validation.name):
        report.validation = Amount()
        second = _Reading(wanted, report, report.validation, repeats, after=first, file=validation.name)
        second.read(validation)
    if not first.unreadable and not (second and second.unreadable):
        file_rules.check_counts(wanted, report, last_line=first.line)
    return report


class _Reading:
    """One file as it is read: where it is, and what has been seen."""

    def __init__(
        self,
        wanted: Wanted,
        report: Report,
        amount: Amount,
        repeats: Repeats,
        *,
        after: "_Reading | None" = None,
        file: str = "",
    ) -> None:
        self.line = 0
        self.unreadable = False
        self.first_medium: tuple[Medium, int] | None = after.first_medium if after else None
        self._wanted, self._report, self._amount, self._repeats = wanted, report, amount, repeats
        self._file = file
        self._checker = Checker(wanted)
        self._plain = PlainReader(wanted, reserved=self._checker.has_reserved)
        limits = wanted.facts.limits
        # No record of fewer bytes can be too large.
        tokens, line = limits.record_tokens or LONGEST_LINE, limits.line_bytes or LONGEST_LINE
        self._harmless, self._harmless_ascii = min(line, int(tokens * 1.5)), min(line, tokens * 3)
        self._bucket: str | None = None
        self._told_of_line_ends = False
        self._size = 0
        self._repeats.next_file()

    def read(self, data_set: DataSet) -> None:
        """Read a file to its end."""
        for named in file_rules.of_key(data_set.key):
            self._add(named, line=1)
        self._bucket = data_set.bucket
        start, pieces = opened(data_set.pieces)
        if finding := no_json_lines(start):
            self._add(finding, line=1)
            self.unreadable = True
            return
        for lines in whole_lines(self._counted(pieces)):
            if isinstance(lines, Overlong):
                self._overlong(lines)
                continue
            if self.line == 0:
                lines[0] = self._without_mark(lines[0])
            if lines[0].endswith(b"\r") or lines[-1].endswith(b"\r"):
                lines = self._without_returns(lines)
            self._lines(lines)
        for large in file_rules.of_size(self._size, self._wanted):
            self._add(large, line=max(self.line, 1))

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._size += len(piece)
            yield piece

    def _lines(self, lines: list[bytes]) -> None:
        plain = self._plain.read(lines)
        if plain is None or not self._take(plain, lines):
            for line in lines:
                self.line += 1
                self._record(line)

    def _take(self, plain: Plain, lines: list[bytes]) -> bool:
        """Count lines in which all is well; False if there is something to say of one after all."""
        harmless = self._harmless if plain.others[1] else self._harmless_ascii
        if max(map(len, lines)) > harmless and any(map(self._is_too_long, plain.records, lines)):
            return False
        if self._repeats.left:
            self._compare(self._plain.same(plain.records[: self._repeats.left]), line=self.line + 1)
        self.line += len(plain.records)
        self._amount.records += len(plain.records)
        self._amount.ascii_characters += plain.ascii_characters
        text, count = plain.others
        if count:
            self._amount.add_text(text)
            self._amount.ascii_characters -= count - 1
        return True

    def _is_too_long(self, record: Any, line: bytes) -> bool:
        if len(line) <= self._harmless:
            return False
        amount = Amount()
        for text in self._plain.texts_of(record):
            amount.add_text(text)
        return bool(file_rules.of_length(amount, len(line), self._wanted))

    def _record(self, line: bytes) -> None:
        value = decode(line)
        if isinstance(value, Finding):
            if value.rule != "blank-line":
                self._amount.records += 1
            self._add(value)
            return
        record, amount = self._checker.check(value, length=len(line))
        self._amount.take(amount)
        for finding in record.findings:
            self._add(finding)
        self._media(record)
        self._same(value)

    def _media(self, record: Record) -> None:
        for medium in record.media:
            if self._bucket is None:
                self._bucket = medium.bucket or None
            elif medium.bucket and medium.bucket != self._bucket:
                self._add(
                    Finding(
                        "media-bucket",
                        f"{medium.where} is in the bucket {medium.bucket}, not in {self._bucket}",
                        "keep images, videos and the data set in one bucket",
                    )
                )
        for medium in record.media:
            if self.first_medium is None:
                self.first_medium = (medium, self.line)
            elif {medium.kind, self.first_medium[0].kind} == {"image", "video"}:
                if not any(finding.rule == "media-mixed" for finding in record.findings):
                    first, line = self.first_medium
                    self._add(
                        Finding(
                            "media-mixed",
                            f"the record has a {medium.kind}, and the data set {first.kind}s since line {line}",
                            "have either images or videos in a data set",
                        )
                    )
                return

    def _same(self, value: dict[str, Any]) -> None:
        if self._repeats.left:
            number = self._plain.of_object(value)
            if number is None:
                number = hash(msgspec.json.encode(value, order="sorted"))
            self._compare([number], line=self.line)

    def _compare(self, numbers: list[int], *, line: int) -> None:
        for here, overlaps, first in self._repeats.take(numbers, line=line):
            if not overlaps and self._report.warning_count >= SHOWN:
                # Nobody would see it; and a file may have millions.
                self._report.warning_count += 1
            else:
                self._add(repeated(overlaps=overlaps, first=first), line=here)

    def _overlong(self, line: Overlong) -> None:
        self.line += 1
        self._amount.records += 1
        self._add(
            Finding(
                "line-length",
                f"the line has {line.length:,} bytes; more than {LONGEST_LINE:,} are not read",
                "split the record; no base model takes one of this length",
            )
        )

    def _without_mark(self, line: bytes) -> bytes:
        if not line.startswith(BYTE_ORDER_MARK):
            return line
        self._add(
            Finding("byte-order-mark", "the file begins with a byte order mark", "save it as UTF-8 without one"), line=1
        )
        return line.removeprefix(BYTE_ORDER_MARK)

    def _without_returns(self, lines: list[bytes]) -> list[bytes]:
        if not self._told_of_line_ends:
            self._told_of_line_ends = True
            first = next(number for number, line in enumerate(lines, start=self.line + 1) if line.endswith(b"\r"))
            self._add(
                Finding(
                    "line-ends", "lines end with CR LF, as Windows writes them", "end them with LF alone", warning=True
                ),
                line=first,
            )
        return [line.removesuffix(b"\r") for line in lines]

    def _add(self, finding: Finding, *, line: int | None = None) -> None:
        self._report.add(finding, line=self.line if line is None else line, file=self._file)
