"""``quarry workshop``: a room full of notebooks, from the quotas to the last secret."""

from pathlib import Path
from typing import Annotated, Final

import typer

from configuration.studio.names import STACK
from configuration.studio.participants import participants
from lambdas.common.figures import counted
from quarry.command_error import CommandError
from quarry.deployed import connection
from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_note, print_table, print_text, require_yes, tell_progress, watch_table
from quarry.workshop import cdk, handout, people, status
from quarry.workshop.display import show_plan
from quarry.workshop.failed_requests import FailedRequests
from quarry.workshop.keys import WorkshopKeys
from quarry.workshop.person_commands import Timeout, apps_of, freeze, raise_allowance, reset
from quarry.workshop.plan import plan as planned
from quarry.workshop.studio import StudioDomain, domain_id, state

app = typer.Typer(
    no_args_is_help=True,
    help="Run a workshop: plan, up, start before people come, handout, status, down. The people are those of the "
    "environment's section studio.",
)

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
WATCH_SECONDS: Final = 5.0


@app.command()
def plan(
    roster: Annotated[
        Path | None, typer.Option("--roster", metavar="FILE", help="Plan for these people instead of the file's.")
    ] = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Hold AWS's quotas and the price against the number of people. Nothing has to be deployed.

    Without credentials AWS's defaults for new accounts are taken, and said to be.
    For each quota that is too small the command is shown that asks AWS for more. The file's own throttle counts too.

    Exit codes: 0 it can be held; 1 a quota or the throttle stops it.

    Example: quarry workshop plan --roster people.csv -e workshop
    """
    config = environment(name)
    studio = people.planned(config, roster)
    found = planned(config, studio, people=len(participants(studio)))
    if as_json:
        print_json(found.to_json())
        if found.asked:
            print_note(f"AWS's defaults are used: {found.asked}")
    else:
        show_plan(found)
    raise typer.Exit(1 if found.stopping or found.too_tight else 0)


@app.command()
def up(name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """Give everybody a space, and a key with the allowance in a secret of their own.

    Deploys first if the spaces are not those of the file, or a deployment failed. What was interrupted can
    be run again: whoever has a good key keeps it. Keys of people who have left the
    file are revoked. Keys last for studio.hours; `start` counts them from then on.

    Example: quarry workshop up -e workshop
    """
    deployment = Deployment(environment(name))
    studio = people.section(deployment.config)
    everybody = participants(studio)
    wanted = {one.id for one in everybody}
    domain = StudioDomain.finished(deployment)
    if domain is None or wanted != set(domain.spaces()):
        cdk.deploy(deployment)
        # Its outputs are read anew.
        deployment = Deployment(deployment.config)
    keys = WorkshopKeys(deployment, studio)
    live = keys.live()
    left = sorted(set(live) - wanted)
    made: list[str] = []
    with keys.changing(), tell_progress() as tell:
        for number, one in enumerate(everybody, start=1):
            if keys.ensure(one, live.get(one.id, [])):
                made.append(one.id)
            tell(f"{number} of {len(everybody)} people have a key, {len(made)} of them a new one.")
        for gone in left:
            keys.revoke(gone, live[gone])
    if as_json:
        print_json({"participants": len(everybody), "new_keys": made, "revoked": left})
        return
    print_text(
        f"{len(everybody)} people are ready: {counted(len(made), 'new key')}, {len(left)} revoked of people "
        "who have left."
    )
    print_text("Next: `quarry workshop start` before they come, and `quarry workshop handout --out DIR`.")


@app.command()
def start(timeout_minutes: Timeout = 20, name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """Start everybody's notebook and wait until it runs, so that nobody waits at minute zero.

    Billing of the machines begins. Keys then last for studio.hours from now on.

    Exit codes: 0 all run; 1 some do not, and why.

    Example: quarry workshop start -e workshop
    """
    deployment = Deployment(environment(name))
    studio = people.section(deployment.config)
    everybody = participants(studio)
    apps, keys = apps_of(deployment, minutes=timeout_minutes), WorkshopKeys(deployment, studio)
    live = keys.live()
    with keys.changing():
        keys.prolong([key for one in everybody for key in live.get(one.id, [])])
    with tell_progress() as tell:
        failed = apps.start(everybody, tell)
    if as_json:
        print_json({"in_service": len(everybody) - len(failed), "failed": failed})
    else:
        print_text(f"{len(everybody) - len(failed)} of {len(everybody)} apps are in service.")
        for participant_id, reason in failed.items():
            print_note(f"{participant_id}: {reason}", style="red")
    raise typer.Exit(1 if failed else 0)


@app.command("handout")
def hand_out(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")],
    again: Annotated[bool, typer.Option("--again", help="Show keys that an earlier handout has shown.")] = False,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Write handout.csv and a page to print for each person: link, endpoint, key, allowance, a first request.

    A key is shown by one handout only; a lost one is replaced by `quarry workshop
    reset NAME`, and --again shows all of them once more. Files are readable by you only.

    Example: quarry workshop handout --out handout -e workshop
    """
    deployment = Deployment(environment(name))
    studio = people.section(deployment.config)
    domain, keys = StudioDomain.of(deployment), WorkshopKeys(deployment, studio)
    config, base_url = deployment.config, _base_url(deployment)
    held = {one.id: keys.held(one.id) for one in participants(studio)}
    missing = [who for who, found in held.items() if found is None]
    if missing:
        raise CommandError(f"There is no key yet for {', '.join(missing)}. `quarry workshop up` makes them.")
    handouts = []
    playground = playground_address(deployment, base_url)
    for one in participants(studio):
        found = held[one.id]
        assert found is not None
        handouts.append(
            handout.Handout(
                participant=one,
                api_key=found.api_key if again or found.handed_out_at is None else None,
                handed_out_at=found.handed_out_at,
                base_url=base_url,
                alias=config.alias_targets.chatting()[0],
                allowance=handout.in_words(studio.allowance),
                sign_in=handout.sign_in(one.id, domain_id=domain.domain_id, region=config.region),
                playground=playground,
            )
        )
    file = handout.write(handouts, out)
    # Only now: a handout that could not be written has shown nothing.
    shown = [one for one in handouts if one.api_key is not None]
    for done in shown:
        found = held[done.participant.id]
        assert found is not None
        keys.mark_handed_out(done.participant.id, found)
    if as_json:
        print_json({"file": str(file), "pages": len(handouts), "keys_shown": len(shown)})
        return
    print_text(f"Wrote {file} and {len(handouts)} pages; {len(shown)} of them show a key.")


def playground_address(deployment: Deployment, base_url: str) -> str | None:
    """Return the page's address: at an address of one's own if there is one, else at the stage's root."""
    section = deployment.config.playground
    if section is None:
        return None
    own = section.domain is not None and base_url == deployment.output("BaseUrl")
    return deployment.output("PlaygroundUrl") if own else base_url.removesuffix("v1")


def _base_url(deployment: Deployment) -> str:
    """Return where participants reach the endpoint: on this machine at its front door, not at API Gateway's address."""
    saved = connection.read(deployment.config.name) if deployment.aws else None
    return saved.base_url if saved else deployment.output("BaseUrl")


@app.command("status")
def show_status(
    watch: Annotated[bool, typer.Option("--watch", help="Show it live until Ctrl-C.")] = False,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Show everybody's space, app, last request, errors and spending, and who is stuck and why.

    Example: quarry workshop status --watch -e workshop
    """
    if watch and as_json:
        raise CommandError("--watch shows a table for people: leave out either --watch or --json.", exit_code=2)
    deployment = Deployment(environment(name))
    studio = people.section(deployment.config)
    domain, keys = StudioDomain.of(deployment), WorkshopKeys(deployment, studio)
    everybody = participants(studio)
    failed = FailedRequests(deployment)

    told: set[str] = set()

    def lines() -> list[status.Line]:
        found = status.lines(deployment, keys, domain, everybody, failed=failed)
        if failed.problem and failed.problem not in told:
            told.add(failed.problem)
            print_note(f"How many requests failed is not known: {failed.problem}", style="yellow")
        return found

    if watch:
        # A terminal may have fewer lines than the room has people, and what does not fit is cut off at its end.
        watch_table(
            status.COLUMNS,
            lambda: [line.row() for line in sorted(lines(), key=lambda one: one.stuck is None)],
            seconds=WATCH_SECONDS,
        )
        return
    found = lines()
    if as_json:
        print_json([line.to_json() for line in found])
        return
    print_table(status.COLUMNS, [line.row() for line in found])


app.command()(freeze)
app.command("raise")(raise_allowance)
app.command()(reset)


@app.command()
def down(
    yes: Yes = False, timeout_minutes: Timeout = 30, name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False
) -> None:
    """End the workshop: keys revoked, apps deleted, secrets emptied, the Studio stack destroyed.

    The rest of the environment stays: `make destroy` takes that down. Participants'
    files are deleted with their spaces. Twice does no harm.

    Example: quarry workshop down -e workshop
    """
    deployment = Deployment(environment(name))
    studio = people.section(deployment.config)
    if not yes:
        question = f"End the workshop of {name} and delete all participants' files?"
        require_yes(question, otherwise="Nothing was ended", option="--yes")
    keys = WorkshopKeys(deployment, studio)
    live = keys.live()
    with keys.changing():
        for who in sorted({*live, *(one.id for one in participants(studio))}):
            keys.revoke(who, live.get(who, []))
    there = state(deployment) is not None
    if there:
        # A stack whose first deployment failed has none.
        if domain_id(deployment):
            with tell_progress() as tell:
                apps_of(deployment, minutes=timeout_minutes).stop_all(tell)
        cdk.destroy(deployment)
        if state(Deployment(deployment.config)):
            raise CommandError(f"The stack {deployment.config.physical_name(STACK)} is still there. Run it again.")
    revoked = sum(map(len, live.values()))
    if as_json:
        print_json({"keys_revoked": revoked, "stack_destroyed": there})
        return
    destroyed = ", the Studio stack destroyed" if there else ""
    print_text(f"{counted(revoked, 'key')} revoked{destroyed}. Nothing of the workshop is left.")
    print_text("The rest of the environment stays, and what of it costs by the hour.")
