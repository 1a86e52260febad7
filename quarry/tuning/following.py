"""Following a run until it is over."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Annotated, Final

import typer

from lambdas.common.figures import counted
from lambdas.tuning.run import OVER, PHASES, RunStatus
from quarry.command_error import CommandError
from quarry.tuning.runs import Runs

# How often is asked, on AWS and on this machine.
SECONDS: Final = 15.0
SECONDS_HERE: Final = 1.0

Timeout = Annotated[int, typer.Option("--timeout-minutes", min=0, help="How long to follow at most.")]


def follow(runs: Runs, run: str, *, seconds: float, minutes: int, tell: Callable[[str], None]) -> RunStatus:
    """Wait until a run is over, telling each phase, and return how it ended.

    Raises:
        CommandError: it took longer than ``minutes``, or Ctrl-C. The run goes on without us.
    """
    end = monotonic() + minutes * 60
    try:
        while True:
            status = runs.status(run)
            if status.state in OVER:
                return status
            tell(in_words(status))
            if monotonic() >= end:
                raise CommandError(
                    f"Not over after {counted(minutes, 'minute')}: {in_words(status)}. It goes on by itself; "
                    f"`quarry tune status {run} --wait` waits again."
                )
            sleep(seconds)
    except KeyboardInterrupt as error:
        raise CommandError(
            f"Stopped waiting. The run goes on by itself: `quarry tune status {run}` tells how far it is, "
            f"`quarry tune stop {run}` stops it."
        ) from error


def in_words(status: RunStatus) -> str:
    """Return how far a run is."""
    step = f"{PHASES.index(status.phase) + 1} of {len(PHASES)}"
    details = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in sorted(status.details.items()))
    return f"{status.run}: {status.state}, {status.phase.replace('_', ' ')} (step {step})" + (
        f": {details}" if details else ""
    )
