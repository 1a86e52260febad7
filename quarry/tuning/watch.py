"""``quarry tune status`` and ``list``: what has become of runs, and which of them answers under its alias."""

from typing import Annotated

import msgspec
import typer

from lambdas.tuning.run import OVER
from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_note, tell_progress
from quarry.tuning import display
from quarry.tuning.following import SECONDS, SECONDS_HERE, Timeout, follow
from quarry.tuning.runs import Runs
from quarry.tuning.stack import TuningStack, promotions

Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as `start` and `list` tell it.")]


def status(
    run: Run,
    wait: Annotated[bool, typer.Option("--wait", help="Follow it until it is over.")] = False,
    timeout_minutes: Timeout = 1440,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Show how far a run is, why it failed, what it costs, and whether its alias answers from it.

    Exit codes: 0 it goes on, or succeeded; 1 it failed or was stopped.

    Example: quarry tune status fast-0123456789ab --wait -e dev
    """
    deployment = Deployment(environment(name))
    runs = Runs(deployment, TuningStack.of(deployment))
    found = runs.status(run)
    if wait:
        with tell_progress() as tell:
            seconds = SECONDS_HERE if deployment.aws else SECONDS
            found = follow(runs, run, seconds=seconds, minutes=timeout_minutes, tell=tell)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        display.show_status(found, promotions(deployment).of(found.alias))
    if found.state in OVER and found.state != "succeeded":
        raise typer.Exit(1)


def list_runs(name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """List all runs, the latest first, and what answers under their aliases.

    Example: quarry tune list -e dev --json
    """
    deployment = Deployment(environment(name))
    found = Runs(deployment, TuningStack.of(deployment)).every()
    standing = promotions(deployment).standing()
    if as_json:
        print_json(
            {
                "runs": [{**msgspec.to_builtins(one), "request": None} for one in found],
                "promotions": {alias: msgspec.to_builtins(one) for alias, one in sorted(standing.items())},
            }
        )
        return
    if not found:
        print_note("Nothing was tuned yet. `quarry tune start --help` tells how.")
        return
    display.show_list(found, standing)
