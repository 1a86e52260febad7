"""Which models there are, and what can be called in a region. Pure: no AWS call, no environment.

What an alias calls is resolved at synth and by the command line; the inference function is told the outcome in its
settings. The facts it reads here too, once per process: limits, features, parameter rules and prices.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final, Literal

from msgspec import Struct

from lambdas.catalogue import compiled
from lambdas.catalogue.facts import FoundationModel, InferenceProfile, RetiredModel

__all__ = [
    "FoundationModel",
    "InferenceProfile",
    "ModelEndedError",
    "ModelNotInCatalogueError",
    "ModelNotInRegionError",
    "Residency",
    "ResolvedModel",
    "RetiredModel",
    "catalogue",
    "find",
    "resolve",
    "resolve_candidates",
    "retired",
]

Residency = Literal["in_region", "geography", "global"]

# A country's own profile keeps prompts closer than its continent's.
_NARROWEST_FIRST: Final = ("jp", "au", "in", "ca", "us-gov", "us", "eu", "apac", "global")


class ModelNotInCatalogueError(ValueError):
    """The model id is not one that the catalogue has."""


class ModelEndedError(ValueError):
    """The model has reached its end of life, or is so near to it that it is not offered any more."""


class ModelNotInRegionError(ValueError):
    """Under the residency policy the model can be called neither directly nor by a profile in the region."""


class ResolvedModel(Struct, frozen=True, kw_only=True):
    """What is called: the model, and the inference profile if the call goes through one.

    The profile is the one of the region: its ``destinations`` are those of calls from there.
    """

    model: FoundationModel
    profile: InferenceProfile | None

    @property
    def callable_id(self) -> str:
        """The ``modelId`` for Converse."""
        return self.profile.profile_id if self.profile else self.model.model_id


@cache
def catalogue() -> dict[str, FoundationModel]:
    """Return model id -> model, in the order of ``models.yaml``."""
    return {model.model_id: model for model in compiled.load().models}


@cache
def retired() -> dict[str, RetiredModel]:
    """Return the ids that were models: id -> when it ended and what comes nearest to it."""
    return {model.model_id: model for model in compiled.load().retired}


def find(model_id: str) -> FoundationModel:
    """Return the model of that id.

    Raises:
        ModelEndedError: with the end-of-life date and the replacement.
        ModelNotInCatalogueError: naming the ids that the catalogue has, or the base model of a profile's id.
    """
    if model_id in catalogue():
        return catalogue()[model_id]
    base = _base(model_id)
    ended = retired().get(base)
    if ended:
        raise ModelEndedError(
            f"{model_id} ({ended.name}) has its end of life on {ended.end_of_life}; use {ended.replacement} instead"
        )
    if base in catalogue():
        raise ModelNotInCatalogueError(
            f"{model_id!r} is an inference profile or a variant of {base}; name {base}, and what to call is chosen by "
            "region and residency"
        )
    raise ModelNotInCatalogueError(f"the catalogue has no model {model_id!r}; it has {', '.join(sorted(catalogue()))}")


def _base(model_id: str) -> str:
    """Return the base model's id for a profile's id or a tunable variant's, else the id itself."""
    scope, _, rest = model_id.partition(".")
    base = rest if scope in _NARROWEST_FIRST else model_id
    for model in catalogue().values():
        if base == model.customization_id:
            return model.model_id
    return base


def resolve(model_id: str, *, region: str, residency: Residency = "geography") -> ResolvedModel:
    """Return what to call in ``region``: what processes prompts nearest to it among what ``residency`` allows.

    ``in_region`` allows the model in the region itself; ``geography`` also a profile of the region's geography, a
    country's before a continent's (from Canada AWS's own ``us`` profiles count as such: they route to Canada and the
    US); ``global`` also the global profile.

    Raises:
        ModelEndedError: the model has ended.
        ModelNotInCatalogueError: unknown id.
        ModelNotInRegionError: naming the residency that would do, or the regions that have the model.
        ValueError: ``residency`` is none of the three.
    """
    if residency not in ("in_region", "geography", "global"):
        raise ValueError(f"{residency!r} is not a residency: in_region, geography or global")
    model = find(model_id)
    if region in model.in_region:
        return ResolvedModel(model=model, profile=None)
    reachable = sorted(
        (profile for profile in model.profiles if region in profile.callable_from),
        key=lambda profile: _NARROWEST_FIRST.index(profile.scope),
    )
    for profile in reachable:
        if residency == "global" or (residency == "geography" and profile.scope != "global"):
            return ResolvedModel(model=model, profile=profile.called_from(region))
    raise ModelNotInRegionError(_why_not(model, region=region, residency=residency, reachable=reachable))


def _why_not(
    model: FoundationModel, *, region: str, residency: Residency, reachable: Sequence[InferenceProfile]
) -> str:
    if reachable:
        nearest = reachable[0]
        wider = "global" if nearest.scope == "global" else "geography"
        return (
            f"{model.model_id} cannot be called in {region} with residency {residency}; with residency {wider} it "
            f"can, through {nearest.profile_id}"
        )
    regions = sorted({*model.in_region, *(name for profile in model.profiles for name in profile.callable_from)})
    return f"{model.model_id} cannot be called in {region}; it can in {', '.join(regions)}"


def resolve_candidates(
    candidates: Sequence[str], *, region: str, residency: Residency = "geography"
) -> list[ResolvedModel]:
    """Return what to call for each candidate that can be called in ``region``, in the candidates' order.

    Raises:
        ModelEndedError: a candidate has ended, even if an earlier one would do.
        ModelNotInCatalogueError: a candidate is unknown, likewise.
        ModelNotInRegionError: none can be called; says why for each.
    """
    for model_id in candidates:
        find(model_id)
    found: list[ResolvedModel] = []
    reasons: list[str] = []
    for model_id in candidates:
        try:
            found.append(resolve(model_id, region=region, residency=residency))
        except ModelNotInRegionError as error:
            reasons.append(str(error))
    if not found:
        raise ModelNotInRegionError("; ".join(reasons) or "there are no candidates")
    return found
