"""What tuning will cost, before it costs anything: a range, in US dollars, with the day of the prices. Never a bill."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from lambdas.catalogue import customization
from lambdas.catalogue.customization import Commitment, MethodFacts, TunableModel
from lambdas.tuning.tokens import Amount, Tokens, tokens_of

# A month of which hosting is paid in full.
HOURS_PER_MONTH: Final = 720


class Dollars(Struct, frozen=True):
    """US dollars, from the least to the most."""

    low: float
    high: float


class HostingPrice(Struct, frozen=True, kw_only=True):
    """What having the tuned model callable costs while nobody calls it.

    Attributes:
        available: whether Bedrock hosts the base model's tuned models so.
        usd_per_hour: of all model units; None: not known.
        usd_per_month: if it is forgotten for 30 days.
        commitments: what a commitment costs in all, which cannot be ended early: OneMonth, SixMonths.
        note: why there is no price, or what is paid besides.
    """

    available: bool
    usd_per_hour: float | None = None
    usd_per_month: float | None = None
    model_units: int | None = None
    commitments: dict[str, float] = {}
    note: str = ""


class Estimate(Struct, frozen=True, kw_only=True):
    """What a run costs.

    Attributes:
        tokens: of the training set, read once.
        epochs: how often it is read.
        training_usd: None: the price is not known; ``unpriced`` has the reason.
        storage_usd_per_month: of the tuned model, until it is deleted.
        hosting: on_demand and provisioned.
        as_of: the oldest day on which one of the prices was looked up, ISO 8601.
        unpriced: what has no price -> why.
    """

    tokens: Tokens
    epochs: int
    training_usd: Dollars | None
    storage_usd_per_month: float
    hosting: dict[str, HostingPrice]
    as_of: str
    unpriced: dict[str, str] = {}


def estimate(
    amount: Amount,
    *,
    base: TunableModel,
    method: str = "fine_tuning",
    hyperparameters: Mapping[str, str | int | float] | None = None,
    model_units: int = 1,
) -> Estimate:
    """Return what tuning a model on so much data costs, and having it afterwards.

    Raises:
        NotTunableError: the base model is not tuned by this method.
        ValueError: epochCount is no number.
    """
    facts = base.method(method)
    tokens = tokens_of(amount)
    epochs = _epochs(facts, hyperparameters or {})
    unpriced = {}
    training = None
    if facts.training is None:
        unpriced["training"] = facts.unpriced or "not known"
    else:
        low, high = (count * epochs * facts.training / 1_000_000 for count in (tokens.low, tokens.high))
        training = Dollars(_cents(low, up=False), _cents(high, up=True))
    if amount.videos:
        unpriced["videos"] = "how many tokens a video has is not documented; they come on top"
    hosting = _hosting(base, model_units=model_units)
    if hosting["provisioned"].available and hosting["provisioned"].usd_per_hour is None:
        unpriced["provisioned"] = hosting["provisioned"].note
    return Estimate(
        tokens=tokens,
        epochs=epochs,
        training_usd=training,
        storage_usd_per_month=customization.load().storage.per_month,
        hosting=hosting,
        as_of=_oldest(base, facts).isoformat(),
        unpriced=unpriced,
    )


def _epochs(facts: MethodFacts, given: Mapping[str, str | int | float]) -> int:
    parameter = facts.hyperparameters.get("epochCount")
    default = parameter.default if parameter else None
    return int(given.get("epochCount", default if default is not None else 1))


def _hosting(base: TunableModel, *, model_units: int) -> dict[str, HostingPrice]:
    on_demand, provisioned = base.hosting.on_demand, base.hosting.provisioned
    kinds = {
        "on_demand": HostingPrice(
            available=True, usd_per_hour=0, usd_per_month=0, note="tokens cost what the base model's cost"
        )
        if on_demand
        else HostingPrice(available=False, note=f"Bedrock does not host tuned {base.name} on demand"),
        "provisioned": HostingPrice(
            available=False, note=f"Bedrock does not host tuned {base.name} on provisioned throughput"
        ),
    }
    if provisioned:
        hourly = provisioned.per_hour.get("none")
        months: dict[Commitment, int] = {"OneMonth": 1, "SixMonths": 6}
        kinds["provisioned"] = HostingPrice(
            available=True,
            usd_per_hour=None if hourly is None else _cents(hourly * model_units, up=True),
            usd_per_month=None if hourly is None else _cents(hourly * model_units * HOURS_PER_MONTH, up=True),
            model_units=model_units,
            commitments={
                name: _cents(provisioned.per_hour[name] * model_units * HOURS_PER_MONTH * count, up=True)
                for name, count in months.items()
                if name in provisioned.per_hour
            },
            note="" if hourly is not None else f"the price per hour is not known: {provisioned.unpriced}",
        )
    return kinds


def _oldest(base: TunableModel, facts: MethodFacts) -> date:
    groups = (facts, customization.load().storage, base.hosting.on_demand, base.hosting.provisioned)
    return min(group.checked for group in groups if group)


def _cents(dollars: float, *, up: bool) -> float:
    """Round to a hundredth of a cent: upwards what must not be more, downwards what must not be less."""
    return (math.ceil if up else math.floor)(round(dollars * 10_000, 6)) / 10_000
