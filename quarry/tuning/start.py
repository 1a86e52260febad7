"""``quarry tune start``: from files to a running pipeline, with the price known and agreed to first."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from lambdas.catalogue.customization import TunableModel
from lambdas.common.figures import counted
from lambdas.tuning.data_sets.report import Report
from lambdas.tuning.data_sets.source import DataSet, local_file, stored
from lambdas.tuning.data_sets.validation import validate
from lambdas.tuning.estimate import Estimate
from lambdas.tuning.estimate import estimate as estimated
from lambdas.tuning.run import RunStatus
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_note, print_text, tell_progress
from quarry.tuning import asking, display, pricing, uploading
from quarry.tuning import request_options as options
from quarry.tuning.asking import Asked
from quarry.tuning.following import SECONDS, SECONDS_HERE, Timeout, follow
from quarry.tuning.options import base_model
from quarry.tuning.pricing import Agreement
from quarry.tuning.runs import Runs
from quarry.tuning.stack import TuningStack, promotions, section

FIRST: Final = 3
_YAML: Final = (".yaml", ".yml")

Yes = Annotated[
    bool, typer.Option("--yes", help="Do not ask about hosting that is billed by the hour; a commitment is asked.")
]
ConfirmUsd = Annotated[
    float | None, typer.Option("--confirm-usd", metavar="FIGURE", help="The figure that would be asked for.")
]
AcceptUnknownPrice = Annotated[
    bool, typer.Option("--accept-unknown-price", help="Go on where the price of training or hosting is not known.")
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run until it is over.")]


def start(
    source: options.Source,
    alias: options.Alias = None,
    base: options.Base = None,
    test: options.Test = None,
    validation: options.Validation = None,
    method: options.Method = None,
    epochs: options.Epochs = None,
    learning_rate: options.LearningRate = None,
    warmup_steps: options.WarmupSteps = None,
    batch_size: options.BatchSize = None,
    hosting: options.Hosting = None,
    max_hours: options.MaxHours = None,
    model_units: options.ModelUnits = None,
    commitment: options.Commitment = None,
    metric: options.Metric = None,
    margin: options.Margin = None,
    judge_alias: options.JudgeAlias = None,
    max_training_usd: options.MaxTrainingUsd = None,
    again: options.Again = 0,
    yes: Yes = False,
    confirm_usd: ConfirmUsd = None,
    accept_unknown_price: AcceptUnknownPrice = False,
    wait: Wait = True,
    timeout_minutes: Timeout = 1440,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Tune a model: check the data, say the price, upload, start the pipeline, and follow it.

    Refused are data that Bedrock would not take, and training that may cost more than max_training_usd.
    Hosting that is billed by the hour is asked about: its price has to be typed back.

    The same request over the same data is the same run: started twice it is there once.

    Exit codes: 0 started with --no-wait, or it succeeded; 1 it failed or was stopped; 2 it was refused, or its price
    was not agreed to.

    Example: quarry tune start train.jsonl --alias fast --base amazon.nova-micro-v1:0 --test test.jsonl -e dev
    """
    said: dict[str, Any] = {"alias": alias, "base_model": base, "method": method, "again": again or None}
    said |= {"test": test, "validation": validation}
    said |= {"epochs": epochs, "learning_rate": learning_rate, "warmup_steps": warmup_steps, "batch_size": batch_size}
    said |= {"hosting": hosting, "max_hours": max_hours, "model_units": model_units, "commitment": commitment}
    said |= {"metric": metric, "margin": margin, "judge_alias": judge_alias, "max_training_usd": max_training_usd}
    deployment = Deployment(environment(name))
    stack = TuningStack.of(deployment)
    agreement = Agreement(yes=yes, usd=confirm_usd, unknown_price=accept_unknown_price)
    asked = _agreed(source, options.changes(said), deployment, stack.bucket, agreement)
    runs = Runs(deployment, stack)
    run = _begun(asked, runs, deployment, stack.bucket, quiet=as_json)
    if not wait:
        _end(runs.status(run), deployment, as_json=as_json, waited=False)
        return
    seconds = SECONDS_HERE if deployment.aws else SECONDS
    with tell_progress() as tell:
        status = follow(runs, run, seconds=seconds, minutes=timeout_minutes, tell=tell)
    _end(status, deployment, as_json=as_json, waited=True)


def _agreed(
    source: Path, changes: Mapping[str, Any], deployment: Deployment, bucket: str, agreement: Agreement
) -> Asked:
    """Return what is asked for, checked, priced, and agreed to.

    Raises:
        CommandError: it cannot be, or was not agreed to.
    """
    tuning = section(deployment)
    read = asking.from_yaml if source.suffix in _YAML else asking.from_file
    asked = asking.checked(read(source, changes), deployment.config, tuning)
    found = _priced(asked, deployment, bucket, units=tuning.provisioned.model_units)
    return pricing.agreed(asked, found, tuning, agreement)


def _begun(asked: Asked, runs: Runs, deployment: Deployment, bucket: str, *, quiet: bool) -> str:
    """Upload what is asked for, have its run begin, and return that."""
    with tell_progress() as tell:
        run = uploading.upload(asked, deployment.client("s3"), bucket, tell=tell)
    began = runs.ask(run, asked.request)
    if not quiet:
        print_text(f"{run} {'is started' if began else 'was started before'}.", style="bold")
    if not began and runs.status(run).state in ("failed", "stopped"):
        more = asked.request.again + 1
        print_note(f"--again {more} starts the same once more, as a new run.", style="yellow")
    return run


def _priced(asked: Asked, deployment: Deployment, bucket: str, *, units: int) -> Estimate:
    """Check the data, here or in the bucket, and return what the run costs.

    Raises:
        CommandError: the data has problems; the first of them.
    """
    request = asked.request
    model, _ = base_model(request.base_model, request.method)
    report = _validated(asked, model, deployment, bucket)
    if not report.valid:
        first = "".join(f"\n  line {one.line}: {one.message} {one.fix}" for one in report.problems[:FIRST])
        named = asked.files.get(request.training, request.training)
        raise CommandError(
            f"{named} has {counted(report.problem_count, 'problem')} that would make the job fail; `quarry tune "
            f"validate` names them all. {pricing.NOTHING}. The first:{first}",
            exit_code=2,
        )
    return estimated(
        report.amount,
        base=model,
        method=request.method,
        hyperparameters=request.hyperparameters,
        model_units=request.model_units or units,
    )


def _validated(asked: Asked, model: TunableModel, deployment: Deployment, bucket: str) -> Report:
    request = asked.request
    with ExitStack() as stack:

        def opened(key: str) -> DataSet:
            path = asked.files.get(key)
            return (
                stack.enter_context(local_file(path))
                if path
                else stored(deployment.client("s3"), bucket=bucket, key=key)
            )

        validation = opened(request.validation) if request.validation else None
        return validate(opened(request.training), base=model, method=request.method, validation=validation)


def _end(status: RunStatus, deployment: Deployment, *, as_json: bool, waited: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(status))
    elif waited:
        display.show_status(status, promotions(deployment).of(status.alias))
    else:
        print_text(f"`quarry tune status {status.run} --wait` follows it, `quarry tune stop {status.run}` stops it.")
    if waited and status.state != "succeeded":
        raise typer.Exit(1)
