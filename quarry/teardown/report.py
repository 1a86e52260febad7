"""The report for who pays: what ran, for how long, what it cost by key and alias, what is gone and what is left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from lambdas.allowances.usage import dollars
from lambdas.common.figures import counted
from lambdas.teardown.inventory import usd
from lambdas.teardown.thing import Thing
from lambdas.teardown.verdict import Verdict, remedy
from quarry.command_error import CommandError
from quarry.deployed import connection
from quarry.teardown.display import money
from quarry.teardown.used import Used, used

__all__ = ["Report", "used", "write"]

Row = Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that the report is made of. ``began`` is seconds since the epoch."""

    environment: str
    began: float
    used: Used
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, sentences, and perhaps a table."""

    title: str
    sentences: tuple[str, ...]
    columns: Row = ()
    rows: tuple[Row, ...] = ()


def write(report: Report, file: Path | None) -> list[Path]:
    """Write the report and return where: one file where it was named, else Markdown and HTML beside what is saved.

    Raises:
        CommandError: the file's name ends in neither .md nor .html, or it cannot be written.
    """
    if file is None:
        folder = connection.path(report.environment).parent / "reports"
        stamp = datetime.fromtimestamp(report.began, UTC).strftime("%Y%m%dT%H%M%SZ")
        files = [folder / f"{report.environment}-{stamp}{suffix}" for suffix in (".md", ".html")]
    else:
        files = [file]
    for one in files:
        if one.suffix not in (".md", ".html"):
            raise CommandError(f"A report is written as .md or .html, not as {one.name}.", exit_code=2)
        try:
            one.parent.mkdir(parents=True, exist_ok=True)
            one.write_text(markdown(report) if one.suffix == ".md" else html(report), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The report cannot be written: {error}") from error
    return files


def markdown(report: Report) -> str:
    """Return the report as Markdown."""
    lines = [f"# The end of {report.environment}", ""]
    for section in _sections(report):
        lines += [f"## {section.title}", "", *(_in_markdown(one) for one in section.sentences), ""]
        if section.rows:
            lines += [_line(section.columns), _line(["---"] * len(section.columns))]
            lines += [*(_line([_in_markdown(cell) for cell in row]) for row in section.rows), ""]
    return "\n".join(lines)


def html(report: Report) -> str:
    """Return the report as one HTML page that loads nothing."""
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8">',
        f"<title>The end of {escape(report.environment)}</title>",
        "<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}</style>",
        f"<h1>The end of {escape(report.environment)}</h1>",
    ]
    for section in _sections(report):
        parts += [f"<h2>{escape(section.title)}</h2>", *(f"<p>{escape(one)}</p>" for one in section.sentences)]
        if section.rows:
            head = "".join(f"<th>{escape(cell)}</th>" for cell in section.columns)
            body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in section.rows)
            parts.append(f"<table><tr>{head}</tr>{body}</table>")
    return "\n".join([*parts, "</html>", ""])


def _sections(report: Report) -> Iterator[Section]:
    verdict = report.verdict
    yield Section(title="Verdict", sentences=_verdict(report))
    yield _ran(report)
    yield _spent(report.used)
    if verdict.left:
        rows = tuple((*_thing(one), one.why or one.state, remedy(one)) for one in verdict.left)
        yield Section(
            title="Left",
            sentences=(f"{counted(len(verdict.left), 'thing')} still there.",),
            columns=("service", "type", "id", "USD/hour", "why", "what to do"),
            rows=rows,
        )
    if verdict.unseen:
        yield Section(
            title="Not known",
            sentences=("AWS did not let these be looked at; nobody knows whether anything is there.",),
            columns=("what", "why"),
            rows=tuple((one.what, one.why) for one in verdict.unseen),
        )
    if verdict.retained:
        yield _table("Kept as asked", verdict.retained)
    yield _table("Gone", verdict.deleted)


def _verdict(report: Report) -> tuple[str, ...]:
    verdict = report.verdict
    told = (
        f"Found {len(verdict.found):,}, deleted {len(verdict.deleted):,}, left {len(verdict.left):,}, "
        f"kept {len(verdict.retained):,}.",
        f"Still paid: {verdict.usd_per_hour_left:.4f} USD an hour.",
        f"Ended {datetime.fromtimestamp(report.began, UTC):%Y-%m-%d %H:%M} UTC.",
    )
    return (*told, "Nothing is left.") if verdict.is_zero and not verdict.retained else told


def _ran(report: Report) -> Section:
    ended = datetime.fromtimestamp(report.began, UTC)
    rows = []
    for one in report.used.ran:
        hours = (ended - datetime.fromisoformat(one.created).astimezone(UTC)).total_seconds() / 3600
        rows.append((one.name, one.created, f"{hours:,.1f}"))
    return Section(
        title="What ran",
        sentences=("When each stack was made, and how many hours it was there.",) if rows else ("No stack was there.",),
        columns=("stack", "made (UTC)", "hours"),
        rows=tuple(rows),
    )


def _spent(used: Used) -> Section:
    if used.trouble:
        return Section(title="What was spent", sentences=(f"It cannot be told: {used.trouble}",))
    total = dollars(sum(one.micro_dollars for one in used.spent))
    return Section(
        title="What was spent",
        sentences=(f"By tokens, {total} in all, as Quarry counted it; what is paid by the hour is in AWS's bill.",),
        columns=("key", "name", "alias", "requests", "tokens in", "tokens out", "USD"),
        rows=tuple(
            (
                one.key_id,
                one.name,
                one.alias,
                f"{one.requests:,}",
                f"{one.input_tokens:,}",
                f"{one.output_tokens:,}",
                dollars(one.micro_dollars),
            )
            for one in used.spent
        ),
    )


def _table(title: str, things: Sequence[Thing]) -> Section:
    return Section(
        title=title,
        sentences=(f"{counted(len(things), 'thing')}, {usd(things):.4f} USD an hour.",),
        columns=("service", "type", "id", "USD/hour"),
        rows=tuple(_thing(one) for one in things),
    )


def _thing(thing: Thing) -> tuple[str, str, str, str]:
    return thing.service, thing.type, thing.id, money(thing.usd_per_hour)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _in_markdown(text: str) -> str:
    """Return text in which nothing is markup: a key's name may be anything."""
    escaped = "".join(f"\\{letter}" if letter in "\\`*_[]<>|#!" else letter for letter in text)
    return " ".join(escaped.split())
