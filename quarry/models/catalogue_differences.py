"""Where the catalogue and AWS disagree, and what the catalogue would say if AWS were right."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import msgspec

from lambdas.catalogue.facts import (
    Availability,
    Catalogue,
    FoundationModel,
    InferenceProfile,
    Lifecycle,
    ModelPrices,
    Price,
    Route,
)
from quarry.models.bedrock_offer import Offer, OfferedModel, OfferedProfile
from quarry.models.price_list import ListedPrice

Kind = Literal["new", "gone", "changed"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One fact.

    Attributes:
        fact: which, as "in_region" or "lifecycle.end_of_life".
        ours: what the catalogue has.
        theirs: what AWS says.
        writable: whether ``quarry models refresh --write`` can take it over; a new model's limits and parameter rules,
            for example, are in no API.
    """

    kind: Kind
    model_id: str
    fact: str
    ours: str
    theirs: str
    writable: bool = True


@dataclass(kw_only=True)
class Comparison:
    """All differences, and the models and prices as they would be after taking over what is writable."""

    differences: list[Difference] = field(default_factory=list)
    models: dict[str, FoundationModel] = field(default_factory=dict)
    prices: dict[str, ModelPrices] = field(default_factory=dict)


def compare(catalogue: Catalogue, offer: Offer, *, today: date) -> Comparison:
    """Compare models, lifecycles and profiles with what a region offers."""
    result = Comparison()
    known = {model.model_id for model in catalogue.models} | {model.model_id for model in catalogue.retired}
    for model in catalogue.models:
        found, updated = _of_model(model, offer, today=today)
        result.differences += found
        if updated != model:
            result.models[model.model_id] = updated
    for offered in offer.models.values():
        if offered.model_id not in known:
            what = f"{offered.provider} {offered.name}{', legacy' if offered.is_legacy else ''}"
            result.differences.append(
                Difference(kind="new", model_id=offered.model_id, fact="model", ours="-", theirs=what, writable=False)
            )
    return result


def compare_prices(catalogue: Catalogue, listed: list[ListedPrice], *, into: Comparison) -> None:
    """Add to ``into`` where the Price List differs by more than a rounding."""
    for entry in listed:
        prices = into.prices.get(entry.model_id, catalogue.prices[entry.model_id])
        name = "global_" if entry.scope == "global" else entry.scope
        price: Price | None = getattr(prices, name)
        ours = getattr(price, entry.name) if price else None
        if price is None or (ours is not None and abs(ours - entry.dollars) <= 1e-6 * entry.dollars):
            continue
        shown = "-" if ours is None else f"{ours:g}"
        into.differences.append(
            Difference(
                kind="changed",
                model_id=entry.model_id,
                fact=f"price.{entry.scope}.{entry.name}",
                ours=shown,
                theirs=f"{entry.dollars:g}",
            )
        )
        changed = msgspec.structs.replace(price, **{entry.name: entry.dollars})
        into.prices[entry.model_id] = msgspec.structs.replace(
            prices, source=_sourced(prices.source, "GetProducts"), **{name: changed}
        )


def _of_model(model: FoundationModel, offer: Offer, *, today: date) -> tuple[list[Difference], FoundationModel]:
    offered = offer.models.get(model.model_id)
    profiles = {
        profile.profile_id: profile for profile in offer.profiles.values() if profile.model_id == model.model_id
    }
    ours = [profile for profile in model.profiles if offer.region in profile.callable_from]
    if offered is None and not profiles:
        if offer.region not in model.in_region and not ours:
            return [], model
        gone = _difference(model, "gone", "model", f"callable in {offer.region}", "not listed", writable=False)
        return [gone], model
    found: list[Difference] = []
    on_demand = offered is not None and offered.on_demand
    availability = _in_region(model, on_demand, offer.region, found)
    availability = _profiles(model, availability, ours, profiles, offer.region, found)
    lifecycle = model.lifecycle if offered is None else _lifecycle(model, offered, offer.region, found, today=today)
    if availability != model.availability:
        availability = msgspec.structs.replace(
            _typed(availability), source=_sourced(availability.source, f"{offer.region}: ListInferenceProfiles")
        )
    return found, msgspec.structs.replace(model, availability=availability, lifecycle=lifecycle)


def _sourced(source: str, addition: str) -> str:
    return source if addition in source else f"{source}; {addition}"


def _difference(
    model: FoundationModel, kind: Kind, fact: str, ours: str, theirs: str, *, writable: bool = True
) -> Difference:
    return Difference(kind=kind, model_id=model.model_id, fact=fact, ours=ours, theirs=theirs, writable=writable)


def _in_region(model: FoundationModel, on_demand: bool, region: str, found: list[Difference]) -> Availability:
    here = region in model.in_region
    if here == on_demand:
        return model.availability
    ours, theirs = ("on demand", "-") if here else ("-", "on demand")
    found.append(_difference(model, "gone" if here else "new", f"in_region {region}", ours, theirs))
    regions = [name for name in model.in_region if name != region] + ([region] if on_demand else [])
    return msgspec.structs.replace(model.availability, in_region=tuple(regions))


def _profiles(
    model: FoundationModel,
    availability: Availability,
    ours: list[InferenceProfile],
    theirs: dict[str, OfferedProfile],
    region: str,
    found: list[Difference],
) -> Availability:
    updated = {profile.profile_id: profile for profile in availability.profiles}
    for profile in ours:
        if profile.profile_id not in theirs:
            destinations = ", ".join(profile.called_from(region).destinations)
            found.append(_difference(model, "gone", f"profile {profile.profile_id}", destinations, "-"))
            updated[profile.profile_id] = _rerouted(profile, region, ())
    here = {profile.profile_id: profile.called_from(region).destinations for profile in ours}
    for profile_id, offered in theirs.items():
        if here.get(profile_id) == offered.destinations:
            continue
        kind: Kind = "changed" if profile_id in here else "new"
        shown = ", ".join(here.get(profile_id, ("-",)))
        scope = profile_id.split(".", 1)[0]
        if profile_id not in updated and not _is_scope(scope):
            found.append(_difference(model, kind, f"profile {profile_id}", shown, "unknown scope", writable=False))
            continue
        found.append(_difference(model, kind, f"profile {profile_id}", shown, ", ".join(offered.destinations)))
        empty = InferenceProfile(profile_id=profile_id, scope=scope, routes=())  # type: ignore[arg-type]  # checked above
        updated[profile_id] = _rerouted(updated.get(profile_id, empty), region, offered.destinations)
    return msgspec.structs.replace(availability, profiles=tuple(p for p in updated.values() if p.routes))


def _is_scope(scope: str) -> bool:
    try:
        msgspec.convert(scope, InferenceProfile.__annotations__["scope"])
    except msgspec.ValidationError:
        return False
    return True


def _rerouted(profile: InferenceProfile, region: str, destinations: tuple[str, ...]) -> InferenceProfile:
    """Return the profile with that route for the region, or, without destinations, with none."""
    routes: list[Route] = []
    for route in profile.routes:
        sources = tuple(name for name in route.sources if name != region)
        if destinations and set(route.destinations) == set(destinations):
            sources, destinations = (*sources, region), ()
        if sources:
            routes.append(Route(sources=sources, destinations=route.destinations))
    if destinations:
        routes.append(Route(sources=(region,), destinations=destinations))
    return InferenceProfile(profile_id=profile.profile_id, scope=profile.scope, routes=tuple(routes))


def _typed(availability: Availability) -> Availability:
    """Set inference_types to what regions and profiles say."""
    direct = ("ON_DEMAND",) if availability.in_region else ()
    routed = ("INFERENCE_PROFILE",) if availability.profiles else ()
    return msgspec.structs.replace(availability, inference_types=direct + routed)


def _lifecycle(
    model: FoundationModel, offered: OfferedModel, region: str, found: list[Difference], *, today: date
) -> Lifecycle:
    """Take over the dates that AWS gives; it is silent about dates that it has not set."""
    life = model.lifecycle
    changes: dict[str, date] = {}
    for name in ("legacy", "end_of_life"):
        ours, theirs = getattr(life, name), getattr(offered, name)
        if theirs and theirs != ours:
            changes[name] = theirs
    if life.launched is None and offered.launched:
        changes["launched"] = offered.launched
    found += [
        _difference(model, "changed", f"lifecycle.{name}", str(getattr(life, name) or "-"), str(day))
        for name, day in changes.items()
    ]
    is_legacy = life.legacy is not None and life.legacy <= today
    if is_legacy != offered.is_legacy and "legacy" not in changes:
        states = ("ACTIVE", "LEGACY")
        found.append(
            _difference(
                model, "changed", "lifecycle.status", states[is_legacy], states[offered.is_legacy], writable=False
            )
        )
    source = _sourced(life.source, f"ListFoundationModels, {region}") if changes else life.source
    return msgspec.structs.replace(life, source=source, **changes)
