"""What a run costs, and whether it is agreed to: refused above the limit, typed back where hours are billed."""

from dataclasses import dataclass, replace
from typing import Final

import msgspec
import typer

from configuration.tuning.section import Tuning
from lambdas.common.figures import counted, us_dollars
from lambdas.tuning.estimate import Estimate, HostingPrice
from lambdas.tuning.run import Hosting, RunRequest
from quarry.command_error import CommandError
from quarry.output import print_note
from quarry.tuning.asking import Asked

NOTHING: Final = "Nothing was uploaded or started"


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How much is agreed to already.

    Attributes:
        yes: hosting by the hour need not be asked about.
        usd: the figure that would be asked for, where it was given.
        unknown_price: what has no known price is agreed to.
    """

    yes: bool = False
    usd: float | None = None
    unknown_price: bool = False


def agreed(asked: Asked, estimate: Estimate, tuning: Tuning, agreement: Agreement) -> Asked:
    """Return what was asked for, once its price is agreed to.

    Raises:
        CommandError: training may cost more than the limit, there is no such hosting, a price is not known, or it was
            not agreed to.
    """
    request = asked.request
    _check_training(request, estimate, tuning, agreement)
    kind: Hosting = request.hosting or tuning.hosting
    hosting = estimate.hosting[kind]
    if not hosting.available:
        others = ", ".join(name for name, other in estimate.hosting.items() if other.available)
        raise CommandError(f"hosting: {hosting.note}; what there is: {others or 'none'}.", exit_code=2)
    if kind == "on_demand":
        return asked
    if request.commitment:
        return _committed(asked, hosting, agreement)
    hours = request.max_hours or tuning.provisioned.max_hours
    if hosting.usd_per_hour is None:
        _check_unknown(f"hosting: {hosting.note}", agreement)
        return asked
    figure = round(hosting.usd_per_hour * hours, 2)
    type_back(
        f"Provisioned throughput is {us_dollars(hosting.usd_per_hour)} USD an hour, called or not, for at most "
        f"{counted(hours, 'hour')} (then it is deleted, and the alias answers from its configured candidates): "
        f"{figure:,.2f} USD.",
        figure,
        agreement,
        skipped=agreement.yes,
    )
    return asked


def _check_training(request: RunRequest, estimate: Estimate, tuning: Tuning, agreement: Agreement) -> None:
    limit = tuning.max_training_usd
    if request.max_training_usd is not None:
        limit = min(limit, request.max_training_usd)
    if estimate.training_usd is None:
        _check_unknown(f"training: the price is not known: {estimate.unpriced.get('training', '')}", agreement)
        return
    if estimate.training_usd.high > limit:
        raise CommandError(
            f"Training may cost {us_dollars(estimate.training_usd.high)} USD ({estimate.tokens.high:,} tokens, "
            f"{counted(estimate.epochs, 'epoch')}, prices of {estimate.as_of}), and the limit is "
            f"{us_dollars(limit)}: fewer epochs, less data, or a higher tuning.max_training_usd in the "
            f"environment file. {NOTHING}.",
            exit_code=2,
        )


def _check_unknown(problem: str, agreement: Agreement) -> None:
    if not agreement.unknown_price:
        raise CommandError(f"{problem.rstrip('.')}. --accept-unknown-price goes on without it. {NOTHING}.", exit_code=2)
    print_note(problem, style="yellow")


def _committed(asked: Asked, hosting: HostingPrice, agreement: Agreement) -> Asked:
    commitment = asked.request.commitment
    figure = hosting.commitments.get(commitment or "")
    if figure is None:
        known = ", ".join(f"{name} {us_dollars(usd)} USD" for name, usd in hosting.commitments.items()) or "none"
        raise CommandError(
            f"commitment: what {commitment} costs is not known, so it is not started; known are: {known}.", exit_code=2
        )
    said = agreement.usd if agreement.usd is not None else asked.request.commitment_usd
    type_back(
        f"A commitment of {commitment} cannot be taken back: {figure:,.2f} USD in all, whatever becomes of the model.",
        figure,
        replace(agreement, usd=said or None),
        # A commitment is agreed to by its figure, by nothing less.
        skipped=False,
    )
    return replace(asked, request=msgspec.structs.replace(asked.request, commitment_usd=figure))


def type_back(sentence: str, figure: float, agreement: Agreement, *, skipped: bool) -> None:
    """Say what something costs, and have its figure typed back unless it was given or ``skipped``.

    Raises:
        CommandError: another figure, another word, or none.
    """
    if agreement.usd is not None:
        if round(agreement.usd, 2) != round(figure, 2):
            raise CommandError(f"{sentence} --confirm-usd {agreement.usd:g} is another figure. {NOTHING}.", exit_code=2)
        return
    print_note(sentence, style="yellow")
    if skipped:
        return
    try:
        typed = typer.prompt(f"Type {figure:.2f} to agree", err=True, default="", show_default=False)
    except typer.Abort as error:
        raise CommandError(
            f"\n{NOTHING}: the question was not answered. --confirm-usd {figure:.2f} answers it.", exit_code=2
        ) from error
    if typed.strip().replace(",", "") not in (f"{figure:.2f}", f"{figure:g}"):
        raise CommandError(f"{NOTHING}: {typed.strip() or 'nothing'} is not {figure:.2f}.", exit_code=2)
