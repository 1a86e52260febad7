"""An environment file as a whole: its sections and what has to hold between them. Unknown keys are refused.

Every knob of a section, its meaning, bounds and default, stands in a module of the section's name: ``models``,
``inference``, ``guardrail``, ``playground``, ``knowledge``, ``studio``, ``tuning``. ``configuration.environment_file``
reads ``environments/<name>.yaml`` into ``Config`` and turns what is wrong into one clear line each.
"""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema, model_validator

from configuration import regions
from configuration.aliases import AliasTargets
from configuration.budget import Budget
from configuration.expiry import ExpiresAfter
from configuration.guardrail import GuardrailPolicy
from configuration.inference import Inference
from configuration.knowledge import rules
from configuration.knowledge.section import Knowledge
from configuration.models import Models
from configuration.names import physical_name
from configuration.playground import PlaygroundKnob
from configuration.section import Region, Section
from configuration.studio.section import Studio
from configuration.targets import Target
from configuration.tuning import rules as tuning_rules
from configuration.tuning.section import Tuning

# CloudWatch keeps logs for one of these numbers of days.
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]


class Functions(Section):
    """How all functions are built."""

    web_adapter_layer: Annotated[int, Field(ge=20, le=999)] = 27
    """Version of AWS's Lambda Web Adapter layer, which the streaming function runs behind (27 is release 1.0.0)."""

    build_for: Literal["arm64", "x86_64", "host"] = "arm64"
    """Machine that compiled dependencies are fetched for; `host` is the machine and Python that run the synth."""


class Config(Section):
    """One environment of Quarry."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,19}$")]
    """Name of the environment; the file is environments/<name>.yaml. Part of every stack's name."""

    region: Region
    """AWS region of all stacks. It has to have what Quarry is built on, which GovCloud, China and me-south-1 have not
    (configuration/catalogue/regions.yaml). Without Bedrock's prompt management, as in us-west-1, the prompts are at
    the endpoint and not published in Bedrock."""

    owner: Annotated[str, Field(min_length=3, max_length=256, pattern=r"^[\w.:/=+@ -]+$")]
    """Who answers for it; the tag quarry:owner."""

    expires_after: ExpiresAfter
    """When it ends by itself, costs first and then its stacks: a time from the first deploy (14d, 10h), a moment
    (2026-12-03T18:00+01:00), or null for never, which has to be written. `quarry extend` moves it."""

    budget: Budget | None = None
    """What it may cost in a month; left out, nobody counts and nothing stops."""

    retain_data: bool = False
    """Whether destroying the stacks keeps tables and logs. False leaves nothing behind."""

    log_days: LogDays = 30
    """How long logs are kept. CloudWatch Logs bills 0.03 USD per GB and month."""

    functions: Functions = Functions()
    models: Models
    guardrail: Annotated[GuardrailPolicy, WithJsonSchema({"type": "string", "pattern": r"\.yaml$"})]
    """Path of the policy file, relative to the project, as guardrails/default.yaml."""
    inference: Inference = Inference()
    playground: PlaygroundKnob = None
    """Whether the endpoint's own address, without /v1, is a page on which people try everything with their key: true,
    false (also left out), or a section, with an address of one's own. Anybody can open it; without a key it shows
    nothing. Idle it costs nothing, opened a fraction of a cent."""
    knowledge: Knowledge | None = None
    """Documents that questions are answered from; left out, there is none of it and nothing of it is billed."""
    studio: Studio | None = None
    """Notebooks in SageMaker Studio for a workshop's participants; left out, there is none of it."""
    tuning: Tuning | None = None
    """From a data set to a tuned model under an alias; left out, there is none of it."""

    @model_validator(mode="after")
    def _the_region_has_what_is_needed(self) -> "Config":
        regions.check(self.region)
        return self

    @model_validator(mode="after")
    def _aliases_resolve(self) -> "Config":
        for alias in self.models.aliases:
            try:
                self.targets(alias)
            except ValueError as error:
                raise ValueError(f"models.aliases.{alias}: {error}") from error
        return self

    @model_validator(mode="after")
    def _summaries_can_be_written(self) -> "Config":
        alias, chatting = self.inference.summary_alias, self.alias_targets.chatting()
        if not chatting:
            raise ValueError("models.aliases: none of them has a model that can chat")
        if alias is not None and alias not in chatting:
            raise ValueError(
                f"inference.summary_alias: {alias!r} is not accepted: expected an alias that can chat: "
                f"{', '.join(chatting)}"
            )
        return self

    @model_validator(mode="after")
    def _default_max_tokens_are_of_aliases_that_chat(self) -> "Config":
        chatting = self.alias_targets.chatting()
        for alias in self.inference.default_max_tokens_of:
            if alias not in chatting:
                raise ValueError(
                    f"inference.default_max_tokens_of: {alias!r} is not accepted: expected an alias that can chat: "
                    f"{', '.join(chatting)}"
                )
        return self

    @model_validator(mode="after")
    def _knowledge_can_be_built(self) -> "Config":
        if self.knowledge is not None:
            rules.check(self.knowledge, environment=self.name, aliases=self.alias_targets, guardrail=self.guardrail)
        return self

    @model_validator(mode="after")
    def _models_can_be_tuned(self) -> "Config":
        if self.tuning is not None:
            tuning_rules.check(self.tuning, environment=self.name, aliases=self.alias_targets)
        return self

    @property
    def alias_targets(self) -> AliasTargets:
        """What the aliases call in this environment."""
        return AliasTargets(models=self.models, region=self.region)

    @property
    def summary_alias(self) -> str:
        """The alias that writes the summaries of long sessions."""
        return self.inference.summary_alias or self.alias_targets.chatting()[0]

    def targets(self, alias: str) -> list[Target]:
        """Return what the alias calls in this environment, best first.

        Raises:
            ValueError: a model is unknown or has ended, or none can be called here.
        """
        return self.alias_targets.targets(alias)

    @property
    def publishes_prompts(self) -> bool:
        """Whether the region has Bedrock's prompt management, where the prompts are published for others."""
        return self.region in regions.offers().prompt_management.regions

    def physical_name(self, what: str) -> str:
        """Return a name for what AWS wants named before it exists, as ``quarry-dev-guardrail``."""
        return physical_name(self.name, what)
