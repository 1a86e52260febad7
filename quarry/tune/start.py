"""``quarry tune start``: from files to a running pipeline, with the price known and agreed to first."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from lambdas.catalogue.customization import TunableModel
from lambdas.tuning.data_sets.report import Report
from lambdas.tuning.data_sets.source import DataSet, local_file, stored
from lambdas.tuning.data_sets.validation import validate
from lambdas.tuning.estimate import Estimate
from lambdas.tuning.estimate import estimate as estimated
from lambdas.tuning.run import Commitment, Hosting, Metric, RunStatus
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_note, print_text, tell_progress
from quarry.tune import asking, display, pricing, uploading
from quarry.tune.asking import Asked
from quarry.tune.following import SECONDS, SECONDS_HERE, Timeout, follow
from quarry.tune.options import base_model
from quarry.tune.pricing import Agreement
from quarry.tune.runs import Runs
from quarry.tune.stack import TuningStack, promotions, section

FIRST: Final = 3
_YAML: Final = (".yaml", ".yml")
# Option -> the hyperparameter that it sets.
_HYPERPARAMETERS: Final = {
    "epochs": "epochCount",
    "learning_rate": "learningRate",
    "warmup_steps": "learningRateWarmupSteps",
    "batch_size": "batchSize",
}


def start(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|run.yaml", exists=True, dir_okay=False, help="The training set, or a request with all of it."
        ),
    ],
    alias: Annotated[str | None, typer.Option("--alias", "-a", help="The alias that is to answer from it.")] = None,
    base: Annotated[str | None, typer.Option("--base", "-b", help="The model that is to be tuned.")] = None,
    test: Annotated[
        Path | None, typer.Option("--test", help="Examples that base and tuned model are compared on.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option("--validation", help="The validation set, if there is one.")
    ] = None,
    method: Annotated[str | None, typer.Option("--method", help="How it is tuned. Default: fine_tuning.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="How often the data is read.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Default: the model's.")] = None,
    warmup_steps: Annotated[int | None, typer.Option(min=0, help="Default: the model's.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Where the model takes one.")] = None,
    hosting: Annotated[
        Hosting | None, typer.Option(help="on_demand costs nothing idle; provisioned is billed by the hour.")
    ] = None,
    max_hours: Annotated[float | None, typer.Option(help="Of provisioned throughput; then it is deleted.")] = None,
    model_units: Annotated[int | None, typer.Option(min=1, help="Of provisioned throughput.")] = None,
    commitment: Annotated[
        Commitment | None, typer.Option(help="Of provisioned throughput: cannot be ended early. Default: none.")
    ] = None,
    metric: Annotated[Metric | None, typer.Option(help="What the two models are compared by.")] = None,
    margin: Annotated[float | None, typer.Option(help="By how much the tuned one has to be better, 0 to 1.")] = None,
    judge_alias: Annotated[str | None, typer.Option(help="An alias whose model judges the answers too.")] = None,
    max_training_usd: Annotated[
        float | None, typer.Option(help="Refuse above it. Default, and at most: tuning.max_training_usd.")
    ] = None,
    again: Annotated[int, typer.Option("--again", min=0, help="1, 2, ...: the same once more, as a new run.")] = 0,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask about hosting that is billed by the hour; a commitment is asked.")
    ] = False,
    confirm_usd: Annotated[
        float | None, typer.Option("--confirm-usd", metavar="FIGURE", help="The figure that would be asked for.")
    ] = None,
    accept_unknown_price: Annotated[
        bool, typer.Option("--accept-unknown-price", help="Go on where the price of training or hosting is not known.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run until it is over.")] = True,
    timeout_minutes: Timeout = 1440,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Tune a model: check the data, say the price, upload, start the pipeline, and follow it.

    Refused are data that Bedrock would not take, and training that may cost more than max_training_usd.
    Hosting that is billed by the hour is asked about: its price has to be typed back.

    The same request over the same data is the same run: started twice it is there once.

    Exit codes: 0 started with --no-wait, or it succeeded; 1 it failed or was stopped; 2 it was refused.

    Example: quarry tune start train.jsonl --alias fast --base amazon.nova-micro-v1:0 --test test.jsonl -e dev
    """
    numbers = {"epochs": epochs, "learning_rate": learning_rate, "warmup_steps": warmup_steps, "batch_size": batch_size}
    given = {_HYPERPARAMETERS[option]: value for option, value in numbers.items() if value is not None}
    said: dict[str, Any] = {
        "alias": alias,
        "base_model": base,
        "test": test and str(test.absolute()),
        "validation": validation and str(validation.absolute()),
        "method": method and method.lower().replace("-", "_"),
        "hosting": hosting,
        "max_hours": max_hours,
        "model_units": model_units,
        "commitment": commitment,
        "metric": metric,
        "margin": margin,
        "judge_alias": judge_alias,
        "max_training_usd": max_training_usd,
        "again": again or None,
        "hyperparameters": given or None,
    }
    changes = {option: value for option, value in said.items() if value is not None}
    deployment = Deployment(environment(name))
    stack, tuning = TuningStack.of(deployment), section(deployment)
    read = asking.from_yaml if source.suffix in _YAML else asking.from_file
    asked = asking.checked(read(source, changes), deployment.config, tuning)
    agreement = Agreement(yes=yes, usd=confirm_usd, unknown_price=accept_unknown_price)
    found = _priced(asked, deployment, stack.bucket, units=tuning.provisioned.model_units)
    asked = pricing.agreed(asked, found, tuning, agreement)
    runs = Runs(deployment, stack)
    with tell_progress() as tell:
        run = uploading.upload(asked, deployment.client("s3"), stack.bucket, tell=tell)
    began = runs.ask(run, asked.request)
    if not as_json:
        print_text(f"{run} {'is started' if began else 'was started before'}.", style="bold")
    if not began and runs.status(run).state in ("failed", "stopped"):
        print_note(f"--again {again + 1} starts the same once more, as a new run.", style="yellow")
    if not wait:
        _end(runs.status(run), deployment, as_json=as_json, waited=False)
        return
    seconds = SECONDS_HERE if deployment.aws else SECONDS
    with tell_progress() as tell:
        status = follow(runs, run, seconds=seconds, minutes=timeout_minutes, tell=tell)
    _end(status, deployment, as_json=as_json, waited=True)


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
            f"{named} has {report.problem_count:,} problems that would make the job fail; `quarry tune validate` names "
            f"them all. {pricing.NOTHING}. The first:{first}",
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
