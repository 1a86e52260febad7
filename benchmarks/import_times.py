"""Where a cold start goes, from ``python -X importtime``."""

import os

from benchmarks.child_process import ISOLATED, run
from benchmarks.function_home import FunctionHome
from benchmarks.measurement import largest


def explain_imports(code: str, *, home: FunctionHome) -> str:
    """Return a note: the packages whose own modules take longest to import while ``code`` runs."""
    times = by_package(run([*ISOLATED, "-X", "importtime", "-c", code], env=home.isolated_env).stderr)
    named = {entry.name.removesuffix(".py") for place in home.python_path for entry in os.scandir(place)}
    grouped = {package: taken for package, taken in times.items() if package in named}
    grouped["standard library"] = sum(taken for package, taken in times.items() if package not in named)
    total = sum(times.values())
    return f"cold spends {total:.0f} ms on imports (under -X importtime, which slows them): {largest(grouped)}."


def by_package(report: str) -> dict[str, float]:
    """Return top-level package -> milliseconds in its own modules, of what ``-X importtime`` wrote to stderr."""
    times: dict[str, float] = {}
    for line in report.splitlines():
        label, _, rest = line.partition(":")
        columns = rest.split("|")
        if label != "import time" or len(columns) != 3 or not columns[0].strip().isdigit():
            continue
        package = columns[2].strip().partition(".")[0]
        times[package] = times.get(package, 0.0) + int(columns[0]) / 1000
    return times
