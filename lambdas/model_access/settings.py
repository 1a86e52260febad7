"""The model access function's settings."""

from dataclasses import dataclass
from datetime import date

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class ModelAccessSettings(EnvSettings):
    """What the stack tells the function.

    Attributes:
        environment: name of the environment, for the fixes.
        region: its region.
        inference_function: name of the function that serves, and so makes the real calls.
        parameter_name: SSM parameter that the findings go to.
        participants: how many people call at the same time.
        needed_until: last day on which the models are needed, as 2026-12-31; None if nobody said.
        called_as: alias -> id of the catalogue's -> what is deployed to be called in its place: the ARN of an
            application inference profile. Only those that differ.
    """

    environment: str
    region: str
    inference_function: str
    parameter_name: str
    participants: int
    needed_until: date | None
    called_as: dict[str, dict[str, str]]
