"""``quarry tune convert``: from what people have to the format that a base model takes."""

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from lambdas.tuning.data_sets.checker import Checker, wanted_of
from lambdas.tuning.data_sets.report import SHOWN, Finding
from quarry.command_error import CommandError
from quarry.options import AsJson
from quarry.output import print_json, print_note, print_text
from quarry.tuning.examples import Example, NoExampleError, example_of
from quarry.tuning.options import DEFAULT_METHOD, Base, MethodName, base_model, plain_stem
from quarry.tuning.schemas import record_of
from quarry.tuning.tables import KNOWN_COLUMNS, Table

_SET: Final = re.compile(r"\{([^{}]+)\}")
_MOST_COLUMNS_NAMED: Final = 20


def convert(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", exists=True, dir_okay=False, readable=True, help="CSV, JSON Lines or one JSON array."
        ),
    ],
    base: Base,
    method: MethodName = DEFAULT_METHOD,
    prompt: Annotated[str | None, typer.Option("--prompt", help="CSV: the column with what is asked.")] = None,
    completion: Annotated[
        str | None, typer.Option("--completion", help="CSV: the column with the answer to learn.")
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", help="CSV: the prompt, with {column} where a column's text goes.")
    ] = None,
    system: Annotated[str | None, typer.Option("--system", help="A system text for every record.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write. Default: beside FILE, its name in .jsonl.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a data set for a base model of CSV, OpenAI's chat JSONL, prompt/completion, Alpaca or ShareGPT.

    The columns of CSV are taken by their names (text and label, question and answer, prompt and completion, ...) unless
    they are named. What a record cannot be made of, or Bedrock would refuse, is left out and told; so is what is there
    twice. The encoding of CSV is recognised: UTF-8, UTF-16, Windows-1252.

    Example: quarry tune convert tweets.csv --base amazon.nova-micro-v1:0 --prompt text --completion label
    """
    model, facts = base_model(base, method)
    table = Table(file)
    columns = _Columns(table, prompt=prompt, completion=completion, template=template, name=file.name)
    target = output or _beside(file)
    if target.exists() and (target.resolve() == file.resolve() or not force):
        other = "" if target.resolve() == file.resolve() else ", or --force"
        raise CommandError(f"{target} is there already; name another with --output{other}.", exit_code=2)
    writing = _Writing(Checker(wanted_of(model, method)))
    try:
        with target.open("wb") as written:
            for line, row in table.rows():
                made = row if isinstance(row, Finding) else _made(row, columns, system=system, form=facts.format)
                content = writing.take(made, line=line)
                if content is not None:
                    written.write(content + b"\n")
    except OSError as error:
        raise CommandError(f"{error.filename or target} cannot be written: {error.strerror}.") from error
    if not writing.records:
        target.unlink()
    _report(writing, target=target, form=facts.format, encoding=table.encoding, as_json=as_json)
    if not writing.records:
        raise typer.Exit(1)


class _Columns:
    """Which columns of a CSV file are prompt and answer."""

    def __init__(
        self, table: Table, *, prompt: str | None, completion: str | None, template: str | None, name: str
    ) -> None:
        self.is_csv = bool(table.columns)
        self.template = template
        self.prompt, self.completion = prompt, completion
        if not self.is_csv:
            if prompt or completion or template:
                raise CommandError("--prompt, --completion and --template are for CSV; JSON has its keys.", exit_code=2)
            return
        by_lower = {column.lower(): column for column in table.columns}
        if not (prompt or template or completion):
            for known in KNOWN_COLUMNS:
                if all(column in by_lower for column in known):
                    self.prompt, self.completion = (by_lower[column] for column in known)
                    return
        named = [column for column in (prompt, completion, *_SET.findall(template or "")) if column]
        unknown = [column for column in named if column not in table.columns]
        shown = ", ".join(table.columns[:_MOST_COLUMNS_NAMED])
        if unknown:
            raise CommandError(f"{name} has no column {unknown[0]!r}; it has {shown}.", exit_code=2)
        if not (prompt or template) or not completion:
            raise CommandError(
                f"Name the columns with --prompt (or --template) and --completion; {name} has {shown}.", exit_code=2
            )

    def pair(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row of CSV as prompt and completion."""
        asked = row[self.prompt] if self.prompt else ""
        if self.template:
            asked = _SET.sub(lambda found: str(row.get(found.group(1), found.group(0))), self.template)
        return {"prompt": asked.strip(), "completion": row[self.completion or ""].strip()}


class _Writing:
    """What was made, and what was left out and why."""

    def __init__(self, checker: Checker) -> None:
        self.records = 0
        self.duplicates = 0
        self.left_out: list[tuple[int, Finding]] = []
        self.left_out_count = 0
        self._checker = checker
        self._seen: set[bytes] = set()

    def take(self, made: dict[str, Any] | Finding, *, line: int) -> bytes | None:
        """Return the line to write, or None."""
        found = [made] if isinstance(made, Finding) else self._problems(made)
        if isinstance(made, Finding) or found:
            self.left_out_count += 1
            if len(self.left_out) < SHOWN:
                self.left_out.append((line, found[0]))
            return None
        content = msgspec.json.encode(made)
        same = hashlib.blake2b(content, digest_size=16).digest()
        if same in self._seen:
            self.duplicates += 1
            return None
        self._seen.add(same)
        self.records += 1
        return content

    def _problems(self, record: dict[str, Any]) -> list[Finding]:
        checked, _ = self._checker.check(record, length=len(msgspec.json.encode(record)))
        return [finding for finding in checked.findings if not finding.warning]


def _made(row: dict[str, Any], columns: _Columns, *, system: str | None, form: Any) -> dict[str, Any] | Finding:
    try:
        example = example_of(columns.pair(row) if columns.is_csv else row)
        if system:
            example = Example(turns=example.turns, system=system, reference=example.reference, rest=example.rest)
        return record_of(example, form)
    except NoExampleError as error:
        return Finding("no-example", f"no record can be made of it: {error}", "mend it, or leave it out")


def _beside(file: Path) -> Path:
    """Return a name that AWS takes, beside the file and not its own."""
    stem = plain_stem(file)
    target = file.with_name(f"{stem}.jsonl")
    return target if target != file else file.with_name(f"{stem}-converted.jsonl")


def _report(writing: _Writing, *, target: Path, form: str, encoding: str, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "records": writing.records,
                "format": form,
                "output": str(target) if writing.records else None,
                "encoding": encoding.removesuffix("-sig"),
                "duplicates": writing.duplicates,
                "left_out": [{"line": line, **msgspec.to_builtins(found)} for line, found in writing.left_out],
                "left_out_count": writing.left_out_count,
            }
        )
        return
    for line, found in writing.left_out:
        print_note(f"line {line} left out: {found.message} [{found.rule}]", style="yellow")
    if writing.left_out_count > len(writing.left_out):
        print_note(f"... and {writing.left_out_count - len(writing.left_out):,} more.", style="yellow")
    if encoding == "cp1252":
        print_note("The file is not UTF-8; it was read as Windows-1252.", style="yellow")
    counted = f"{writing.duplicates:,} were there twice, {writing.left_out_count:,} left out"
    if not writing.records:
        print_note(f"Nothing was written: {counted}.", style="red")
        return
    print_text(f"{target}: {writing.records:,} records in the format {form}; {counted}.", style="green")
