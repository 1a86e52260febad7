"""The quotas that a workshop runs into: quotas.yaml, checked as it is read."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from configuration import yaml_text
from configuration.section import Section

PATH: Final = Path(__file__).with_name("quotas.yaml")
Scope = Literal["on_demand", "geography", "global"]
Measure = Literal["tokens", "requests"]
Code = Annotated[str, Field(pattern=r"^L-[0-9A-F]{8}$")]


class Limit(Section):
    """A quota's code and what new accounts have; None where no source that was read says."""

    code: Code
    default: Annotated[float, Field(ge=0)] | None
    source: str


class Quota(Limit):
    """A quota as Service Quotas knows it."""

    service: Literal["sagemaker", "lambda", "apigateway", "bedrock"]
    name: str


class Quotas(Section):
    """The whole file."""

    sources: dict[str, str]
    checked: date
    quotas: dict[str, Quota]
    models: dict[str, dict[Scope, dict[Measure, Limit]]]


@cache
def load() -> Quotas:
    """Return the file, read and checked once per process."""
    return Quotas.model_validate(yaml_text.read_mapping(PATH.read_bytes(), shown=PATH.name))
