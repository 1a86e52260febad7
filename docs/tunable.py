"""The tables of docs/tuning.md about formats and base models, written from the facts: ``make catalogue``."""

from collections.abc import Iterator
from typing import Final

from docs.generated import Part
from lambdas.catalogue import customization
from lambdas.catalogue.customization import MethodFacts, TunableModel
from lambdas.tuning.data_sets.formats import formats

_COLUMNS: Final = (
    "base model",
    "region",
    "method",
    "records",
    "tokens of one",
    "validation set",
    "training, USD per million",
    "hosting",
)


def _lines() -> Iterator[str]:
    yield "| format | a record is | for |"
    yield "| --- | --- | --- |"
    for form in formats().values():
        taken = [
            f"{model.name} ({method})"
            for model in customization.load().models
            for method, facts in model.methods.items()
            if facts.format == form.name
        ]
        shown = ", ".join(taken[:3]) + (f" and {len(taken) - 3} more" if len(taken) > 3 else "") or "no model any more"
        yield f"| {form.name}: {form.title} | `{form.example}` | {shown} |"
    yield ""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"| {' | '.join('---' for _ in _COLUMNS)} |"
    for model in customization.load().models:
        for method, facts in model.methods.items():
            yield _row(model, method, facts)
    yield ""


def _row(model: TunableModel, method: str, facts: MethodFacts) -> str:
    fewest, most = facts.limits.records
    tokens = f"{facts.limits.record_tokens:,}" if facts.limits.record_tokens else "-"
    price = "not known" if facts.training is None else f"{facts.training:g}"
    provisioned = model.hosting.provisioned
    hourly = provisioned.per_hour.get("none") if provisioned else None
    hosting = ["on demand"] if model.hosting.on_demand else []
    if provisioned:
        hosting.append(f"provisioned, {f'{hourly:g} USD an hour' if hourly else 'price not known'}")
    cells = (
        f"{model.name}, `{model.model_id}`",
        ", ".join(model.regions),
        method,
        f"{fewest:,} to {most:,}",
        tokens,
        facts.validation,
        price,
        "; ".join(hosting),
    )
    return f"| {' | '.join(cells)} |"


PART: Final = Part(name="tunable", document="tuning.md", command="make catalogue", lines=_lines)

if __name__ == "__main__":
    PART.write()
