"""What people are shown of runs. Programs read JSON."""

from collections.abc import Iterable, Mapping

from lambdas.chat.promotions import Promotion
from lambdas.common.figures import us_dollars
from lambdas.tuning.run import Cost, RunStatus
from quarry.output import print_table, print_text


def show_status(status: RunStatus, promotion: Promotion | None) -> None:
    """Show one run."""
    print_text(f"{status.run}: {status.state}, {status.phase.replace('_', ' ')}", style="bold")
    if status.reason:
        print_text(f"  {status.reason}")
    for warning in status.warnings:
        print_text(f"  warning: {warning}")
    for name, value in (
        ("base model", status.base_model),
        ("cost", in_words(status.cost)),
        ("scores", _scores(status)),
        ("model", status.model_arn),
        ("hosted as", status.hosted_arn),
        ("until", status.until),
        ("report", status.report),
    ):
        if value:
            print_text(f"  {name}: {value}")
    print_text(f"  alias {status.alias}: {_answering(status, promotion)}")


def show_list(found: Iterable[RunStatus], promotions: Mapping[str, Promotion]) -> None:
    """Show all runs, a line each."""
    rows = [
        (
            status.run,
            status.base_model,
            status.state,
            status.phase.replace("_", " "),
            status.started or "-",
            status.until or "-",
            "answers" if stands(status, promotions.get(status.alias)) else "",
        )
        for status in found
    ]
    print_table(("run", "base model", "state", "phase", "started", "until", "alias"), rows)


def stands(status: RunStatus, promotion: Promotion | None) -> bool:
    """Tell whether the alias answers from the run's model."""
    return promotion is not None and promotion.tuned.run == status.run


def in_words(cost: Cost) -> str:
    """Return what a run costs, in US dollars."""
    parts = []
    if cost.training_usd:
        parts.append(f"training {us_dollars(cost.training_usd.low)} to {us_dollars(cost.training_usd.high)} USD")
    if cost.hosting and cost.hosting.usd_per_hour:
        parts.append(
            f"hosting {us_dollars(cost.hosting.usd_per_hour)} USD per hour, "
            f"at most {us_dollars(cost.hosting.max_usd)} USD"
        )
    if cost.storage_usd_per_month:
        parts.append(f"storage {us_dollars(cost.storage_usd_per_month)} USD per month")
    if parts and cost.as_of:
        parts.append(f"prices of {cost.as_of}")
    return "; ".join(parts)


def _scores(status: RunStatus) -> str:
    return "; ".join(
        f"{who} {', '.join(f'{metric} {value:.3f}' for metric, value in sorted(scores.items()))}"
        for who, scores in sorted(status.scores.items())
    )


def _answering(status: RunStatus, promotion: Promotion | None) -> str:
    if promotion is None:
        return "answers from its configured candidates"
    if stands(status, promotion):
        return "answers from this run's model"
    return f"answers from {promotion.tuned.run}"
