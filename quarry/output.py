"""Printing: tables and text for people, JSON for programs. Everything a command says goes through here."""

import json
from collections.abc import Iterable
from typing import Any, Final

from rich.console import Console
from rich.table import Table

console: Final = Console(highlight=False)
errors: Final = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    console.print_json(json.dumps(value))


def print_table(columns: Iterable[str], rows: Iterable[Iterable[str]], *, title: str | None = None) -> None:
    """Print a table; cells are text, never markup."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    console.print(table)


def print_text(text: str = "", *, style: str | None = None) -> None:
    """Print text as it is."""
    console.print(text, style=style, markup=False, soft_wrap=True)
