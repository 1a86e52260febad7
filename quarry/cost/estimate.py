"""An environment's price: each resource idle and in use, and all of them together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from configuration.config import Config
from configuration.cost.usage import Usage
from lambdas.catalogue import services
from lambdas.catalogue.idle import IdlePrice, price_of
from lambdas.catalogue.properties import UnknownPropertyError
from lambdas.catalogue.services import HOURS_PER_MONTH, UnpricedError
from quarry.cost.models import ModelUse, models_of
from quarry.cost.schedules import with_what_runs_it
from quarry.cost.template import Resource
from quarry.cost.use import Use, uses_of

# What a model is called in the place of a resource type: it is in no template.
MODEL: Final = "Bedrock model"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One resource, or one model, and what it costs.

    Attributes:
        usd_per_hour: while nobody uses it; None if there is no price.
        usd_per_request: of an average request of the mix.
        usd_per_day_of_use, usd_per_hour_of_use: what use costs besides requests.
        unpriced: why something of it has no price; None if all has.
    """

    stack: str
    logical_id: str
    type_name: str
    idle: IdlePrice
    usd_per_request: float = 0
    usd_per_day_of_use: float = 0
    usd_per_hour_of_use: float = 0
    unpriced: str | None = None

    @property
    def usd_per_hour(self) -> float | None:
        """While nobody uses it."""
        return self.idle.usd_per_hour

    @property
    def service(self) -> str:
        """The AWS service, as CloudFormation calls it."""
        return self.type_name.split("::")[1] if self.type_name.startswith("AWS::") else self.type_name

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        per_month = None if self.usd_per_hour is None else round(self.usd_per_hour * HOURS_PER_MONTH, 6)
        return {
            "stack": self.stack,
            "id": self.logical_id,
            "type": self.type_name,
            "usd_per_hour": None if self.usd_per_hour is None else round(self.usd_per_hour, 9),
            "usd_per_month": per_month,
            "usd_per_thousand_requests": round(self.usd_per_request * 1000, 9),
            "charges": [
                {"price": charge.name, "quantity": charge.quantity, "usd_per_hour": round(charge.usd_per_hour, 9)}
                for charge in self.idle.charges
            ],
            "reason": self.idle.reason or None,
        }


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What an environment costs, in US dollars.

    Attributes:
        hours: how long the event is; None if it does not end.
    """

    config: Config
    usage: Usage
    rows: tuple[Row, ...]
    as_of: date
    hours: float | None = None

    @cached_property
    def usd_per_hour(self) -> float:
        """While nobody uses anything. What is unpriced is not in it."""
        return sum(row.usd_per_hour or 0 for row in self.rows)

    @property
    def usd_per_month(self) -> float:
        """While nobody uses anything, for 730 hours."""
        return self.usd_per_hour * HOURS_PER_MONTH

    @cached_property
    def usd_per_thousand_requests(self) -> float:
        """Of the mix of use."""
        return 1000 * sum(row.usd_per_request for row in self.rows)

    @property
    def usd_of_use_per_month(self) -> float:
        """What the mix of use adds in a month."""
        return self._use(HOURS_PER_MONTH)

    @property
    def usd_event(self) -> float | None:
        """Idle price and use until the end. What is shorter than a day has a day's requests all the same."""
        if self.hours is None:
            return None
        return self.usd_per_hour * self.hours + self._use(self.hours)

    @property
    def unpriced(self) -> list[Row]:
        """What has no price, or not all of it."""
        return [row for row in self.rows if row.unpriced is not None]

    def _use(self, hours: float) -> float:
        days = hours / 24
        requests = max(1.0, days) * self.usage.requests_per_day * self.usd_per_thousand_requests / 1000
        notebooks = self.usage.notebooks.hours_per_day
        if hours < 24 and notebooks:
            days = min(1.0, hours / notebooks)
        return requests + sum(row.usd_per_day_of_use * days + row.usd_per_hour_of_use * hours for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "environment": self.config.name,
            "region": self.config.region,
            "as_of": self.as_of.isoformat(),
            "idle_usd_per_hour": round(self.usd_per_hour, 6),
            "idle_usd_per_month": round(self.usd_per_month, 4),
            "hours_per_month": HOURS_PER_MONTH,
            "usd_per_thousand_requests": round(self.usd_per_thousand_requests, 6),
            "use_usd_per_month": round(self.usd_of_use_per_month, 4),
            "event_hours": self.hours,
            "event_usd": None if self.usd_event is None else round(self.usd_event, 4),
            "resources": [row.to_json() for row in self.rows],
            "unpriced": [
                {"stack": row.stack, "id": row.logical_id, "type": row.type_name, "reason": row.unpriced}
                for row in self.unpriced
            ],
        }


def estimate(config: Config, resources: Iterable[Resource], usage: Usage, *, hours: float | None = None) -> Estimate:
    """Price an environment.

    Raises:
        CommandError: the mix of use asks an alias that the environment does not have.
    """
    found = with_what_runs_it(list(resources))
    models = models_of(config, usage)
    rows = (*(_row(one, usage, config) for one in found), *map(_model_row, models))
    dates = [services.as_of(), *(one.checked for one in models if one.checked is not None)]
    return Estimate(config=config, usage=usage, rows=rows, as_of=min(dates), hours=hours)


def _row(resource: Resource, usage: Usage, config: Config) -> Row:
    idle = price_of(resource.type_name, resource.properties, region=config.region)
    if resource.condition is not None:
        idle = IdlePrice(usd_per_hour=None, reason=resource.condition)
    problems = [idle.reason] if idle.usd_per_hour is None else []
    per_request = per_day = per_hour = 0.0
    try:
        uses = uses_of(resource, usage, config)
    except UnknownPropertyError as error:
        uses, problems = [], [*problems, str(error)]
    for use in uses:
        try:
            rate = _rate(use, config.region)
        except UnpricedError as error:
            problems.append(str(error))
            continue
        per_request += rate * use.per_request
        per_day += rate * use.per_day
        per_hour += rate * use.held
    return Row(
        stack=resource.stack,
        logical_id=resource.logical_id,
        type_name=resource.type_name,
        idle=idle,
        usd_per_request=per_request,
        usd_per_day_of_use=per_day,
        usd_per_hour_of_use=per_hour,
        unpriced="; ".join(dict.fromkeys(problems)) or None,
    )


def _rate(use: Use, region: str) -> float:
    if services.price(use.price).period is None:
        return services.usd_per_use(use.price, region=region)
    return services.usd_per_hour(use.price, region=region)


def _model_row(model: ModelUse) -> Row:
    return Row(
        stack="",
        logical_id=model.called,
        type_name=MODEL,
        idle=IdlePrice(usd_per_hour=0.0, reason=f"by use: {model.model_id}, {model.reason}"),
        usd_per_request=model.usd_per_request or 0,
        usd_per_hour_of_use=model.usd_per_month / HOURS_PER_MONTH,
        unpriced=model.reason if model.usd_per_request is None else model.unpriced,
    )
