"""``quarry cost``: what an environment costs before it is deployed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from configuration import duration
from configuration.config import Config
from configuration.cost import usage as mixes
from configuration.cost.usage import Usage
from configuration.environment_file import ConfigError
from quarry.command_error import CommandError
from quarry.cost import display, refreshing, synthesis
from quarry.cost.estimate import Estimate, estimate
from quarry.cost.switches import savings
from quarry.cost.template import Resource
from quarry.deployed.deployment import environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_text, tell_progress


@dataclass(frozen=True, kw_only=True)
class _Priced:
    config: Config
    resources: list[Resource]
    estimate: Estimate


def cost(
    name: Environment = DEFAULT_ENVIRONMENT,
    usage_file: Annotated[
        Path | None,
        typer.Option("--usage", metavar="FILE", help="A mix of use; samples/usage.yaml unless another is named."),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option("--hours", min=0.1, max=10_000, help="Hours of the event; by default until expires_after."),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="ONE OTHER", help="Two environments side by side."),
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Only the sum, in one line.")] = False,
    against_list: Annotated[
        bool, typer.Option("--refresh", help="Compare the figures with AWS's Price List (pricing:GetProducts).")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="With --refresh: take over what can be taken over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Price an environment from its templates: idle, in use, and until it ends. Asks nobody; needs no credentials.

    Each resource is priced by its properties, and what has no price is listed. The templates are those in cdk.out if
    they are current; else they are made, which takes ten seconds or so.

    Exit codes: 0 priced, or the list agrees; 1 not to be had, or the list differs; 2 asked for what cannot be.

    Examples: quarry cost -e workshop --hours 10; quarry cost --compare workshop dev
    """
    if against_list:
        refreshing.refresh(environment(name), write=write, as_json=as_json)
        return
    usage = _usage(usage_file)
    if compare is not None:
        first, second = (_priced(one, usage, hours).estimate for one in compare)
        if as_json:
            print_json(display.compared(first, second))
        else:
            display.show_comparison(first, second)
        return
    priced = _priced(name, usage, hours)
    if brief and not as_json:
        print_text(display.total(priced.estimate))
        return
    cheaper = savings(priced.config, priced.resources, usage)
    if as_json:
        print_json({**priced.estimate.to_json(), "cheaper": [one.to_json() for one in cheaper]})
    else:
        display.show(priced.estimate, cheaper, mix=str(usage_file or "samples/usage.yaml"))


def _usage(path: Path | None) -> Usage:
    try:
        return mixes.load(mixes.DEFAULT if path is None else path)
    except ConfigError as error:
        raise CommandError(str(error), exit_code=2) from error


def _priced(name: str, usage: Usage, hours: float | None) -> _Priced:
    config = environment(name)
    with tell_progress() as tell:
        templates = synthesis.templates(config, tell=tell)
    resources = [resource for template in templates for resource in template.resources()]
    event = hours_until_end(config, now=datetime.now(UTC)) if hours is None else hours
    return _Priced(config=config, resources=resources, estimate=estimate(config, resources, usage, hours=event))


def hours_until_end(config: Config, *, now: datetime) -> float | None:
    """Return how long an environment that is deployed now lives; None if it does not end by itself.

    Raises:
        CommandError: it would have ended already.
    """
    ends = config.expires_after
    if ends is None:
        return None
    if ends[-1] in "mhdw":
        return duration.parse(ends).total_seconds() / 3600
    left = (datetime.fromisoformat(ends) - now).total_seconds() / 3600
    if left <= 0:
        raise CommandError(
            f"{config.name} has ended: expires_after is {ends}. Name a length with --hours.", exit_code=2
        )
    return round(left, 2)
