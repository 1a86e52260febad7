"""``python -m benchmarks``: measure cold starts, warm requests, throughput, synth and validation; print one table.

A missed target is a line that says "over", not a failure: the exit code is 0 unless a measurement could not be made.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console

from benchmarks import catalogue, cold, data_sets, synth, throughput, warm
from benchmarks.measurement import Measurement, MeasurementError, Row
from benchmarks.table import show, to_json

# Name -> (measure, rounds unless told otherwise).
Measure = Callable[[int, bool], Measurement]
MEASUREMENTS: Final[Mapping[str, tuple[Measure, int]]] = {
    "cold": (cold.measure, 15),
    "catalogue": (catalogue.measure, 15),
    "warm": (warm.measure, 20),
    "throughput": (throughput.measure, 5),
    "synth": (synth.measure, 5),
    "data_sets": (data_sets.measure, 2),
}


def main(arguments: list[str] | None = None, *, measurements: Mapping[str, tuple[Measure, int]] = MEASUREMENTS) -> int:
    """Measure what the arguments ask for and print it.

    Returns:
        The exit code: 0, or 1 if a measurement failed; its reason is on stderr and the other rows are still printed.
    """
    options = _parser(list(measurements)).parse_args(arguments)
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 2)}
    rows: list[Row] = []
    notes: list[str] = []
    failures: dict[str, str] = {}
    for name in [options.only] if options.only else measurements:
        measure, rounds = measurements[name]
        rounds = options.runs or rounds
        sys.stderr.write(f"measuring {name} ({rounds} rounds) ...\n")
        try:
            measurement = measure(rounds, options.explain)
        except MeasurementError as error:
            failures[name] = str(error)
            continue
        rows += measurement.rows
        notes += measurement.notes
    over = [row.name for row in rows if row.verdict == "over"]
    if over and not options.explain:
        notes.append(f"Over target: {', '.join(over)}. `python -m benchmarks --explain` says where the time goes.")
    if options.json:
        _print_json(to_json(rows, notes=notes, failures=failures, machine=machine))
    elif rows:
        show(rows, notes=notes, machine=machine, console=Console(width=None if sys.stdout.isatty() else 160))
    for name, reason in failures.items():
        sys.stderr.write(f"{name} could not be measured: {reason}\n")
    return 1 if failures else 0


def _print_json(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _rounds(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _parser(names: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Quarry against its floors.")
    parser.add_argument("--only", choices=names, help="measure only this")
    parser.add_argument("--runs", type=_rounds, metavar="N", help="rounds (a round of warm is many calls)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--explain", action="store_true", help="say in the notes where the time goes (slower)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
