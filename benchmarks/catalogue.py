"""The catalogue: what importing and loading it takes in a fresh process, as a share of the cold start."""

import os
import sys
from collections.abc import Mapping
from typing import Final

from benchmarks.child_process import ISOLATED, milliseconds_to_ready, run
from benchmarks.cold import OURS
from benchmarks.function_home import function_home
from benchmarks.measurement import Measurement, interleaved, row

TARGET: Final = 0.10
MEASURED: Final = "catalogue imported and loaded"
FLOOR: Final = "the cold start"

TIMED: Final = "import time\nstart = time.perf_counter()\n{code}\nprint((time.perf_counter() - start) * 1000)"
# What every function imports anyway, and most of what the catalogue's import takes.
WITH_MSGSPEC: Final = "import msgspec\n"
LOAD: Final = TIMED.format(code="from lambdas.catalogue.models import catalogue\ncatalogue()")
YAML: Final = TIMED.format(code="from configuration.catalogue.compile import compiled\ncompiled()")

NOTE: Final = (
    "catalogue: import, read and type-check, timed in a fresh process, byte code warmed as in `cold`. Functions that "
    "call models load it once per process, for limits, parameter rules and prices. They import msgspec anyway, for "
    "requests, so its import is no cost of the catalogue; `catalogue, msgspec too` has it."
)


def measure(rounds: int, explain: bool) -> Measurement:
    """Measure ``rounds`` processes of each kind.

    Raises:
        MeasurementError: a process failed.
    """
    home = function_home()
    fresh, added, cold = interleaved(
        rounds,
        lambda: printed_milliseconds([*ISOLATED, "-c", LOAD], env=home.isolated_env),
        lambda: printed_milliseconds([*ISOLATED, "-c", WITH_MSGSPEC + LOAD], env=home.isolated_env),
        lambda: milliseconds_to_ready(OURS, env=home.isolated_env),
    )
    notes = [NOTE]
    if explain:
        (yaml,) = printed_milliseconds([sys.executable, "-c", YAML], env=os.environ)
        notes.append(f"catalogue would take {yaml:.0f} ms from YAML, checks included; hence the compiled JSON.")
    return Measurement(
        rows=[
            # Every function imports msgspec for its requests; what loading the catalogue costs is what comes on top.
            row("catalogue", measured=MEASURED, floor=FLOOR, ours=added, base=cold, target=TARGET),
            row("catalogue, msgspec too", measured=MEASURED, floor=FLOOR, ours=fresh, base=cold),
        ],
        notes=notes,
    )


def printed_milliseconds(command: list[str], *, env: Mapping[str, str]) -> list[float]:
    """Run a process and return the number that it prints last.

    Raises:
        MeasurementError: it failed.
    """
    return [float(run(command, env=env).stdout.split()[-1])]
