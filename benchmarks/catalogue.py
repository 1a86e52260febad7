"""The catalogue: what loading it adds to a process that has the handler already, as a share of the cold start."""

import os
import sys
from collections.abc import Mapping
from typing import Final

from benchmarks.child_process import ISOLATED, milliseconds_to_ready, run
from benchmarks.cold import OURS
from benchmarks.function_home import function_home
from benchmarks.measurement import Measurement, interleaved, row

TARGET: Final = 0.10

TIMED: Final = "import time\nstart = time.perf_counter()\n{code}\nprint((time.perf_counter() - start) * 1000)"
LOAD: Final = TIMED.format(code="from lambdas.catalogue.models import catalogue\ncatalogue()")
YAML: Final = TIMED.format(code="from lambdas.catalogue.compile import compiled\ncompiled()")

NOTE: Final = (
    "catalogue: import, read and type-check, timed inside the process, byte code warmed as in `cold`. The chat "
    "function does not load it: the stack puts what it needs into its settings."
)


def measure(rounds: int, explain: bool) -> Measurement:
    """Measure ``rounds`` processes of each kind.

    Raises:
        MeasurementError: a process failed.
    """
    with function_home() as home:
        loading, cold = interleaved(
            rounds,
            lambda: printed_milliseconds([*ISOLATED, "-c", f"{OURS}\n{LOAD}"], env=home.isolated_env),
            lambda: milliseconds_to_ready(OURS, env=home.isolated_env),
        )
    notes = [NOTE]
    if explain:
        (yaml,) = printed_milliseconds([sys.executable, "-c", YAML], env=os.environ)
        notes.append(f"catalogue would take {yaml:.0f} ms from YAML, checks included; hence the compiled JSON.")
    return Measurement(
        rows=[
            row(
                "catalogue",
                measured="catalogue loaded, the handler being there",
                floor="the cold start",
                ours=loading,
                base=cold,
                target=TARGET,
            )
        ],
        notes=notes,
    )


def printed_milliseconds(command: list[str], *, env: Mapping[str, str]) -> list[float]:
    """Run a process and return the number that it prints last.

    Raises:
        MeasurementError: it failed.
    """
    return [float(run(command, env=env).stdout.split()[-1])]
