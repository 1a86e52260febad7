"""Printing: tables and text for people, JSON for programs. Everything a command says goes through here.

Whatever way it takes, a text reaches the terminal by one of two consoles, and these show what a terminal would obey as
escapes (quarry/terminal_text.py): no caller has to think of it.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any, Final

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from quarry.command_error import CommandError
from quarry.terminal_text import shown, shown_on_a_line


class _Harmless(Console):
    """A console of which only its own styles and movements reach the terminal, and nothing that a text brings along."""

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        return super()._render_buffer(
            segment if segment.control else Segment(shown(segment.text), segment.style) for segment in buffer
        )


console: Final = _Harmless(highlight=False)
errors: Final = _Harmless(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    console.print_json(json.dumps(value))


def print_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table, a line per row however narrow the terminal is: a folded URL could not be copied."""
    lines = [list(columns), *([shown_on_a_line(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)]
        print_text("  ".join(cells).rstrip(), style="bold" if number == 0 else None)


def watch_table(columns: Iterable[str], rows: Callable[[], Iterable[Iterable[str]]], *, seconds: float) -> None:
    """Show a table in place, with new rows every so many seconds, until Ctrl-C. Narrow terminals fold its cells."""
    named = list(columns)

    def table() -> Table:
        live_table = Table(*named, box=None, pad_edge=False)
        for row in rows():
            live_table.add_row(*(Text(shown_on_a_line(cell)) for cell in row))
        return live_table

    try:
        with Live(table(), console=console, auto_refresh=False) as live:
            while True:
                sleep(seconds)
                live.update(table(), refresh=True)
    except KeyboardInterrupt:
        return


def print_text(text: str = "", *, style: str | None = None) -> None:
    """Print text as it is."""
    console.print(text, style=style, markup=False, soft_wrap=True)


def print_note(text: str, *, style: str | None = None) -> None:
    """Print text as it is on standard error: what goes on, what to look at, what failed."""
    errors.print(text, style=style, markup=False, soft_wrap=True)


def print_part(text: str) -> None:
    """Print a part of a text that goes on, at once and as it is."""
    console.out(text, end="", highlight=False)


def confirm(question: str, *, otherwise: str, option: str | None = None) -> bool:
    """Ask on standard error for yes or no, and return the answer.

    Args:
        otherwise: what is so without a yes, as "Nothing was sent".
        option: that answers with yes.

    Raises:
        CommandError: there was no answer.
    """
    try:
        return typer.confirm(shown(question), err=True)
    except typer.Abort as error:
        hint = f" {option} answers it with yes." if option else ""
        raise CommandError(f"\n{otherwise}: the question was not answered.{hint}") from error


def require_yes(question: str, *, otherwise: str, option: str) -> None:
    """Ask as ``confirm`` does.

    Raises:
        CommandError: the answer was no, or there was none.
    """
    if not confirm(question, otherwise=otherwise, option=option):
        raise CommandError(f"{otherwise}.")


@contextmanager
def tell_progress() -> Iterator[Callable[[str], None]]:
    """Give a function that shows what goes on, on standard error: on a terminal in place, else a line per change."""
    if errors.is_terminal:
        with errors.status("") as status:
            yield lambda text: status.update(Text(text))
        return
    last = ""

    def tell(text: str) -> None:
        nonlocal last
        if text != last:
            print_note(text, style="dim")
        last = text

    yield tell
