"""Which models there are. Pure: no AWS call, no environment.

What an alias calls is resolved at synth and by the command line, in configuration/targets.py; the inference function is
told the outcome in its settings. The facts it reads here too, once per process: limits, features, parameter rules and
prices.
"""

from functools import cache
from typing import Final

from lambdas.catalogue import compiled
from lambdas.catalogue.facts import FoundationModel, InferenceProfile, RetiredModel

__all__ = [
    "FoundationModel",
    "InferenceProfile",
    "ModelEndedError",
    "ModelNotInCatalogueError",
    "RetiredModel",
    "catalogue",
    "find",
    "retired",
]

# Scopes of inference profiles. A country's own keeps prompts closer than its continent's.
NARROWEST_FIRST: Final = ("jp", "au", "in", "ca", "us-gov", "us", "eu", "apac", "global")


class ModelNotInCatalogueError(ValueError):
    """The model id is not one that the catalogue has."""


class ModelEndedError(ValueError):
    """The model has reached its end of life, or is so near to it that it is not offered any more."""


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


@cache
def _called() -> dict[str, tuple[FoundationModel, InferenceProfile | None]]:
    of_models = {id_: (model, None) for id_, model in catalogue().items()}
    of_profiles = {one.profile_id: (model, one) for model in catalogue().values() for one in model.profiles}
    return {**of_models, **of_profiles}


def find_called(callable_id: str) -> tuple[FoundationModel, InferenceProfile | None]:
    """Return what an id calls: the model, and the system inference profile if the id is one's.

    Raises:
        ModelEndedError, ModelNotInCatalogueError: as ``find``.
    """
    found = _called().get(callable_id)
    return found if found else (find(callable_id), None)


def _base(model_id: str) -> str:
    """Return the base model's id for a profile's id or a tunable variant's, else the id itself."""
    scope, _, rest = model_id.partition(".")
    base = rest if scope in NARROWEST_FIRST else model_id
    for model in catalogue().values():
        if base == model.customization_id:
            return model.model_id
    return base
