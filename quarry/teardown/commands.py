"""``quarry inventory`` and ``quarry teardown``."""

import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from configuration.environment_file import ConfigError, load, names
from lambdas.teardown.aws import Aws
from lambdas.teardown.inventory import Inventory
from lambdas.teardown.kinds.table import BY_RESOURCE
from lambdas.teardown.teardown import take_inventory, tear_down
from lambdas.teardown.verdict import Verdict
from quarry.command_error import CommandError
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_note, print_text, tell_progress
from quarry.teardown import report
from quarry.teardown.account import account, reach
from quarry.teardown.display import show_inventory, show_plan, show_unseen, show_verdict

Region = Annotated[str | None, typer.Option("--region", help="AWS region. Default: the one of the environment's file.")]
MINUTES: Final = 90


class Retain(StrEnum):
    """What a teardown keeps."""

    DATA = "data"
    NOTHING = "nothing"


def inventory(name: Environment = DEFAULT_ENVIRONMENT, region: Region = None, as_json: AsJson = False) -> None:
    """List everything that there is of an environment, with what it costs an hour. Reads, and changes nothing.

    Looks by tag, by stack and by each service's own list, and at each thing by itself. What AWS does not let be looked
    at is told, and is never taken for nothing.

    Exit codes: 0 all was looked at; 1 something was not.

    Example: quarry inventory -e dev --json
    """
    found = _taken(account(name, region))
    if as_json:
        print_json([thing.shown() for thing in [*found.things, *found.shared]])
        show_unseen(found.unseen)
    else:
        show_inventory(found)
    raise typer.Exit(1 if found.unseen else 0)


def teardown(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    retain: Annotated[
        Retain | None,
        typer.Option("--retain", help="data keeps buckets, tables and file systems; nothing deletes them too."),
    ] = None,
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=1440, help="How long to try.")] = MINUTES,
    report_file: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Where the report goes, .md or .html. Default: both."),
    ] = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Delete everything that there is of an environment, and prove that nothing is left.

    What costs most goes first; then the stacks, from what CloudFormation knows of them; then what they leave. After a
    failure, or somebody's deletions by hand, run it again: it goes on from there.

    Exit codes: 0 nothing is left, but what was to stay; 1 something is, or nobody knows.

    Example: quarry teardown -e dev
    """
    aws = account(name, region)
    found = _taken(aws)
    keeps_data = _keeps_data(retain, found, name)
    if not as_json:
        show_plan(found, keeps_data=keeps_data)
        show_unseen(found.unseen)
    if found.things and not yes:
        _confirm(name)
    used = report.used(aws, found)
    began = time.time()
    end = time.monotonic() + minutes * 60
    with tell_progress() as tell:
        verdict = tear_down(aws, left=lambda: end - time.monotonic(), tell=tell, keeps_data=keeps_data)
    files = report.write(report.Report(environment=name, began=began, used=used, verdict=verdict), report_file)
    _end(verdict, files, as_json=as_json)


def _taken(aws: Aws) -> Inventory:
    with tell_progress() as tell:
        tell(f"Looking for what there is of {aws.environment} in {aws.region} ...")
        reach(aws)
        return take_inventory(aws)


def _keeps_data(retain: Retain | None, found: Inventory, name: str) -> bool:
    """Return whether data is kept; where the environment means to keep it, nobody decides that by saying nothing.

    Raises:
        CommandError: the environment retains its data, and the option was not given.
    """
    if retain is None and (_retains(name) or any(stays for _what, stays in _data(found))):
        raise CommandError(
            f"{name} was deployed to retain its data. Say --retain data to keep buckets and tables, which are paid on, "
            "or --retain nothing to delete them too.",
            exit_code=2,
        )
    if retain is Retain.DATA and (lost := sorted(what for what, stays in _data(found) if not stays)):
        raise CommandError(
            f"These go with their stacks, deployed without retain_data: {', '.join(lost)}. Set `retain_data: "
            f"true` in environments/{name}.yaml, deploy, and run this again.",
            exit_code=2,
        )
    return retain is Retain.DATA


def _data(found: Inventory) -> Iterator[tuple[str, bool]]:
    """Yield what holds data, and whether its stack's template lets it stay.

    Versions of guardrails and prompts always stay, so that calls under way end well; they hold nothing of anybody's.
    """
    for stack in found.stacks:
        for one in stack.resources:
            kind = BY_RESOURCE.get(one.type)
            if kind is not None and kind.data:
                yield f"{kind.service} {kind.type} {one.id}", one.logical_id in stack.retained


def _retains(name: str) -> bool:
    try:
        return name in names() and load(name).retain_data
    except ConfigError:
        return False


def _confirm(name: str) -> None:
    """Have the environment's name typed: a yes is given too easily.

    Raises:
        CommandError: something else was typed, or nothing.
    """
    try:
        typed = typer.prompt(f"Type {name} to delete all of this", err=True, default="", show_default=False)
    except typer.Abort as error:
        raise CommandError("\nNothing was deleted: the question was not answered. --yes answers it.") from error
    if typed.strip() != name:
        raise CommandError("Nothing was deleted: that is not the environment's name.")


def _end(verdict: Verdict, files: list[Path], *, as_json: bool) -> None:
    if as_json:
        print_json(verdict.shown())
        show_unseen(verdict.unseen)
    else:
        show_verdict(verdict)
        print_text(f"Report: {', '.join(map(str, files))}")
    if verdict.time_over and as_json:
        print_note("The time was over. Run it again: it goes on from there.")
    raise typer.Exit(0 if verdict.is_zero else 1)
