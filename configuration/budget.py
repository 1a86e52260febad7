"""The section ``budget``: what an environment may cost in a month, who is told on the way, and where it stops."""

from typing import Annotated

from pydantic import Field, field_validator

from configuration.section import Section

Percent = Annotated[int, Field(ge=1, le=1000)]


class Budget(Section):
    """A budget of AWS Budgets on the environment's tag, and a stop on what the platform counts itself.

    AWS's own figures come hours to a day late, so the stop does not wait for them: it goes by what keys were charged,
    and by what costs by the hour and runs.
    """

    monthly_usd: Annotated[float, Field(gt=0, le=1_000_000)]
    """What it may cost in a month (UTC's), in US dollars."""

    alert_at: Annotated[list[Percent], Field(max_length=5)] = Field(default_factory=lambda: [50, 80, 100])
    """Percentages of it at which the owner is told."""

    stop_at: Percent | None = 100
    """Percentage at which everything that costs stops: requests are refused (429 budget_spent), throughput ends, apps
    stop. `quarry resume` lifts it. null: it goes on."""

    @field_validator("monthly_usd", mode="before")
    @classmethod
    def _whole_dollars_are_numbers_too(cls, value: object) -> object:
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("alert_at")
    @classmethod
    def _rising(cls, value: list[int]) -> list[int]:
        if value != sorted(set(value)):
            raise ValueError(f"{value} is not accepted: expected percentages that rise, each once")
        return value

    @property
    def monthly_micro_dollars(self) -> int:
        """The budget in micro-dollars."""
        return round(self.monthly_usd * 1_000_000)
