"""Every knob of an environment file: its meaning, bounds and default. Unknown keys are refused.

``configuration.environment_file`` reads ``environments/<name>.yaml`` into ``Config`` and turns what is wrong into one
clear line each.
"""

from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from configuration import duration
from configuration.aliases import CustomCandidate, ModelTarget, targets
from configuration.guardrail import GuardrailPolicy
from configuration.knowledge import rules
from configuration.knowledge.section import Knowledge
from configuration.section import Alias, ModelId, Region, Section
from lambdas.catalogue.models import Residency

CustomModelArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d{12}:(provisioned-model|custom-model-deployment)/[a-z0-9]{12}$",
        examples=["arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"],
    ),
]

# CloudWatch keeps logs for one of these numbers of days.
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]


class CustomModel(Section):
    """A tuned model that is deployed on demand or has provisioned throughput."""

    arn: CustomModelArn
    """What is called."""

    base: ModelId
    """The catalogue's model that it was made of: it decides parameters and limits."""


def _kind_of_candidate(value: Any) -> str:
    return "[id]" if isinstance(value, str) else "[custom]"


# The tags are in brackets because environment_file leaves such parts of a path out.
Candidate = Annotated[
    Annotated[ModelId, Tag("[id]")] | Annotated[CustomModel, Tag("[custom]")], Discriminator(_kind_of_candidate)
]


class Models(Section):
    """Which models the platform serves, and under which names."""

    aliases: Annotated[dict[Alias, Annotated[list[Candidate], Field(min_length=1, max_length=5)]], Field(min_length=1)]
    """Alias -> models, best first: ids of the catalogue, or a custom model's arn and base. The first answers; the next
    one does while it is throttled, not ready or gone. Those that cannot be called in the region are passed over."""

    residency: Residency = "geography"
    """Where prompts may be processed: only in the region, in its geography (us, eu, ...), or anywhere. Whatever is
    allowed, the nearest is called: global saves its tenth of the price only where a model has nothing nearer."""

    access_check: Literal["fail", "warn", "off"] = "fail"
    """What a deployment does about an alias that has no model which the account may call: fail with the fix as the
    reason, only say so, or not look. The check makes one real call of a token per model: less than a cent in all."""

    participants: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many people call at the same time: the access check compares Bedrock's quotas with it."""

    needed_until: date | None = None
    """Last day on which the models are needed, as 2027-03-31: one that ends before fails the access check. Without it
    only models that have ended already do."""

    cost_allocation: bool = False
    """Whether each candidate gets an application inference profile with the environment's tags, without which
    on-demand spending cannot be told apart. Activate the tags in the billing console; it takes up to a day."""


class Throttle(Section):
    """API Gateway's throttle for the whole stage; above it callers get 429."""

    rate: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Requests per second, steady."""

    burst: Annotated[int, Field(ge=1, le=5_000)] = 100
    """Requests at once."""


class Inference(Section):
    """The endpoint that applications call."""

    throttle: Throttle = Throttle()

    chat_timeout_seconds: Annotated[int, Field(ge=10, le=900)] = 120
    """How long one chat request may take, whole or streamed: up to API Gateway's 15 minutes for streams."""

    timeout_seconds: Annotated[int, Field(ge=10, le=29)] = 29
    """How long any other request may take. API Gateway ends it after 29 s unless the account's quota was raised."""

    max_body_kilobytes: Annotated[int, Field(ge=1, le=5_120)] = 1_024
    """Larger request bodies get 413. Lambda itself takes 6 MB at most, the event's envelope included."""

    max_attempts: Annotated[int, Field(ge=1, le=5)] = 3
    """Calls to Bedrock per request while it throttles or fails, the first included."""

    key_cache_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    """How long API Gateway remembers what a key may do. `quarry keys revoke` empties this memory."""

    session_ttl: Annotated[
        str, AfterValidator(partial(duration.between, "1h", "400d")), Field(examples=["30d"], min_length=2)
    ] = "30d"
    """How long a session is kept after its last turn, as 12h, 30d or 2w. DynamoDB bills 0.25 USD per GB and month."""

    history_token_budget: Annotated[int, Field(ge=1_000, le=200_000)] = 4_000
    """Tokens that a session's turn sends in all, the new message included, unless that alone takes more than half.
    What no longer fits is summarised. These tokens are paid for with every turn."""

    summary_alias: Alias | None = None
    """Which of `models.aliases` writes the summaries of long sessions; null is the first one there that can chat. The
    key that has the session pays for them."""

    memory_megabytes: Annotated[int, Field(ge=128, le=10_240)] = 1_024
    """Memory of the inference function; CPU grows with it, and so does the price per millisecond."""

    owns_api_gateway_account: bool = True
    """Whether this environment sets the role with which API Gateway writes logs. AWS has one such setting per account
    and region: exactly one environment there may own it."""

    @property
    def session_ttl_seconds(self) -> int:
        """``session_ttl`` in seconds."""
        return int(duration.parse(self.session_ttl).total_seconds())


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
    """AWS region of all stacks."""

    owner: Annotated[str, Field(min_length=3, max_length=256, pattern=r"^[\w.:/=+@ -]+$")]
    """Who answers for it; the tag quarry:owner."""

    retain_data: bool = False
    """Whether destroying the stacks keeps tables and logs. False leaves nothing behind."""

    log_days: LogDays = 30
    """How long logs are kept. CloudWatch Logs bills 0.03 USD per GB and month."""

    functions: Functions = Functions()
    models: Models
    guardrail: Annotated[GuardrailPolicy, WithJsonSchema({"type": "string", "pattern": r"\.yaml$"})]
    """Path of the policy file, relative to the project, as guardrails/default.yaml."""
    inference: Inference = Inference()
    knowledge: Knowledge | None = None
    """Documents that questions are answered from; left out, there is none of it and nothing of it is billed."""

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
        alias, chatting = self.inference.summary_alias, self.chat_aliases()
        if not chatting:
            raise ValueError("models.aliases: none of them has a model that can chat")
        if alias is not None and alias not in chatting:
            raise ValueError(
                f"inference.summary_alias: {alias!r} is not accepted: expected an alias that can chat: "
                f"{', '.join(chatting)}"
            )
        return self

    @model_validator(mode="after")
    def _knowledge_can_be_built(self) -> "Config":
        if self.knowledge is not None:
            rules.check(self, self.knowledge)
        return self

    def chat_aliases(self) -> list[str]:
        """Return the aliases whose first model can chat."""
        return [alias for alias in self.models.aliases if self.targets(alias)[0].model.kind == "chat"]

    @property
    def summary_alias(self) -> str:
        """The alias that writes the summaries of long sessions."""
        return self.inference.summary_alias or self.chat_aliases()[0]

    def targets(self, alias: str) -> list[ModelTarget]:
        """Return what the alias calls in this environment, best first.

        Raises:
            ValueError: a model is unknown or has ended, or none can be called here.
        """
        candidates = [
            CustomCandidate(arn=candidate.arn, base=candidate.base) if isinstance(candidate, CustomModel) else candidate
            for candidate in self.models.aliases[alias]
        ]
        return targets(candidates, region=self.region, residency=self.models.residency)

    def physical_name(self, what: str) -> str:
        """Return a name for what AWS wants named before it exists, as ``quarry-dev-guardrail``."""
        return f"quarry-{self.name}-{what}"
