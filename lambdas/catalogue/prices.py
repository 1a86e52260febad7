"""What a model costs, in US dollars. List prices of one region, dated: an estimate, never a bill."""

from typing import Final

import msgspec

from lambdas.catalogue import compiled
from lambdas.catalogue.facts import InferenceProfile, LongPromptPrice, ModelPrices, Price, PriceScope
from lambdas.catalogue.models import find

__all__ = ["LONG_PROMPT", "ModelPrices", "Price", "PriceScope", "of_model", "parts", "price", "scope_of"]

# What the names of the parts begin with that count where a prompt is long.
LONG_PROMPT: Final = "long_prompt_"


def of_model(model_id: str) -> ModelPrices | None:
    """Return all prices of a model with their source, or None if there are none.

    Raises:
        ModelNotInCatalogueError, ModelEndedError: as ``lambdas.catalogue.models.find``.
    """
    return compiled.load().prices.get(find(model_id).model_id)


def price(model_id: str, *, scope: PriceScope) -> Price | None:
    """Return the price for calls made directly, through a geography's profile or through the global one.

    Returns:
        Dollars per million tokens (rerankers: per thousand queries); None if it is not known or not callable so.

    Raises:
        ModelNotInCatalogueError, ModelEndedError: as ``lambdas.catalogue.models.find``.
    """
    prices = of_model(model_id)
    if prices is None:
        return None
    return {"in_region": prices.in_region, "geography": prices.geography, "global": prices.global_}[scope]


def parts(price: Price) -> dict[str, float | None]:
    """Return a price as numbers by name: ``input``, ..., those of long prompts with ``long_prompt_`` before it."""
    named: dict[str, float | None] = {}
    for name, value in msgspec.structs.asdict(price).items():
        if isinstance(value, LongPromptPrice):
            named |= {LONG_PROMPT + part: amount for part, amount in msgspec.structs.asdict(value).items()}
        elif name != "long_prompt":
            named[name] = value
    return named


def scope_of(profile: InferenceProfile | None) -> PriceScope:
    """Return which price applies to calls through a profile, or to those of the model itself."""
    if profile is None:
        return "in_region"
    return "global" if profile.scope == "global" else "geography"
