"""Relations between the catalogue's facts that types cannot say. Asked when it is compiled."""

import re
from collections import Counter
from collections.abc import Iterator

from lambdas.catalogue.facts import Catalogue, FoundationModel, Group, InferenceProfile, ModelPrices, PriceScope

# What the regions of a geography's profiles begin with. From Canada AWS routes by way of the us profiles, from Israel
# by way of the eu ones.
_PREFIXES = {
    "us": ("us-east-", "us-west-", "ca-"),
    "eu": ("eu-", "il-"),
    "apac": ("ap-",),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "au": ("ap-southeast-2", "ap-southeast-4", "ap-southeast-6"),
    "ca": ("ca-",),
    "in": ("ap-south-",),
    "us-gov": ("us-gov-",),
}


def problems(catalogue: Catalogue) -> list[str]:
    """Return a line for everything that contradicts itself; none if all is well."""
    found: list[str] = []
    ids = Counter([model.model_id for model in catalogue.models] + [model.model_id for model in catalogue.retired])
    found += [f"{model_id}: there {count} times; keep one" for model_id, count in ids.items() if count > 1]
    for model in catalogue.models:
        found += [f"{model.model_id}: {problem}" for problem in _of_model(model)]
        prices = catalogue.prices.get(model.model_id)
        if prices is None:
            found.append(f"{model.model_id}: no entry in prices.yaml")
        else:
            found += [f"{model.model_id}: {problem}" for problem in _of_prices(model, prices)]
    living = {model.model_id for model in catalogue.models}
    found += [f"prices.yaml: {model_id}: no such model in models.yaml" for model_id in catalogue.prices.keys() - living]
    found += [
        f"retired: {model.model_id}: its replacement {model.replacement} is not in models.yaml"
        for model in catalogue.retired
        if model.replacement not in living
    ]
    for name, group in _groups(catalogue):
        words = re.findall(r"\[([^\]]+)\]", group.source)
        found += [
            f"{name}: source [{word}] is not explained under sources" for word in words if word not in catalogue.sources
        ]
    return sorted(found)


def _groups(catalogue: Catalogue) -> Iterator[tuple[str, Group]]:
    for model in catalogue.models:
        facts = (model.availability, model.capabilities, model.parameter_rules, model.lifecycle, model.quota)
        for group in (*facts, model.access):
            if group:
                yield model.model_id, group
    for ended in catalogue.retired:
        yield ended.model_id, ended
    yield from catalogue.prices.items()


def _of_model(model: FoundationModel) -> Iterator[str]:
    if ("ON_DEMAND" in model.availability.inference_types) != bool(model.in_region):
        yield "inference_types has ON_DEMAND exactly if in_region has regions"
    if ("INFERENCE_PROFILE" in model.availability.inference_types) != bool(model.profiles):
        yield "inference_types has INFERENCE_PROFILE exactly if there are profiles"
    if len(set(model.in_region)) != len(model.in_region):
        yield "in_region names a region twice"
    for profile_id, count in Counter(profile.profile_id for profile in model.profiles).items():
        if count > 1:
            yield f"profile {profile_id} is there {count} times"
    for profile in model.profiles:
        yield from _of_profile(model, profile)
    yield from _of_kind(model)
    yield from _of_dates(model)
    if model.anthropic_form != (model.provider == "Anthropic"):
        yield "anthropic_form is true exactly for Anthropic's models"


def _of_profile(model: FoundationModel, profile: InferenceProfile) -> Iterator[str]:
    if profile.profile_id != f"{profile.scope}.{model.model_id}":
        yield f"profile {profile.profile_id}: expected {profile.scope}.{model.model_id}"
    sources = Counter(region for route in profile.routes for region in route.sources)
    for region, count in sources.items():
        if count > 1:
            yield f"profile {profile.profile_id}: source region {region} has {count} routes"
    for route in profile.routes:
        if ("*" in route.destinations) != (profile.scope == "global") or (
            "*" in route.destinations and len(route.destinations) > 1
        ):
            yield f"profile {profile.profile_id}: a global profile's destinations are [\"*\"], and no other's"
        if profile.scope == "global":
            continue
        for region in (*route.sources, *route.destinations):
            if not region.startswith(_PREFIXES[profile.scope]):
                yield f"profile {profile.profile_id}: region {region} is not in {profile.scope}"


def _of_kind(model: FoundationModel) -> Iterator[str]:
    capabilities = model.capabilities
    chat = model.kind == "chat"
    if chat and not (capabilities.max_output_tokens and capabilities.context_tokens):
        yield "a chat model needs context_tokens and max_output_tokens"
    elif chat and (capabilities.max_output_tokens or 0) > (capabilities.context_tokens or 0):
        yield "max_output_tokens exceeds context_tokens"
    if chat != (capabilities.features is not None) or chat != (model.parameter_rules is not None):
        yield "chat models, and only they, have features and parameters"
    if chat != (model.quota is not None):
        yield "chat models, and only they, have a quota"
    if (model.kind == "embedding") != bool(capabilities.dimensions):
        yield "embedding models, and only they, have dimensions"
    if bool(capabilities.vector_types) != bool(capabilities.chunk_tokens):
        yield "vector_types and chunk_tokens come together"
    if capabilities.vector_types and not capabilities.dimensions:
        yield "embedding models, and only they, have vector_types"
    if (model.kind == "embedding") != ("EMBEDDING" in capabilities.output_modalities):
        yield "embedding models, and only they, put out EMBEDDING"
    if capabilities.features and capabilities.features.images != ("IMAGE" in capabilities.input_modalities):
        yield "features.images and input_modalities contradict each other"
    for name in ("temperature", "top_p"):
        accepted = getattr(model.parameters, name)
        if accepted and accepted.minimum >= accepted.maximum:
            yield f"parameters: {name} has an empty range"
    known = {"temperature", "top_p", "top_k"}
    for group in model.parameters.exclusive:
        if len(group) < 2 or not known.issuperset(group):
            yield f"parameters: exclusive group {list(group)}: expected two or more of {sorted(known)}"


def _of_dates(model: FoundationModel) -> Iterator[str]:
    life = model.lifecycle
    days = [day for day in (life.launched, life.legacy, life.end_of_life) if day]
    if days != sorted(days) or len(set(days)) != len(days):
        yield "lifecycle: launched, legacy, end_of_life are not in this order"


def _of_prices(model: FoundationModel, prices: ModelPrices) -> Iterator[str]:
    scopes: set[PriceScope] = {"in_region"} if model.in_region else set()
    scopes |= {"global" if profile.scope == "global" else "geography" for profile in model.profiles}
    for scope, given in (("in_region", prices.in_region), ("geography", prices.geography), ("global", prices.global_)):
        reason = scope in prices.unknown
        if given and reason:
            yield f"prices.yaml: {scope}: both a price and a reason why there is none"
        if scope in scopes and not given and not reason:
            yield f"prices.yaml: {scope}: it can be called so; give a price, or the reason under unknown"
        if scope not in scopes and (given or reason):
            yield f"prices.yaml: {scope}: it cannot be called so"
        if given is None:
            continue
        needed = {"chat": ("input", "output"), "embedding": ("input",), "rerank": ("thousand_queries",)}[model.kind]
        yield from (f"prices.yaml: {scope}: no {name}" for name in needed if getattr(given, name) is None)
        if given.long_prompt and (given.input or 0) > given.long_prompt.input:
            yield f"prices.yaml: {scope}: a long prompt is cheaper than a short one"
