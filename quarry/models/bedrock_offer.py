"""What Bedrock says it offers in a region: its foundation models and system-defined inference profiles."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class OfferedModel:
    """A model of ListFoundationModels that can be called, by its id or through a profile.

    Attributes:
        on_demand: whether the bare id can be called in the region.
        legacy: the date of legacyTime; None if AWS gives none, which it may although ``is_legacy``.
    """

    model_id: str
    name: str
    provider: str
    on_demand: bool
    is_legacy: bool
    launched: date | None
    legacy: date | None
    end_of_life: date | None


@dataclass(frozen=True, kw_only=True)
class OfferedProfile:
    """A system-defined profile. ``destinations``: regions of its models' ARNs, sorted; ("*",) if one has no region."""

    profile_id: str
    model_id: str
    destinations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a region offers, both by id."""

    region: str
    models: dict[str, OfferedModel]
    profiles: dict[str, OfferedProfile]


def read(client: Any, *, region: str) -> Offer:
    """Ask Bedrock's control plane.

    Args:
        client: boto3's ``bedrock`` client of that region.

    Raises:
        ClientError, BotoCoreError: it cannot be asked; needs bedrock:ListFoundationModels and ListInferenceProfiles.
    """
    models = [_model(summary) for summary in client.list_foundation_models()["modelSummaries"] if _callable(summary)]
    profiles: list[OfferedProfile] = []
    arguments: dict[str, Any] = {"typeEquals": "SYSTEM_DEFINED", "maxResults": 1000}
    while True:
        page = client.list_inference_profiles(**arguments)
        profiles += [_profile(summary) for summary in page["inferenceProfileSummaries"] if summary["models"]]
        if not page.get("nextToken"):
            break
        arguments["nextToken"] = page["nextToken"]
    return Offer(
        region=region,
        models={model.model_id: model for model in models},
        profiles={profile.profile_id: profile for profile in profiles},
    )


def _callable(summary: dict[str, Any]) -> bool:
    """Leave out the variants that can only be tuned or provisioned, as amazon.nova-micro-v1:0:128k."""
    # INFERENCE_PROFILE is in answers though not in the API's own enumeration.
    return not {"ON_DEMAND", "INFERENCE_PROFILE"}.isdisjoint(summary.get("inferenceTypesSupported", []))


def _model(summary: dict[str, Any]) -> OfferedModel:
    life = summary.get("modelLifecycle", {})
    return OfferedModel(
        model_id=summary["modelId"],
        name=summary.get("modelName", ""),
        provider=summary.get("providerName", ""),
        on_demand="ON_DEMAND" in summary.get("inferenceTypesSupported", []),
        is_legacy=life.get("status") == "LEGACY",
        launched=_day(life.get("startOfLifeTime")),
        legacy=_day(life.get("legacyTime")),
        end_of_life=_day(life.get("endOfLifeTime")),
    )


def _profile(summary: dict[str, Any]) -> OfferedProfile:
    arns = [model["modelArn"].split(":", 5) for model in summary["models"]]
    regions = {arn[3] for arn in arns}
    return OfferedProfile(
        profile_id=summary["inferenceProfileId"],
        model_id=arns[0][5].removeprefix("foundation-model/"),
        destinations=("*",) if "" in regions else tuple(sorted(regions)),
    )


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment else None
