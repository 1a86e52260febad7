"""``quarry check``: whether the models behind the aliases can be called, and the exact fix for each that cannot."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lambdas.model_access.verdicts import ENABLEABLE, Finding, Standing, Verdict, standings
from quarry.check.enabling import ModelEnabling
from quarry.check.model_access import OWN, Checked
from quarry.check.model_access import check as check_access
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import confirm, errors, print_json, print_note, print_table, print_text

ALL_FIRST: Final = 0
ONLY_FALLBACK: Final = 1
NONE_USABLE: Final = 2


def check(
    enable: Annotated[
        bool, typer.Option("--enable", help="Submit Anthropic's form and accept agreements, asking each time.")
    ] = False,
    form: Annotated[
        Path | None,
        typer.Option(
            help="File with Anthropic's use case form, JSON or YAML. Keep it out of git: use-case-form.* is ignored."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Answer every question of --enable with yes, for CI.")] = False,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Check whether the account may call the models behind the aliases: one real call each, from the role that serves.

    Exit code 0: every alias's first choice can be used; 1: some alias only has a fallback, the account lacks something
    else, or the check could not be made, and then nothing is on standard output; 2: some alias has none.

    Example: quarry check --environment dev
    """
    if (form or yes) and not enable:
        raise CommandError("--form and --yes are for --enable.", exit_code=2)
    deployment = Deployment(environment(name))
    checked = _checked(deployment)
    if enable and _enable(deployment, checked.findings, form=form, yes=yes):
        checked = _checked(deployment)
    if as_json:
        print_json(_shown(name, checked))
    else:
        _show(checked)
    raise typer.Exit(exit_code(checked.findings, checked.notices))


def exit_code(findings: list[Finding], notices: list[str]) -> int:
    """Return the worst alias's: 0 first choice usable, 1 only a fallback, 2 none; with a notice at least 1."""
    if notices:
        return max(ONLY_FALLBACK, exit_code(findings, []))
    codes = {Standing.FIRST: ALL_FIRST, Standing.FALLBACK: ONLY_FALLBACK, Standing.NONE: NONE_USABLE}
    return max((codes[one.standing] for one in standings(findings)), default=ALL_FIRST)


def _checked(deployment: Deployment) -> Checked:
    columns = (TextColumn("Checking model access"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        # The deployed function answers in one piece: until then the bar only shows that something happens.
        task = progress.add_task("", total=None)
        checked = check_access(
            deployment, progress=lambda done, total: progress.update(task, completed=done, total=total)
        )
    if checked.checked_by == OWN:
        print_note(
            f"Nothing of {deployment.config.name} is deployed, so your own credentials made the calls: this says "
            "nothing of the role that is to serve.",
            style="yellow",
        )
    return checked


def _enable(deployment: Deployment, findings: list[Finding], *, form: Path | None, yes: bool) -> bool:
    wanting = [finding for finding in findings if finding.verdict in ENABLEABLE]
    if not wanting:
        print_note("There is nothing that --enable could do.")
        return False

    def ask(question: str) -> bool:
        if yes:
            print_note(f"{question} yes (--yes)")
            return True
        return confirm(question, otherwise="Nothing more was accepted")

    return ModelEnabling(bedrock=deployment.client("bedrock"), ask=ask, form=form).enable(wanting)


def _shown(name: str, checked: Checked) -> dict[str, Any]:
    return {
        "environment": name,
        "checked_by": checked.checked_by,
        "aliases": {
            one.alias: {"standing": one.standing.value, "verdict": one.verdict.value}
            for one in standings(checked.findings)
        },
        "findings": [finding.to_json() for finding in checked.findings],
        "notices": checked.notices,
    }


def _show(checked: Checked) -> None:
    fixes = list(dict.fromkeys(finding.fix for finding in checked.findings if finding.fix))
    rows = [
        (
            finding.alias,
            finding.model_id,
            _profile(finding),
            finding.verdict.value if finding.usable else f"! {finding.verdict.value}",
            f"see {fixes.index(finding.fix) + 1}" if finding.fix else "",
        )
        for finding in checked.findings
    ]
    print_table(("alias", "model", "profile", "verdict", "fix"), rows)
    if not all(finding.usable for finding in checked.findings):
        print_text("! cannot be used")
    for number, fix in enumerate(fixes, 1):
        print_text(f"\n{number}. {fix}")
        for finding in checked.findings:
            if finding.fix == fix and finding.detail and finding.verdict is not Verdict.READY:
                print_text(f"   {finding.alias}: {finding.detail}", style="dim")
    for notice in checked.notices:
        print_text(f"\n! {notice}")


def _profile(finding: Finding) -> str:
    """Return what stands before the model: "us" for us.amazon..., "own" for a profile or model of the account."""
    if finding.callable_id.startswith("arn:"):
        return "own"
    return finding.callable_id.removesuffix(finding.model_id).rstrip(".") or "-"
