"""``quarry tune extend``: move the end of a run's provisioned throughput."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from configuration.duration import parse
from lambdas.common.figures import counted, us_dollars
from lambdas.tuning import names
from lambdas.tuning.run import RunStatus
from lambdas.tuning.schedules import NoScheduleError, Schedules
from lambdas.tuning.store import RunStore
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_text
from quarry.tuning.pricing import Agreement, type_back
from quarry.tuning.runs import Runs
from quarry.tuning.stack import TuningStack, promotions
from quarry.tuning.watch import Run

HOUR: Final = 3600


def extend(
    run: Run,
    duration: Annotated[str, typer.Argument(metavar="DURATION", help="How much longer: 30m, 2h, 1d.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; the price is said.")] = False,
    confirm_usd: Annotated[
        float | None, typer.Option("--confirm-usd", metavar="FIGURE", help="The figure that would be asked for.")
    ] = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Let a run's provisioned throughput last longer; its price has to be typed back.

    Its end moves, and with it the moment at which the alias falls back to its configured candidates.

    Exit codes: 0 it lasts longer; 1 it has no throughput (any more); 2 its price was not agreed to.

    Example: quarry tune extend fast-0123456789ab 2h -e dev
    """
    try:
        longer = parse(duration)
    except ValueError as error:
        raise CommandError(f"{error}.", exit_code=2) from error
    deployment = Deployment(environment(name))
    stack = TuningStack.of(deployment)
    found = Runs(deployment, stack).status(run)
    before = _end(found)
    until = before + longer
    _agree(found, hours=longer.total_seconds() / HOUR, agreement=Agreement(yes=yes, usd=confirm_usd))
    scheduler: Any = deployment.client("scheduler")
    throughput = names.candidate_name(deployment.config.name, found.alias, run)
    # First what ends it: a promotion that lasted longer than its model would only fall back by itself.
    try:
        Schedules(environment=deployment.config.name, scheduler=scheduler).move(throughput=throughput, until=until)
    except NoScheduleError as error:
        raise CommandError(f"{error} `quarry tune start --again 1` makes a new one.") from error
    standing = promotions(deployment)
    promotion = standing.of(found.alias)
    if promotion is not None and promotion.tuned.run == run:
        standing.promote(found.alias, promotion.tuned, until=until)
    RunStore(stack.bucket, deployment.client("s3")).change(run, until=until.isoformat(timespec="seconds"))
    if as_json:
        print_json({"run": run, "before": before.isoformat(), "until": until.isoformat(timespec="seconds")})
        return
    print_text(f"{run}: its throughput lasts until {until:%Y-%m-%d %H:%M %Z}, and was to end at {before:%H:%M}.")


def _end(status: RunStatus) -> datetime:
    """Return when the run's throughput ends.

    Raises:
        CommandError: it has none (any more).
    """
    if status.until is None or status.hosted_arn is None:
        raise CommandError(f"{status.run} has no provisioned throughput (any more), so it has no end to move.")
    until = datetime.fromisoformat(status.until).astimezone(UTC)
    if until <= datetime.now(UTC):
        raise CommandError(f"The time of {status.run} is up since {until:%Y-%m-%d %H:%M %Z}: it is ending.")
    return until


def _agree(status: RunStatus, *, hours: float, agreement: Agreement) -> None:
    per_hour = status.cost.hosting.usd_per_hour if status.cost.hosting else 0.0
    if not per_hour:
        print_text("What an hour of it costs is not known.", style="yellow")
        return
    figure = round(per_hour * hours, 2)
    sentence = f"{counted(hours, 'hour')} more at {us_dollars(per_hour)} USD an hour, called or not: {figure:,.2f} USD."
    type_back(sentence, figure, agreement, skipped=agreement.yes)
