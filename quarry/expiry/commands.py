"""``quarry extend`` and ``quarry resume``."""

import time
from datetime import timedelta
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from configuration import duration
from lambdas.common.figures import us_dollars
from lambdas.expiry.duration import iso, shown, span
from lambdas.teardown.aws import Aws
from lambdas.teardown.inventory import usd
from lambdas.teardown.teardown import take_inventory
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.expiry.keeper import ask
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_text


def extend(
    by: Annotated[str | None, typer.Argument(metavar="[TIME]", help="How much longer: 30m, 4h, 7d or 2w.")] = None,
    never: Annotated[bool, typer.Option("--never", help="Take the end away: it never ends by itself.")] = False,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Move the moment at which an environment ends by itself, or say when that is.

    It took effect once this says so: an end that has begun is told, and not moved.

    Example: quarry extend 4h -e workshop
    """
    if never and by is not None:
        raise CommandError("Give a time, or --never, and not both.", exit_code=2)
    if by is None:
        answer = ask(name, "never" if never else "status")
        added = timedelta()
    else:
        added = _parsed(by)
        answer = ask(name, "extend", seconds=int(added.total_seconds()))
    hourly = _usd_per_hour(name) if by is not None else None
    if as_json:
        print_json(_document(name, answer, added, hourly))
        return
    print_text(_ends(name, answer))
    if hourly:
        seconds = added.total_seconds()
        extra = hourly * seconds / 3_600
        print_text(f"What is there costs {hourly:.4f} USD per hour, so {span(seconds)} cost {us_dollars(extra)} USD.")


def resume(
    budget: Annotated[
        float | None,
        typer.Option("--budget", metavar="USD", help="This month's budget. Default: as much again as the file gives."),
    ] = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Let an environment go on whose budget is spent, for this month. Requests count again at once.

    What costs by the hour and was ended, as throughput and apps, is not begun again.

    Example: quarry resume --budget 300 -e dev
    """
    if budget is not None and not 0 < budget <= 1_000_000:
        raise CommandError(f"--budget {budget:g} is not accepted: expected more than 0 and up to 1000000.", exit_code=2)
    answer = ask(name, "resume", budget_usd=budget)
    if as_json:
        print_json({"environment": name, **answer})
        return
    print_text(
        f"{name} goes on: {us_dollars(answer['spent_usd'])} of {us_dollars(answer['budget_usd'])} USD of "
        f"{answer['month']} are spent, and it stops at {us_dollars(answer['stops_at_usd'])} USD."
    )


def _parsed(text: str) -> timedelta:
    try:
        return duration.parse(text)
    except ValueError as error:
        raise CommandError(str(error), exit_code=2) from error


def _ends(name: str, answer: dict[str, Any]) -> str:
    ends_at = answer.get("ends_at")
    if ends_at is None:
        return f"{name} never ends by itself."
    if answer.get("state") == "ending":
        return f"{name} is ending, since {shown(ends_at)}."
    was = f" (before: {shown(answer['was'])})" if answer.get("was") else ""
    return f"{name} ends at {shown(ends_at)}, {span(max(0, ends_at - time.time()))} from now{was}."


def _document(name: str, answer: dict[str, Any], added: timedelta, hourly: float | None) -> dict[str, Any]:
    moments = {key: None if answer.get(key) is None else iso(answer[key]) for key in ("ends_at", "was")}
    extra = None if hourly is None else hourly * added.total_seconds() / 3_600
    return {"environment": name, **moments, "usd_per_hour": hourly, "usd": extra}


def _usd_per_hour(name: str) -> float | None:
    """Return what is there costs by the hour, as far as prices are known; None where nobody may look."""
    deployment = Deployment(environment(name))
    try:
        found = take_inventory(Aws(environment=name, region=deployment.config.region, clients=deployment.client))
    except (BotoCoreError, ClientError):
        return None
    return usd(found.things)
