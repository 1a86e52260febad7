"""The one table, for people and as JSON."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.measurement import Row

COLOURS = {"met": "green", "over": "red", "-": "dim"}


def show(rows: list[Row], *, notes: list[str], machine: dict[str, Any], console: Console) -> None:
    """Print the table with its footnotes."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("row", no_wrap=True)
    table.add_column("what is measured", ratio=3)
    table.add_column("floor", ratio=2)
    for heading in ("ours ms", "floor ms", "ratio", "target", "verdict"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(row.name, _measured(row), row.floor, *_cells(row))
    console.print(table)
    for note in notes:
        console.print(f"- {note}", markup=False, highlight=False)
    console.print(
        f"- Medians of one interleaved run on Python {machine['python']}, {machine['cpus']} CPUs, "
        f"load {machine['load']:.1f} at the start. Compare ratios, not milliseconds.",
        markup=False,
        highlight=False,
    )


def _measured(row: Row) -> str:
    rates = ", ".join(f"{rate:,.0f} {name}/s" for name, rate in row.per_second.items())
    return f"{row.measured}: {rates}" if rates else row.measured


def _cells(row: Row) -> list[str]:
    colour = COLOURS[row.verdict]
    target = "" if row.target is None else f"{row.target:.2f}"
    return [
        _milliseconds(row.ours_ms),
        _milliseconds(row.floor_ms),
        f"{row.ratio:.2f}",
        target,
        f"[{colour}]{row.verdict}[/]",
    ]


def _milliseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def to_json(rows: list[Row], *, notes: list[str], failures: dict[str, str], machine: dict[str, Any]) -> dict[str, Any]:
    """Return what ``--json`` prints.

    Returns:
        ``machine``; ``rows``, with ``ours_ms`` and ``floor_ms`` in milliseconds; ``notes``; ``failures``, the
        measurement's name -> its reason.
    """
    return {
        "machine": machine,
        "rows": [
            {
                "row": row.name,
                "measured": row.measured,
                "floor": row.floor,
                "ours_ms": round(row.ours_ms, 3),
                "floor_ms": round(row.floor_ms, 3),
                "ratio": round(row.ratio, 3),
                "target": row.target,
                "verdict": row.verdict,
                "samples": row.samples,
                **(
                    {"per_second": {name: round(rate, 1) for name, rate in row.per_second.items()}}
                    if row.per_second
                    else {}
                ),
            }
            for row in rows
        ],
        "notes": notes,
        "failures": failures,
    }
