"""What is called in a region for a model that an environment file names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from configuration.models import CustomModel, NamedCandidate, Residency
from lambdas.catalogue.facts import FoundationModel, InferenceProfile, PriceScope
from lambdas.catalogue.models import NARROWEST_FIRST, find
from lambdas.catalogue.prices import scope_of
from lambdas.chat.settings import CalledByArn, CandidateEntry


class ModelNotInRegionError(ValueError):
    """Under the residency policy the model can be called neither directly nor by a profile in the region."""


class NoTargetError(ValueError):
    """None of an alias's candidates can be called; says why for each."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing that can be called: a model itself, a system inference profile of it, or a custom model.

    Attributes:
        model: the foundation model, which decides parameters, limits and price.
        profile: the inference profile that the call goes through, if any. It is the one of the region: its
            ``destinations`` are those of calls from there.
        custom_arn: the custom model's deployment or provisioned throughput, if it is one.
        cost_profile_arn: the application inference profile that is called in its place where spending is allocated.
            May be a token.
    """

    model: FoundationModel
    profile: InferenceProfile | None = None
    custom_arn: str | None = None
    cost_profile_arn: str | None = None

    @property
    def own_id(self) -> str:
        """Converse's ``modelId`` if no application inference profile stands before it."""
        return self.custom_arn or (self.profile.profile_id if self.profile else self.model.model_id)

    @property
    def callable_id(self) -> str:
        """Converse's ``modelId``."""
        return self.cost_profile_arn or self.own_id

    @property
    def price_scope(self) -> PriceScope:
        """Which of the model's prices applies. A custom model's tokens cost what its base's do in the region."""
        return scope_of(self.profile)

    @property
    def entry(self) -> CandidateEntry:
        """What the function is told of it: no more than it cannot find out, since it has to fit into 4 KB."""
        known = self.profile.profile_id if self.profile else self.model.model_id
        return known if self.callable_id == known else CalledByArn(self.callable_id, known)


def resolve(named: NamedCandidate, *, region: str, residency: Residency = "geography") -> Target:
    """Return what to call in ``region``: what processes prompts nearest to it among what ``residency`` allows.

    ``in_region`` allows the model in the region itself; ``geography`` also a profile of the region's geography, a
    country's before a continent's (from Canada AWS's own ``us`` profiles count as such: they route to Canada and the
    US); ``global`` also the global profile. A custom model is called where it is.

    Raises:
        ModelEndedError: the model has ended.
        ModelNotInCatalogueError: unknown id.
        ModelNotInRegionError: naming the residency that would do, or the regions that have the model.
        ValueError: ``residency`` is none of the three.
    """
    if residency not in ("in_region", "geography", "global"):
        raise ValueError(f"{residency!r} is not a residency: in_region, geography or global")
    if isinstance(named, CustomModel):
        return _custom(named, region=region)
    model = find(named)
    if region in model.in_region:
        return Target(model=model)
    reachable = sorted(
        (profile for profile in model.profiles if region in profile.callable_from),
        key=lambda profile: NARROWEST_FIRST.index(profile.scope),
    )
    for profile in reachable:
        if residency == "global" or (residency == "geography" and profile.scope != "global"):
            return Target(model=model, profile=profile.called_from(region))
    raise ModelNotInRegionError(_why_not(model, region=region, residency=residency, reachable=reachable))


def targets(candidates: Iterable[NamedCandidate], *, region: str, residency: Residency) -> list[Target]:
    """Return what to call for those of an alias's candidates that can be called, in their order.

    Raises:
        ValueError: a candidate is unknown or has reached its end of life, even behind a good one.
        NoTargetError: none can be called in the region under the residency.
    """
    found: list[Target] = []
    reasons: list[str] = []
    for named in candidates:
        try:
            found.append(resolve(named, region=region, residency=residency))
        except ModelNotInRegionError as error:
            reasons.append(str(error))
    if not found:
        raise NoTargetError("; ".join(reasons))
    return found


def _custom(custom: CustomModel, *, region: str) -> Target:
    its_region = custom.arn.split(":")[3]
    if its_region != region:
        raise ModelNotInRegionError(f"{custom.arn} can be called in {its_region} only, not in {region}")
    return Target(model=find(custom.base), custom_arn=custom.arn)


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
