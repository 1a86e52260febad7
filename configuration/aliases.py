"""What an alias can call in an environment: its candidates, resolved once, here.

Nothing of this imports aws_cdk, because the command line and the configuration use it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.catalogue.facts import FoundationModel, InferenceProfile, PriceScope
from lambdas.catalogue.models import (
    ModelNotInRegionError,
    Residency,
    ResolvedModel,
    find,
    resolve,
)
from lambdas.catalogue.prices import scope_of


class NoTargetError(ValueError):
    """None of an alias's candidates can be called; says why for each."""


@dataclass(frozen=True, kw_only=True)
class ModelTarget:
    """One thing that can be called.

    Attributes:
        model: the foundation model, which decides parameters, limits and price.
        profile: the inference profile that the call goes through, if any.
        custom_arn: the custom model's deployment or provisioned throughput, if it is one.
    """

    model: FoundationModel
    profile: InferenceProfile | None = None
    custom_arn: str | None = None

    @property
    def callable_id(self) -> str:
        """Converse's ``modelId``."""
        return self.custom_arn or (self.profile.profile_id if self.profile else self.model.model_id)

    @property
    def price_scope(self) -> PriceScope:
        """Which of the model's prices applies. A custom model's tokens cost what its base's do in the region."""
        return scope_of(ResolvedModel(model=self.model, profile=self.profile))


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """A target, and the application inference profile that calls go through where spending is allocated.

    ``cost_profile_arn`` may be a token; it is None where calls go to the target itself.
    """

    target: ModelTarget
    cost_profile_arn: str | None

    @property
    def callable_id(self) -> str:
        """Converse's ``modelId``."""
        return self.cost_profile_arn or self.target.callable_id

    def settings(self) -> dict[str, str]:
        """Return what the function is told about it: lambdas.chat.settings."""
        return {
            "model_id": self.callable_id,
            "base_model_id": self.target.model.model_id,
            "price_scope": self.target.price_scope,
        }


@dataclass(frozen=True, kw_only=True)
class CustomCandidate:
    """A custom model as an environment file names it: what to call and what it was made of."""

    arn: str
    base: str


def targets(candidates: Sequence[str | CustomCandidate], *, region: str, residency: Residency) -> list[ModelTarget]:
    """Return those of the candidates that can be called, in their order.

    Raises:
        ValueError: a candidate is unknown or has reached its end of life, even behind a good one.
        NoTargetError: none can be called in the region under the residency.
    """
    found: list[ModelTarget] = []
    reasons: list[str] = []
    for candidate in candidates:
        try:
            found.append(_target(candidate, region=region, residency=residency))
        except ModelNotInRegionError as error:
            reasons.append(str(error))
    if not found:
        raise NoTargetError("; ".join(reasons))
    return found


def _target(candidate: str | CustomCandidate, *, region: str, residency: Residency) -> ModelTarget:
    if isinstance(candidate, CustomCandidate):
        its_region = candidate.arn.split(":")[3]
        if its_region != region:
            raise ModelNotInRegionError(f"{candidate.arn} can be called in {its_region} only, not in {region}")
        return ModelTarget(model=find(candidate.base), custom_arn=candidate.arn)
    resolved = resolve(candidate, region=region, residency=residency)
    return ModelTarget(model=resolved.model, profile=resolved.profile)
