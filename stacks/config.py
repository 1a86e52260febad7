"""Every knob of an environment file: its meaning, bounds and default. Unknown keys are refused.

``stacks.environment_file`` reads ``environments/<name>.yaml`` into ``Config`` and turns what is wrong into one clear
line each. The command line imports this too, so nothing here imports aws_cdk.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from lambdas.catalogue.models import ModelNotInCatalogueError, ModelNotInRegionError, ResolvedModel, resolve_first
from stacks.guardrail_policy import GuardrailPolicy

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", examples=["us-east-1"])]
Alias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", examples=["fast"])]
ModelId = Annotated[str, Field(min_length=3, examples=["amazon.nova-micro-v1:0"])]

# CloudWatch keeps logs for one of these numbers of days.
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]


class Section(BaseModel):
    """Base of all sections: strict types, no unknown keys, immutable, docstrings of attributes as descriptions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class Models(Section):
    """Which models the platform serves, and under which names."""

    aliases: Annotated[dict[Alias, Annotated[list[ModelId], Field(min_length=1, max_length=5)]], Field(min_length=1)]
    """Alias -> model ids of the catalogue, best first. The first that can be called in the region is used."""


class Throttle(Section):
    """API Gateway's throttle for the whole stage; above it callers get 429."""

    rate: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Requests per second, steady."""

    burst: Annotated[int, Field(ge=1, le=5_000)] = 100
    """Requests at once."""


class Inference(Section):
    """The endpoint that applications call."""

    throttle: Throttle = Throttle()

    timeout_seconds: Annotated[int, Field(ge=5, le=29)] = 29
    """How long one request may take. API Gateway ends it after 29 s unless the account's quota was raised."""

    max_body_kilobytes: Annotated[int, Field(ge=1, le=5_120)] = 1_024
    """Larger request bodies get 413. Lambda itself takes 6 MB at most, the event's envelope included."""

    max_attempts: Annotated[int, Field(ge=1, le=5)] = 3
    """Calls to Bedrock per request while it throttles or fails, the first included."""

    key_cache_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    """How long API Gateway remembers what a key may do. `quarry keys revoke` empties this memory."""

    memory_megabytes: Annotated[int, Field(ge=128, le=10_240)] = 1_024
    """Memory of the inference function; CPU grows with it, and so does the price per millisecond."""

    log_days: LogDays = 30
    """How long logs are kept. CloudWatch Logs bills 0.03 USD per GB and month."""

    owns_api_gateway_account: bool = True
    """Whether this environment sets the role with which API Gateway writes logs. AWS has one such setting per account
    and region: exactly one environment there may own it."""


class Functions(Section):
    """How all functions are built."""

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

    functions: Functions = Functions()
    models: Models
    guardrail: Annotated[GuardrailPolicy, WithJsonSchema({"type": "string", "pattern": r"\.yaml$"})]
    """Path of the policy file, relative to the project, as guardrails/default.yaml."""
    inference: Inference = Inference()

    @model_validator(mode="after")
    def _aliases_resolve(self) -> "Config":
        for alias in self.models.aliases:
            try:
                self.resolve(alias)
            except (ModelNotInCatalogueError, ModelNotInRegionError) as error:
                raise ValueError(f"models.aliases.{alias}: {error}") from error
        return self

    def resolve(self, alias: str) -> ResolvedModel:
        """Return what the alias calls in this environment's region."""
        return resolve_first(self.models.aliases[alias], region=self.region)

    def physical_name(self, what: str) -> str:
        """Return a name for what AWS wants named before it exists, as ``quarry-dev-guardrail``."""
        return f"quarry-{self.name}-{what}"
