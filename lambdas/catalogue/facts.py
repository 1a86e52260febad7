"""The shape of the catalogue: what ``models.yaml`` and ``prices.yaml`` say, and what ``catalogue.json`` carries.

Facts stand in groups, each with its source and the date on which it was true. Terms are AWS's own: Bedrock user guide,
model cards ("Source Region", "Destination Regions"), ListFoundationModels, ListInferenceProfiles.
"""

from datetime import date
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from lambdas.catalogue.parameters import ParameterRules

REGION: Final = r"[a-z]{2}(-[a-z]+)+-\d"
Region = Annotated[str, Meta(pattern=f"^{REGION}$")]
Destination = Annotated[str, Meta(pattern=rf"^(\*|{REGION})$")]
Kind = Literal["chat", "embedding", "rerank"]
Scope = Literal["us", "eu", "apac", "jp", "au", "ca", "in", "us-gov", "global"]
InferenceType = Literal["ON_DEMAND", "INFERENCE_PROFILE"]
Modality = Literal["TEXT", "IMAGE", "VIDEO", "SPEECH", "EMBEDDING"]
VectorType = Literal["FLOAT32", "BINARY"]
PriceScope = Literal["in_region", "geography", "global"]
Tokens = Annotated[int, Meta(ge=1)]
Dollars = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1)]


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a group of facts: where they come from and the day they were looked up."""

    source: Text
    checked: date


class Route(Struct, frozen=True, forbid_unknown_fields=True):
    """From which regions a profile can be called, and where Bedrock may then send the call: ("*",) is anywhere."""

    sources: Annotated[tuple[Region, ...], Meta(min_length=1)]
    destinations: Annotated[tuple[Destination, ...], Meta(min_length=1)]


class InferenceProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """A system-defined (cross-region) inference profile. Its destinations depend on where it is called from."""

    profile_id: str = field(name="id")
    scope: Scope
    routes: Annotated[tuple[Route, ...], Meta(min_length=1)]

    @property
    def callable_from(self) -> tuple[str, ...]:
        """The regions it can be called from."""
        return tuple(sorted({region for route in self.routes for region in route.sources}))

    @property
    def destinations(self) -> tuple[str, ...]:
        """Every region that a call may be sent to, from wherever it comes; ("*",) for a global profile."""
        return tuple(sorted({region for route in self.routes for region in route.destinations}))

    def called_from(self, region: str) -> "InferenceProfile":
        """Return the profile as it is for callers in one region: ``destinations`` are then exactly theirs.

        Raises:
            KeyError: it cannot be called from there.
        """
        for route in self.routes:
            if region in route.sources:
                own = Route(sources=(region,), destinations=route.destinations)
                return InferenceProfile(profile_id=self.profile_id, scope=self.scope, routes=(own,))
        raise KeyError(region)


class Availability(Group, frozen=True, kw_only=True):
    """Where and how the model can be called. ``in_region``: regions where the bare id is called on demand."""

    in_region: tuple[Region, ...] = ()
    inference_types: Annotated[tuple[InferenceType, ...], Meta(min_length=1)]
    profiles: tuple[InferenceProfile, ...] = ()


class Features(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Converse can do with the model; None where AWS does not say."""

    system: bool | None
    tools: bool | None
    images: bool | None
    documents: bool | None
    streaming: bool | None
    caching: bool | None
    json_schema: bool | None
    reasoning: bool | None


class Capabilities(Group, frozen=True, kw_only=True):
    """What the model takes and gives.

    Attributes:
        dimensions: lengths of vector that an embedding model offers, best first.
        vector_types: kinds of vector that a knowledge base can have it make; none if no knowledge base takes it.
        chunk_tokens: the largest chunk that a knowledge base accepts with it.
    """

    input_modalities: Annotated[tuple[Modality, ...], Meta(min_length=1)]
    output_modalities: Annotated[tuple[Modality, ...], Meta(min_length=1)]
    context_tokens: Tokens | None
    max_output_tokens: Tokens | None = None
    features: Features | None = None
    dimensions: tuple[Tokens, ...] = ()
    vector_types: tuple[VectorType, ...] = ()
    chunk_tokens: Tokens | None = None


class Parameters(Group, frozen=True, kw_only=True):
    """What the family accepts of inferenceConfig."""

    rules: ParameterRules


class Lifecycle(Group, frozen=True, kw_only=True):
    """Dates of the model's life in Bedrock; None while AWS has not announced one.

    Attributes:
        legacy: from then on new accounts cannot use it, and others lose it after 15 days without a call.
        end_of_life: from then on calls fail.
    """

    launched: date | None
    legacy: date | None
    end_of_life: date | None


class Access(Group, frozen=True, kw_only=True):
    """What an account must have done first: accepted a Marketplace agreement, sent in Anthropic's use case form."""

    agreement: Literal["none", "marketplace"]
    anthropic_form: bool


class Quota(Group, frozen=True, kw_only=True):
    """How calls use up the account's quotas of tokens. At its start a call takes its input and its ``maxTokens``.

    Attributes:
        output_burndown: how many tokens of the quota a token of the answer takes, once it is written.
    """

    output_burndown: Annotated[int, Meta(ge=1)]


class FoundationModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that Quarry can serve.

    Attributes:
        model_id: what Converse takes where the model is offered on demand, and what its profiles' ids end with.
        customization_id: what CreateModelCustomizationJob takes and Converse refuses; None if it cannot be tuned.
    """

    model_id: str = field(name="id")
    customization_id: str | None = None
    name: Text
    provider: Text
    kind: Kind
    availability: Availability
    capabilities: Capabilities
    parameter_rules: Parameters | None = field(name="parameters", default=None)
    lifecycle: Lifecycle
    quota: Quota | None = None
    access: Access

    @property
    def in_region(self) -> tuple[str, ...]:
        """Regions where the bare id can be called on demand."""
        return self.availability.in_region

    @property
    def profiles(self) -> tuple[InferenceProfile, ...]:
        """Its system-defined inference profiles."""
        return self.availability.profiles

    @property
    def context_tokens(self) -> int | None:
        """How many tokens a request can have; None where it is not documented."""
        return self.capabilities.context_tokens

    @property
    def max_output_tokens(self) -> int:
        """The most tokens that one answer can have; 0 for models that write none (embedding, rerank)."""
        return self.capabilities.max_output_tokens or 0

    @property
    def output_burndown(self) -> int:
        """How many tokens of a quota a token of its answer takes; 1 for models that write none."""
        return self.quota.output_burndown if self.quota else 1

    @property
    def features(self) -> Features | None:
        """What Converse can do with it; None for models that Converse does not take."""
        return self.capabilities.features

    @property
    def parameters(self) -> ParameterRules:
        """What it accepts of inferenceConfig; nothing for models that Converse does not take."""
        return self.parameter_rules.rules if self.parameter_rules else ParameterRules()

    @property
    def agreement(self) -> str:
        """ "none" or "marketplace"."""
        return self.access.agreement

    @property
    def anthropic_form(self) -> bool:
        """Whether the account must have sent in Anthropic's use case form."""
        return self.access.anthropic_form


class RetiredModel(Group, frozen=True, kw_only=True):
    """A model that has ended or is about to, and the living one that comes nearest to it."""

    model_id: str = field(name="id")
    name: Text
    end_of_life: date
    replacement: str


class LongPromptPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every token of a call costs whose prompt has more than ``over_tokens``, those in the cache included."""

    over_tokens: Tokens
    input: Dollars
    output: Dollars
    cache_read: Dollars | None = None
    cache_write: Dollars | None = None


class Price(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars per million tokens; rerankers are paid per thousand queries instead. None: not billed or not known.

    Attributes:
        long_prompt: what takes the place of the others where the prompt is long; None if it costs the same.
    """

    input: Dollars | None = None
    output: Dollars | None = None
    cache_read: Dollars | None = None
    cache_write: Dollars | None = None
    thousand_queries: Dollars | None = None
    long_prompt: LongPromptPrice | None = None


class PriceListName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How AWS's Price List calls the model.

    Attributes:
        name: in service AmazonBedrock the part of ``usagetype`` between region and "-input-tokens"; in service
            AmazonBedrockFoundationModels (sold through Marketplace) the attribute ``servicename``.
    """

    service: Literal["AmazonBedrock", "AmazonBedrockFoundationModels"]
    name: Text


class ModelPrices(Group, frozen=True, kw_only=True):
    """A model's prices by how it is called. ``unknown``: scope -> why there is none although it can be called so."""

    in_region: Price | None = None
    geography: Price | None = None
    global_: Price | None = field(name="global", default=None)
    unknown: dict[PriceScope, Text] = {}
    price_list: PriceListName | None = None


class Catalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything.

    Attributes:
        sources: what the words in brackets mean that groups name as their ``source``.
        price_region: the region whose prices these are.
    """

    sources: dict[str, Text]
    models: tuple[FoundationModel, ...]
    retired: tuple[RetiredModel, ...]
    price_region: Region
    prices: dict[str, ModelPrices]
