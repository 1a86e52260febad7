"""Rules of a whole file: its name, its size, how many records it has and how long they are."""

import re
from collections.abc import Iterator
from typing import Final

from lambdas.common.figures import counted
from lambdas.tuning.data_sets.record import Wanted
from lambdas.tuning.data_sets.report import Finding, Report
from lambdas.tuning.tokens import Amount, tokens_of

_KEY: Final = re.compile(r"[\w\-/.]+", re.ASCII)


def of_key(key: str) -> Iterator[Finding]:
    """Say what is wrong with a file's name or key."""
    if not _KEY.fullmatch(key):
        wrong = "".join(dict.fromkeys(character for character in key if not _KEY.fullmatch(character)))
        yield Finding(
            "file-name", f"the file's name has {wrong!r}", "rename it: Bedrock takes letters, digits, and _ - / . only"
        )
    if not key.lower().endswith(".jsonl"):
        yield Finding("file-name", f"the file's name is {key[-80:]!r}", "rename it: its name must end in .jsonl")


def of_size(size: int, wanted: Wanted) -> Iterator[Finding]:
    """Say whether a file of so many bytes is too large."""
    most = wanted.facts.limits.file_bytes
    if most and size > most:
        yield Finding("file-size", f"the file has {size:,} bytes; {most:,} at most", "take fewer records")


def of_length(amount: Amount, length: int, wanted: Wanted) -> list[Finding]:
    """Say whether a record is too long, by its texts and by its line's bytes."""
    limits, found = wanted.facts.limits, []
    if limits.line_bytes and length > limits.line_bytes:
        found.append(
            Finding(
                "line-length", f"the line has {length:,} bytes; {limits.line_bytes:,} at most", "shorten the record"
            )
        )
    if not limits.record_tokens:
        return found
    tokens = tokens_of(amount, images=False)
    if tokens.low > limits.record_tokens:
        found.append(
            Finding(
                "record-tokens",
                f"the record has at least {tokens.low:,} tokens; {limits.record_tokens:,} at most",
                "shorten or split it",
            )
        )
    elif tokens.high > limits.record_tokens:
        found.append(
            Finding(
                "record-tokens",
                f"the record may have up to {tokens.high:,} tokens; {limits.record_tokens:,} at most",
                "shorten it to be sure: how AWS counts them is not public",
                warning=True,
            )
        )
    return found


def check_validation_set(wanted: Wanted, report: Report, name: str) -> bool:
    """Note what becomes of a validation set; return whether to read it."""
    if wanted.facts.validation == "refused":
        report.add(
            Finding(
                "validation-set",
                f"{wanted.base.name} takes no validation set for {wanted.method}",
                "leave it out: Bedrock takes a part of the data itself",
            ),
            line=1,
            file=name,
        )
        return False
    if wanted.facts.validation == "ignored":
        report.add(
            Finding(
                "validation-set",
                f"{wanted.base.name} takes a validation set and ignores it",
                "leave it out, and add its records to the training set or to the test set",
                warning=True,
            ),
            line=1,
            file=name,
        )
    return True


def check_counts(wanted: Wanted, report: Report, *, last_line: int) -> None:
    """Note too few or too many records: training and validation set together."""
    limits = wanted.facts.limits
    fewest, most = limits.records
    training, validation = report.records, report.validation.records if report.validation else 0
    total = training + validation
    line = max(last_line, 1)
    said = f"there {'is' if training == 1 else 'are'} {counted(training, 'record')}"
    said += f", and {validation:,} in the validation set" if validation else ""
    if total < fewest:
        more = counted(fewest - total, "record")
        report.add(Finding("few-records", f"{said}; {fewest:,} at least", f"add {more} or more"), line=line)
    elif total > most:
        quota = f", or have the quota {limits.quota_code} raised" if limits.quota_code else ""
        less = counted(total - most, "record")
        report.add(Finding("many-records", f"{said}; {most:,} at most", f"remove {less}{quota}"), line=line)
    elif limits.advised_records and training < limits.advised_records:
        report.add(
            Finding("few-records", f"{said}; {limits.advised_why}", "add records if you can", warning=True), line=line
        )
