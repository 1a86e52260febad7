"""Printing: tables and text for people, JSON for programs. Everything a command says goes through here."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

console: Final = Console(highlight=False)
errors: Final = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    console.print_json(json.dumps(value))


def print_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table, a line per row however narrow the terminal is: a folded URL could not be copied."""
    lines = [list(columns), *(list(row) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)]
        print_text("  ".join(cells).rstrip(), style="bold" if number == 0 else None)


def watch_table(columns: Iterable[str], rows: Callable[[], Iterable[Iterable[str]]], *, seconds: float) -> None:
    """Show a table in place, with new rows every so many seconds, until Ctrl-C. Narrow terminals fold its cells."""
    named = list(columns)

    def table() -> Table:
        shown = Table(*named, box=None, pad_edge=False)
        for row in rows():
            shown.add_row(*map(Text, row))
        return shown

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
