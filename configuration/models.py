"""The section `models` of an environment file: the aliases, and which models each of them names."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from configuration.section import Alias, ModelId, Section

Residency = Literal["in_region", "geography", "global"]

CustomModelArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d{12}:(provisioned-model|custom-model-deployment)/[a-z0-9]{12}$",
        examples=["arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"],
    ),
]


class CustomModel(Section):
    """A tuned model that is deployed on demand or has provisioned throughput."""

    arn: CustomModelArn
    """What is called."""

    base: ModelId
    """The catalogue's model that it was made of: it decides parameters and limits."""


def _kind(value: Any) -> str:
    return "[id]" if isinstance(value, str) else "[custom]"


# The tags are in brackets because environment_file leaves such parts of a path out.
NamedCandidate = Annotated[
    Annotated[ModelId, Tag("[id]")] | Annotated[CustomModel, Tag("[custom]")], Discriminator(_kind)
]
Candidates = Annotated[list[NamedCandidate], Field(min_length=1, max_length=5)]


class Models(Section):
    """Which models the platform serves, and under which names."""

    aliases: Annotated[dict[Alias, Candidates], Field(min_length=1)]
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
