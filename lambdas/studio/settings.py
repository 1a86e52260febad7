"""The settings of the function that stops old apps."""

from dataclasses import dataclass

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class MaxAgeSettings(EnvSettings):
    """``domain_id``: of Studio. ``max_age_hours``: after which an app is stopped, whatever it does."""

    domain_id: str
    max_age_hours: int
