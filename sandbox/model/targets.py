"""Finds the model behind a ``modelId``, and every ARN that a caller needs permission for.

IAM: an inference profile is allowed only with its own ARN *and* the foundation model's ARN in each destination region
(Bedrock user guide, "Prerequisites for inference profiles").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ministack.core.responses import get_account_id, get_region
from ministack.services import bedrock, bedrock_agent

from sandbox.model import catalogue, customization
from sandbox.model.catalogue import Model
from sandbox.model.errors import FAULTS, AwsError, Json, invalid
from sandbox.model.tuned import Tuned

_UNKNOWN = "The provided model identifier is invalid."


@dataclass(frozen=True)
class Target:
    """What a call goes to: the model, the ARN that is called, the model ARNs behind a profile, a managed prompt, what a
    tuned model has learned."""

    model: Model
    arn: str
    destinations: tuple[str, ...] = ()
    prompt: Json | None = None
    tuned: Tuned | None = None

    @property
    def is_profile(self) -> bool:
        """Return whether the call goes through an inference profile."""
        return "inference-profile/" in self.arn


_find_custom: Callable[[str], tuple[Model, Tuned | None]] | None = None


def serve_custom(find_custom: Callable[[str], tuple[Model, Tuned | None]]) -> None:
    """Let ``find_custom`` find what is behind the ARN of a deployment, of provisioned throughput, or of a custom model.

    It returns the base model and what was learned, and raises AwsError.
    """
    global _find_custom
    _find_custom = find_custom


def find(model_id: str) -> Target:
    """Return the target of a model id, inference profile id or ARN, provisioned or custom model ARN, or prompt ARN.

    Raises:
        AwsError: ValidationException (no such model here; only a profile may be used), ResourceNotFoundException (the
            model's life has ended; the id is one for customisation; no such resource of this account),
            ModelNotReadyException (it is still created).
    """
    region, account = get_region(), get_account_id()
    if not model_id.startswith("arn:"):
        return _by_id(model_id, region, account)
    parts = model_id.split(":", 5)
    if len(parts) != 6 or parts[2] != "bedrock" or parts[3] != region:
        raise invalid(_UNKNOWN)
    kind, _, name = parts[5].partition("/")
    if kind == "foundation-model":
        return _by_id(name, region, account)
    if parts[4] != account:
        raise invalid(_UNKNOWN)
    if kind == "inference-profile":
        return _profile(name, region, account)
    if kind == "application-inference-profile":
        return _application_profile(name)
    if kind == "prompt":
        return _prompt(name, model_id)
    if kind in ("provisioned-model", "custom-model-deployment", "custom-model", "imported-model"):
        return _custom(kind, model_id)
    raise invalid(_UNKNOWN)


def counted(model_id: str) -> Target:
    """Return what CountTokens counts for: a model of the region by its own id, however it is called else.

    Source: Bedrock user guide, "Monitor your token usage by counting tokens before running inference"; that profiles
    are refused, alchemy.run's documentation of its binding quotes.

    Raises:
        AwsError: ValidationException, for profiles and for models whose tokens are not counted.
    """
    bare = model_id.rpartition("foundation-model/")[2]
    model = catalogue.models().get(bare)
    region = get_region()
    if model is None or not catalogue.in_region(model, region):
        find(model_id)
    if model is None or not model.counts_tokens():
        raise invalid("The provided model doesn't support counting tokens.")
    return Target(model, catalogue.model_arn(bare, region))


def _by_id(model_id: str, region: str, account: str) -> Target:
    if model_id in catalogue.profiles(region):
        return _profile(model_id, region, account)
    model = catalogue.models().get(model_id)
    bare = model_id.split(".", 1)[-1] if model_id.split(".", 1)[0] in ("us", "eu", "apac", "global") else model_id
    if catalogue.ended(bare):
        raise FAULTS["end_of_life"].error(model_id)
    if model_id in customization.base_models():
        raise AwsError("ResourceNotFoundException", "Model not found.")
    if model is None:
        raise invalid(_UNKNOWN)
    if model.on_demand_in(region):
        return Target(model, catalogue.model_arn(model_id, region))
    if catalogue.in_region(model, region):
        raise FAULTS["profile_required"].error(model_id)
    raise invalid(_UNKNOWN)


def _profile(profile_id: str, region: str, account: str) -> Target:
    profile = catalogue.profiles(region).get(profile_id)
    if profile is None:
        raise invalid(_UNKNOWN)
    arn = f"arn:aws:bedrock:{region}:{account}:inference-profile/{profile_id}"
    return Target(profile.model, arn, profile.model_arns)


def _application_profile(profile_id: str) -> Target:
    record = bedrock._inference_profiles_apps.get(profile_id)
    if record is None:
        raise invalid(_UNKNOWN)
    arns = tuple(model["ModelArn"] for model in record["Models"])
    return Target(_model_of_arn(arns[0]), record["InferenceProfileArn"], arns)


def _model_of_arn(arn: str) -> Model:
    name = arn.rsplit("foundation-model/", 1)[-1]
    model = catalogue.models().get(name)
    if model is None:
        raise invalid(_UNKNOWN)
    return model


def _custom(kind: str, arn: str) -> Target:
    """Find what answers for a custom model: its base, with what it has learned where it was tuned here."""
    if kind == "imported-model":
        record = bedrock._imported_models.get(arn)
        if record is None:
            raise AwsError("ResourceNotFoundException", "Model not found.")
        return Target(_unnamed(arn), arn)
    if _find_custom is None:
        raise AwsError("ResourceNotFoundException", f"Could not find the model {arn}.")
    model, tuned = _find_custom(arn)
    return Target(model, arn, tuned=tuned)


def _unnamed(arn: str) -> Model:
    return Model(arn, arn.rsplit("/", 1)[-1], "Custom", ["TEXT"], ["TEXT"], ["ON_DEMAND"])


def _prompt(name: str, arn: str) -> Target:
    prompt_id, _, version = name.partition(":")
    stored = bedrock_agent._prompt_versions if version else bedrock_agent._prompts
    record = stored.get(f"{prompt_id}/{version}" if version else prompt_id)
    if record is None:
        raise AwsError("ResourceNotFoundException", f"Could not find prompt {arn}.")
    variants = {variant.get("name"): variant for variant in record.get("Variants") or []}
    variant = variants.get(record.get("DefaultVariant")) or next(iter(variants.values()), None)
    if variant is None or not variant.get("modelId"):
        raise invalid("The prompt has no variant with a model.")
    return Target(find(variant["modelId"]).model, arn, prompt=variant)
