"""``quarry prove``: what only an account can tell, asked of one."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.deployed.refusals import explained
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_note, print_table, print_text, require_yes, tell_progress
from quarry.prove.proof import Account, Outcome, Uncertainty, Verdict, not_told
from quarry.prove.uncertainties import UNCERTAINTIES

LOCAL: Final = (
    "This is the local AWS: it proves that the proofs run, and nothing of AWS. On an account: quarry prove -e NAME"
)


def prove(
    listed: Annotated[bool, typer.Option("--list", help="Say what there is to prove, and at what cost.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Prove only this; may be repeated.")
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="Prove only what costs nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Spend without asking.")] = False,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Prove on a deployed environment what no document settles, and print what the account says. It changes nothing.

    Exit code 0: all that was asked is as written; 1: something is otherwise or could not be told; 2: asked for what
    cannot be.

    Example: quarry prove --environment dev
    """
    chosen = _chosen(only or [], free=free)
    if listed:
        _list(chosen, as_json=as_json)
        return
    by_hand = [one for one in chosen if one.prove is None]
    if only and by_hand:
        raise CommandError("\n".join(f"{one.name} is proven by hand: {one.by}" for one in by_hand), exit_code=2)
    proofs = [one for one in chosen if one.prove is not None]
    deployment = Deployment(environment(name))
    deployment.outputs()
    if deployment.aws is not None:
        print_note(LOCAL, style="yellow")
    cost = sum(one.usd for one in proofs)
    # The local AWS costs nothing.
    if cost and not yes and deployment.aws is None:
        _tell_prices(proofs)
        require_yes(f"Spend at most {cost:.3f} USD?", otherwise="Nothing was asked of AWS", option="--yes")
    outcomes = _outcomes(proofs, Account(deployment))
    if as_json:
        print_json(_json(name, deployment, proofs, outcomes, by_hand=by_hand))
    else:
        _show(proofs, outcomes, by_hand=by_hand)
    raise typer.Exit(0 if all(one.verdict is Verdict.AS_WRITTEN for one in outcomes) else 1)


def _chosen(names: Sequence[str], *, free: bool) -> list[Uncertainty]:
    known = {one.name: one for one in UNCERTAINTIES}
    if unknown := [name for name in names if name not in known]:
        raise CommandError(f"There is no {', '.join(unknown)} to prove; there are {', '.join(known)}.", exit_code=2)
    return [one for one in UNCERTAINTIES if (not names or one.name in names) and not (free and one.usd)]


def _outcomes(proofs: Sequence[Uncertainty], account: Account) -> list[Outcome]:
    outcomes = []
    with tell_progress() as tell:
        for one in proofs:
            tell(f"{one.name}: {one.does} ...")
            outcomes.append(_outcome(one, account))
    return outcomes


def _outcome(one: Uncertainty, account: Account) -> Outcome:
    """Prove one; whatever AWS or the endpoint refuse is no proof, and the next is proven all the same."""
    assert one.prove is not None
    try:
        with explained():
            return one.prove(account)
    except CommandError as error:
        return not_told(str(error))


def _tell_prices(proofs: Sequence[Uncertainty]) -> None:
    for one in proofs:
        if one.usd:
            print_note(f"{one.name}: at most {one.usd:g} USD: {one.does}")


def _list(chosen: Sequence[Uncertainty], *, as_json: bool) -> None:
    if as_json:
        print_json([_listed(one) for one in chosen])
        return
    for one in chosen:
        print_text(one.name, style="bold")
        for title, text in (("uncertain", one.uncertain), ("written", one.written), ("does", one.does)):
            print_text(f"  {title:<10} {text}")
        print_text(f"  {'costs':<10} {_price(one)}")
        print_text(f"  {'proof':<10} {one.by}")
    total = sum(one.usd for one in chosen if one.prove is not None)
    print_text(f"\nquarry prove runs those that are not by hand, for at most {total:.3f} USD, and asks first.")


def _price(one: Uncertainty) -> str:
    return f"at most {one.usd:g} USD" if one.usd else "nothing"


def _listed(one: Uncertainty) -> dict[str, Any]:
    return {
        "name": one.name,
        "uncertain": one.uncertain,
        "written": one.written,
        "does": one.does,
        "at_most_usd": one.usd,
        "proof": one.by,
        "by_hand": one.prove is None,
    }


def _json(
    name: str,
    deployment: Deployment,
    proofs: Sequence[Uncertainty],
    outcomes: Sequence[Outcome],
    *,
    by_hand: Sequence[Uncertainty],
) -> dict[str, Any]:
    told = zip(proofs, outcomes, strict=True)
    return {
        "environment": name,
        "aws": "local" if deployment.aws else "account",
        "proofs": [{"name": one.name, "verdict": outcome.verdict.value, "seen": outcome.seen} for one, outcome in told],
        "by_hand": [{"name": one.name, "proof": one.by} for one in by_hand],
    }


def _show(proofs: Sequence[Uncertainty], outcomes: Sequence[Outcome], *, by_hand: Sequence[Uncertainty]) -> None:
    told = zip(proofs, outcomes, strict=True)
    print_table(
        ("proof", "verdict", "seen"), ((one.name, outcome.verdict.value, outcome.seen) for one, outcome in told)
    )
    if by_hand:
        print_text("\nBy hand, since it takes or changes more than this command may:", style="bold")
        print_table(("proof", "costs", "command"), ((one.name, _price(one), one.by) for one in by_hand))
