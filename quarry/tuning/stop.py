"""``quarry tune stop``: end a run in whatever state it is; what it made is taken away."""

from time import monotonic, sleep
from typing import Annotated, Any, Final

import msgspec
import typer
from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.tuning.run import OVER, RunStatus
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_text, tell_progress
from quarry.tuning.following import SECONDS, SECONDS_HERE, Timeout, follow
from quarry.tuning.runs import Runs
from quarry.tuning.stack import TuningStack
from quarry.tuning.watch import Run

# What was asked for is started by an event, which takes a moment.
START_SECONDS: Final = 120


def stop(
    run: Run,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until nothing of it is left.")] = True,
    timeout_minutes: Timeout = 60,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Stop a run, whatever it does, and take away what it made: job, hosting, model.

    A run that is over is left as it is: `quarry tune delete` takes away what it keeps.
    Training that was stopped is billed for what it had read.

    Exit codes: 0 it is stopped, or was over; 1 something of it is left.

    Example: quarry tune stop fast-0123456789ab -e dev
    """
    deployment = Deployment(environment(name))
    stack = TuningStack.of(deployment)
    runs = Runs(deployment, stack)
    found = runs.status(run)
    seconds = SECONDS_HERE if deployment.aws else SECONDS
    if found.state not in OVER:
        if found.state != "stopping":
            _stop(found, deployment, stack, seconds=seconds)
        if wait:
            with tell_progress() as tell:
                found = follow(runs, run, seconds=seconds, minutes=timeout_minutes, tell=tell)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    if found.state not in OVER:
        print_text(f"{run} is being stopped; `quarry tune status {run} --wait` follows it.")
        return
    print_text(f"{run} is over: {found.state}. {found.reason}".rstrip())
    if found.hosted_arn or found.model_arn:
        print_text(f"It keeps its model: `quarry tune delete {run}` takes away what it costs.")


def _stop(status: RunStatus, deployment: Deployment, stack: TuningStack, *, seconds: float) -> None:
    """Stop the run's execution: what takes away is started by its end.

    Raises:
        CommandError: it has not begun.
    """
    states: Any = deployment.client("stepfunctions")
    arn = status.execution_arn or stack.execution_arn(status.run)
    end = monotonic() + START_SECONDS
    while True:
        try:
            states.stop_execution(executionArn=arn, error="Stopped", cause="`quarry tune stop` was run")
            return
        except ClientError as error:
            if code_of(error) != "ExecutionDoesNotExist":
                raise
            if monotonic() >= end:
                raise CommandError(
                    f"{status.run} was asked for and has not begun, so there is nothing to stop yet. Run this again."
                ) from error
        sleep(seconds)
