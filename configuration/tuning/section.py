"""The section `tuning` of an environment file: from a data set to a tuned model under an alias.

Bounds are Bedrock's own: botocore's model of bedrock and the user guide's quotas, unless a line says otherwise.
"""

from typing import Annotated, Final

from pydantic import Field, model_validator

from configuration.section import Alias, ModelId, Section, within
from lambdas.tuning.run import Hosting, Metric

# Events of an execution of Step Functions end it at 25,000. A look at a job makes 13 of them.
MOST_EVENTS: Final = 25_000
EVENTS_PER_LOOK: Final = 13
# For all that is no look: hosting, evaluating, clearing.
OTHER_EVENTS: Final = 4_000

_FORGOTTEN: Final = (
    "provisioned throughput is billed by the hour, used or not; a week is the most that nobody has to think of. "
    "`quarry tune extend` moves the end of one that is needed for longer"
)


class Provisioned(Section):
    """Of runs that ask for provisioned throughput: it always has an end."""

    max_hours: Annotated[float, Field(ge=0.5, le=168), within(0.5, 168, _FORGOTTEN)] = 4
    """After how many hours it is deleted. The alias answers as it is configured a little before that."""

    model_units: Annotated[int, Field(ge=1, le=20)] = 1
    """How much of it: Nova 2 Lite costs 60.50 USD per unit and hour, Nova Lite 108.15. A new account has none."""


class Bounds(Section):
    """How long each phase may take: what takes longer is stopped, and goes. Failed and stalled jobs cost nothing."""

    preparing_minutes: Annotated[int, Field(ge=1, le=1_440)] = 120
    """Until Bedrock has looked at the data: some minutes as a rule."""

    queued_minutes: Annotated[int, Field(ge=1, le=2_880)] = 720
    """Until training begins: from none to several hours."""

    training_minutes: Annotated[int, Field(ge=1, le=2_880)] = 720
    """Until the model is there: one to four hours as a rule."""

    hosting_minutes: Annotated[int, Field(ge=1, le=240)] = 60
    """Until the model can be called: ten minutes as a rule."""

    settle_seconds: Annotated[int, Field(ge=1, le=300)] = 60
    """How long after a run was stopped, what a step of it was making may still appear, and is taken away too."""


class Tuning(Section):
    """Tuned models. Left out, there is none. Idle it costs what it stores: data, and 1.95 USD a month per model."""

    hosting: Hosting = "on_demand"
    """How tuned models are hosted, where a run does not say: on_demand costs tokens only, at the base model's price;
    provisioned costs 60.50 USD an hour or more until its end."""

    provisioned: Provisioned = Provisioned()

    max_training_usd: Annotated[float, Field(ge=0.01, le=100_000)] = 50
    """A run whose training may cost more is refused before it starts, by the upper end of the estimate."""

    base_models: Annotated[list[ModelId], Field(min_length=1, max_length=20)]
    """Which models may be tuned, by the ids that aliases have, as amazon.nova-micro-v1:0. They are tuned in the
    environment's region, or the file is refused. Training costs 1.00 USD per million tokens and epoch for Nova Micro,
    3.78 for Nova 2 Lite."""

    hyperparameters: Annotated[dict[str, str | int | float], Field(max_length=10)] = Field(default_factory=dict)
    """What every run takes that names no others, by Bedrock's names: epochCount, learningRate, learningRateWarmupSteps,
    batchSize. Each base model takes them, or the file is refused."""

    metric: Metric = "token_f1"
    """By what tuned and base model are compared: exact_match, token_f1, rouge_l, or judge, which needs judge_alias."""

    margin: Annotated[float, Field(ge=0, le=1)] = 0.02
    """By how much tuned has to be better, of 1, for the alias to answer from it."""

    judge_alias: Alias | None = None
    """An alias whose first model reads answers too and gives points, for runs that ask for it; null: none does. It is
    paid by its tokens, about twice an answer's."""

    test_records: Annotated[int, Field(ge=1, le=100_000)] = 500
    """How many records of the test set both models are asked, at the models' prices per token."""

    max_answer_tokens: Annotated[int, Field(ge=1, le=4_096)] = 512
    """Of an answer to a record of the test set."""

    bounds: Bounds = Bounds()

    poll_seconds: Annotated[int, Field(ge=10, le=600)] = 60
    """How often a job is looked at. 1,000 looks cost 0.10 USD."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)] | None = None
    """Who is told of each run's end, once the subscription is confirmed; null: whoever subscribes to the topic."""

    @property
    def looks(self) -> int:
        """How often a job is looked at, at the most."""
        bounds = self.bounds
        minutes = bounds.preparing_minutes + bounds.queued_minutes + bounds.training_minutes
        return minutes * 60 // self.poll_seconds

    @model_validator(mode="after")
    def _an_execution_holds_it(self) -> "Tuning":
        most = (MOST_EVENTS - OTHER_EVENTS) // EVENTS_PER_LOOK
        if self.looks > most:
            raise ValueError(
                f"poll_seconds: {self.poll_seconds} is not accepted: with these bounds a job may be looked at "
                f"{self.looks:,} times, and Step Functions ends an execution after {MOST_EVENTS:,} events, which is "
                f"about {most:,} looks. Look less often, or lower bounds"
            )
        return self
