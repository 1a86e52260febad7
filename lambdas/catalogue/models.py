"""The catalogue: which models there are, and what can be called in a region.

Read at synth and by the command line. Functions receive the outcome in their settings and never read the file.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml


class ModelNotInCatalogueError(ValueError):
    """The model id is not one that the catalogue has."""


class ModelNotInRegionError(ValueError):
    """The model can be called neither directly nor by an inference profile in the region."""


@dataclass(frozen=True, kw_only=True)
class InferenceProfile:
    """A system-defined inference profile.

    ``callable_from`` and ``destinations`` are region names; a destination "*" is every commercial region.
    """

    profile_id: str
    callable_from: tuple[str, ...]
    destinations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FoundationModel:
    """A Bedrock foundation model. ``max_output_tokens`` is the most that one answer can have."""

    model_id: str
    name: str
    provider: str
    in_region: tuple[str, ...]
    profiles: tuple[InferenceProfile, ...]
    max_output_tokens: int


@dataclass(frozen=True, kw_only=True)
class ResolvedModel:
    """What an alias calls: the model, and the inference profile if the call goes through one."""

    model: FoundationModel
    profile: InferenceProfile | None

    @property
    def callable_id(self) -> str:
        """The ``modelId`` for Converse."""
        return self.profile.profile_id if self.profile else self.model.model_id


@cache
def catalogue() -> dict[str, FoundationModel]:
    """Load the catalogue: model id -> model."""
    document = yaml.safe_load(Path(__file__).with_name("models.yaml").read_text(encoding="utf-8"))
    return {model_id: _parse(model_id, entry) for model_id, entry in document["models"].items()}


def find(model_id: str) -> FoundationModel:
    """Return the model of that id.

    Raises:
        ModelNotInCatalogueError: naming the ids that the catalogue has.
    """
    models = catalogue()
    if model_id not in models:
        raise ModelNotInCatalogueError(f"the catalogue has no model {model_id!r}; it has {', '.join(sorted(models))}")
    return models[model_id]


def resolve(model_id: str, *, region: str) -> ResolvedModel:
    """Return what to call in ``region``: the model itself where it is offered on demand, else its inference profile.

    Raises:
        ModelNotInCatalogueError: unknown id.
        ModelNotInRegionError: naming the regions that have the model.
    """
    model = find(model_id)
    if region in model.in_region:
        return ResolvedModel(model=model, profile=None)
    for profile in model.profiles:
        if region in profile.callable_from:
            return ResolvedModel(model=model, profile=profile)
    regions = sorted({*model.in_region, *(r for profile in model.profiles for r in profile.callable_from)})
    raise ModelNotInRegionError(f"{model_id} cannot be called in {region}; it can in {', '.join(regions)}")


def resolve_first(candidates: list[str], *, region: str) -> ResolvedModel:
    """Return the first of the candidates that can be called in ``region``.

    Raises:
        ModelNotInCatalogueError: a candidate is unknown, even if an earlier one would do.
        ModelNotInRegionError: none can be called; says why for each.
    """
    for model_id in candidates:
        find(model_id)
    reasons = []
    for model_id in candidates:
        try:
            return resolve(model_id, region=region)
        except ModelNotInRegionError as error:
            reasons.append(str(error))
    raise ModelNotInRegionError("; ".join(reasons))


def _parse(model_id: str, entry: dict[str, Any]) -> FoundationModel:
    return FoundationModel(
        model_id=model_id,
        name=entry["name"],
        provider=entry["provider"],
        in_region=tuple(entry["in_region"]),
        profiles=tuple(
            InferenceProfile(profile_id=name, callable_from=tuple(profile["from"]), destinations=tuple(profile["to"]))
            for name, profile in entry["profiles"].items()
        ),
        max_output_tokens=entry["max_output_tokens"],
    )
