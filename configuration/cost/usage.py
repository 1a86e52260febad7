"""A mix of use: how often an environment is asked, with how many tokens, and what goes with a request.

A small YAML file, ``samples/usage.yaml`` unless another is named. All of it is an assumption of whoever writes it; what
AWS takes for it is not.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError, model_validator

from configuration.environment_file import PROJECT, ConfigError, read_mapping
from configuration.section import Alias, Section, sentence
from lambdas.common.tokens import CHARACTERS_PER_TOKEN

DEFAULT: Final = PROJECT / "samples" / "usage.yaml"

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=900)]
Tokens = Annotated[int, Field(ge=0, le=10_000_000)]
Amount = Annotated[float, Field(ge=0, le=1_000_000_000)]

# Shares are written by hand, as 0.333.
_ROUNDING: Final = 0.005


class AliasUse(Section):
    """What one alias is asked."""

    share: Share
    """Of all requests."""

    input_tokens: Tokens
    """That a request has: instructions, history and question. Passages come on top."""

    output_tokens: Tokens
    """That its answer has."""


class Functions(Section):
    """How long functions run, and what they write."""

    seconds: Seconds = 3
    """That a request takes whose answer comes whole. The model's time is the function's."""

    seconds_streamed: Seconds = 4
    """That one takes whose answer is streamed: the function writes until the reader has all."""

    keys_looked_up: Share = 0.05
    """Of the requests, those whose key API Gateway does not remember."""

    log_kb: Amount = 2
    """That all logs get of a request."""

    metrics: Amount = 12
    """Custom metrics that are written in the month."""


class Documents(Section):
    """What a knowledge base is asked and holds. Without one in the environment nothing of it counts."""

    questions: Share = 0.2
    """Of the requests, those that ask the documents."""

    passage_tokens: Tokens = 1500
    """That the model reads of them for a question."""

    stored_gb: Amount = 0.1
    """In the bucket."""

    vectors_gb: Amount = 0.05
    """In the vector store."""

    tokens_per_month: Amount = 1_000_000
    """That are embedded, anew or again."""


class Notebooks(Section):
    """How long the participants' apps run. Without a section studio nothing of it counts."""

    hours_per_day: Annotated[float, Field(ge=0, le=24)] = 8


class Tuning(Section):
    """How much is tuned. Without a section tuning in the environment nothing of it counts."""

    runs_per_month: Amount = 1
    """Each of the first of `tuning.base_models`, hosted as `tuning.hosting` says; its model is kept for the month."""

    tokens: Amount = 500_000
    """That a run is trained with: those of its data, times epochs."""


class Usage(Section):
    """A whole file."""

    requests_per_day: Amount
    """To the endpoint's chat, all aliases together."""

    aliases: Annotated[dict[Alias, AliasUse], Field(min_length=1)]
    """Alias -> what it is asked; the shares make 1."""

    streamed: Share = 0.5
    """Of the requests, those whose answer is streamed."""

    in_sessions: Share = 0.3
    """Of the requests, those in a session, which is read and written."""

    characters_per_token: Annotated[float, Field(ge=0.5, le=20)] = CHARACTERS_PER_TOKEN
    """By which the guardrail's text units are reckoned: it counts characters."""

    functions: Functions = Functions()
    documents: Documents = Documents()
    notebooks: Notebooks = Notebooks()
    tuning: Tuning = Tuning()

    @model_validator(mode="after")
    def _shares_make_one(self) -> "Usage":
        together = sum(one.share for one in self.aliases.values())
        if abs(together - 1) > _ROUNDING:
            raise ValueError(f"aliases: the shares make {together:g}; they have to make 1")
        return self


def load(path: Path = DEFAULT) -> Usage:
    """Read a mix of use.

    Raises:
        ConfigError: there is no such file, or it cannot be used; a line for each mistake.
    """
    shown = str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)
    if not path.is_file():
        raise ConfigError([f"{shown}: no such file"])
    try:
        return Usage.model_validate(read_mapping(path, shown=shown))
    except ValidationError as error:
        raise ConfigError([f"{shown}: {sentence(detail)}" for detail in error.errors(include_url=False)]) from error
