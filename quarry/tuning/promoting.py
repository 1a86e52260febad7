"""``quarry tune promote``: put a run's model before its alias's candidates, or give the alias back to those."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer

from lambdas.chat.promotions import Promotion, PromotionBusyError, TunedModel
from lambdas.tuning.run import OVER, RunStatus
from lambdas.tuning.store import NoSuchRunError, RunStore
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_note, print_text, tell_progress
from quarry.tuning import hosted
from quarry.tuning.runs import Runs
from quarry.tuning.stack import TuningStack, promotions

SECONDS_KNOWN = 15


def promote(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="The run whose model is to answer; an earlier one rolls back.")
    ] = None,
    fall_back: Annotated[
        str | None, typer.Option("--fall-back", metavar="ALIAS", help="Let the configured candidates answer again.")
    ] = None,
    timeout_minutes: Annotated[
        int, typer.Option("--timeout-minutes", min=1, help="How long to wait for its hosting.")
    ] = 60,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Let an alias answer from a run's tuned model, better or not, or from its configured candidates again.

    No deployment is due: functions know it within 15 seconds. An alias has one deployment on demand,
    whose model is changed; while it is, the configured candidates answer.

    Examples: quarry tune promote fast-0123456789ab -e dev; quarry tune promote --fall-back fast -e dev
    """
    if (run is None) == (fall_back is None):
        raise CommandError("Name a RUN, or --fall-back ALIAS.", exit_code=2)
    deployment = Deployment(environment(name))
    try:
        if fall_back is not None:
            _fall_back(fall_back, deployment, as_json=as_json)
            return
        assert run is not None
        alias, found = _promoted(run, deployment, minutes=timeout_minutes)
    except PromotionBusyError as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json({"alias": alias, "promotion": msgspec.to_builtins(found)})
        return
    print_text(
        f"{alias} answers from {found.tuned.run} ({found.tuned.arn}), everywhere within {SECONDS_KNOWN} seconds."
    )


def _fall_back(alias: str, deployment: Deployment, *, as_json: bool) -> None:
    config = deployment.config
    if alias not in config.models.aliases:
        known = ", ".join(sorted(config.models.aliases))
        raise CommandError(f"{config.name} has no alias {alias}; it has {known}.", exit_code=2)
    ended = promotions(deployment).fall_back(alias, reason="`quarry tune promote --fall-back` was run")
    if ended is not None:
        _write_down(ended.tuned.run, deployment, promoted=False)
    if as_json:
        print_json({"alias": alias, "ended": msgspec.to_builtins(ended)})
    elif ended is None:
        print_text(f"{alias} answers from its configured candidates already.")
    else:
        print_text(
            f"{alias} answers from its configured candidates, everywhere within {SECONDS_KNOWN} seconds. "
            f"{ended.tuned.run} is hosted as before: `quarry tune delete {ended.tuned.run}` ends that."
        )


def _promoted(run: str, deployment: Deployment, *, minutes: int) -> tuple[str, Promotion]:
    """Host the run's model if it is not, promote it, and return its alias and what stands there now.

    Raises:
        CommandError: the run is not over, or its model or its throughput is gone.
    """
    status = Runs(deployment, TuningStack.of(deployment)).status(run)
    if status.state not in OVER:
        raise CommandError(f"{run} is not over ({status.phase}); `quarry tune status {run} --wait` follows it.")
    if status.model_arn is None:
        raise CommandError(f"{run} has no model (any more). {status.reason}".rstrip())
    standing = promotions(deployment)
    bedrock: Any = deployment.client("bedrock")
    if status.hosted_arn and hosted.is_throughput(status.hosted_arn):
        arn = hosted.throughput(bedrock, status.hosted_arn)
    else:
        arn = _deployed(status, deployment, bedrock, minutes=minutes)
    until = datetime.fromisoformat(status.until) if status.until and hosted.is_throughput(arn) else None
    tuned = TunedModel(arn=arn, base=status.base_model, run=run)
    promoted = standing.promote(status.alias, tuned, until=until)
    _write_down(run, deployment, promoted=True, hosted_arn=arn)
    if promoted.before is not None and promoted.before.run != run:
        _write_down(promoted.before.run, deployment, promoted=False)
    return status.alias, promoted


def _write_down(run: str, deployment: Deployment, **changes: Any) -> None:
    """Change a run's status, if it still has one."""
    try:
        RunStore(TuningStack.of(deployment).bucket, deployment.client("s3")).change(run, **changes)
    except NoSuchRunError:
        print_note(f"{run} has no status any more.", style="yellow")


def _deployed(status: RunStatus, deployment: Deployment, bedrock: Any, *, minutes: int) -> str:
    """Return the ARN of the alias's deployment once it has the run's model."""
    config = deployment.config
    alias = hosted.AliasDeployment(bedrock, environment=config.name, owner=config.owner, alias=status.alias)
    assert status.model_arn is not None
    found = alias.find()
    if found and found["modelArn"] != status.model_arn:
        # What a deployment answers while its model is changed is not documented.
        reason = f"its model is changed to that of {status.run}"
        arns = [found["customModelDeploymentArn"]]
        ended = promotions(deployment).fall_back(status.alias, reason=reason, arns=arns)
        if ended is not None:
            _write_down(ended.tuned.run, deployment, promoted=False)
    with tell_progress() as tell:
        return alias.serve(
            status.model_arn, run=status.run, minutes=minutes, seconds=1.0 if deployment.aws else 15.0, tell=tell
        )
