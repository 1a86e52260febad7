"""The foundation models and system inference profiles that this region has, read from ``models.yaml``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.model.errors import Json

_PATH = Path(__file__).with_name("models.yaml")
_SNAKE = re.compile("(?=[A-Z])")


@dataclass(frozen=True)
class Model:
    """A foundation model, in the terms of ListFoundationModels (see the comments in ``models.yaml``)."""

    model_id: str
    model_name: str
    provider_name: str
    input_modalities: list[str]
    output_modalities: list[str]
    inference_types_supported: list[str]
    on_demand_regions: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    status: str = "ACTIVE"
    start_of_life_time: str | None = None
    end_of_life_time: str | None = None
    max_output_tokens: int | None = None
    rejects_temperature_with_top_p: bool = False
    rejects_sampling: bool = False
    rejects_prefill: bool = False
    rejects_stop_sequences: bool = False
    rejects_forced_tools: bool = False
    thinking: str | None = None
    output_burndown: int = 1

    def counts_tokens(self) -> bool:
        """Return whether CountTokens knows the model's tokeniser: Claude's alone."""
        return self.provider_name == "Anthropic"

    def generates_text(self) -> bool:
        """Return whether the model answers Converse (embedding and rerank models do not)."""
        return "TEXT" in self.output_modalities and "rerank" not in self.model_id

    def on_demand_in(self, region: str) -> bool:
        """Return whether the bare id can be called in ``region``."""
        on_demand = "ON_DEMAND" in self.inference_types_supported
        return on_demand and (not self.on_demand_regions or region in self.on_demand_regions)

    def summary(self, region: str) -> Json:
        """Return the model as ListFoundationModels of ``region`` does, in API field names."""
        types = [name for name in self.inference_types_supported if name != "ON_DEMAND" or self.on_demand_in(region)]
        life = {
            "status": self.status,
            "startOfLifeTime": self.start_of_life_time,
            "endOfLifeTime": self.end_of_life_time,
        }
        return {
            "modelArn": model_arn(self.model_id, region),
            "modelId": self.model_id,
            "modelName": self.model_name,
            "providerName": self.provider_name,
            "inputModalities": self.input_modalities,
            "outputModalities": self.output_modalities,
            "responseStreamingSupported": self.generates_text(),
            "customizationsSupported": [],
            "inferenceTypesSupported": types,
            "modelLifecycle": {key: value for key, value in life.items() if value},
        }


@dataclass(frozen=True)
class Profile:
    """A system inference profile: ``model_arns`` are the models it may run on, one per destination region."""

    profile_id: str
    model: Model
    model_arns: tuple[str, ...]

    def summary(self, region: str, account: str) -> Json:
        """Return the profile as ListInferenceProfiles does."""
        geography = self.profile_id.split(".", 1)[0]
        label = "Global" if geography == "global" else geography.upper()
        return {
            "inferenceProfileName": f"{label} {self.model.provider_name} {self.model.model_name}",
            "description": f"Routes requests to {self.model.provider_name} {self.model.model_name} "
            + ("globally across all supported AWS Regions." if geography == "global" else f"in {label} regions."),
            "inferenceProfileId": self.profile_id,
            "inferenceProfileArn": f"arn:aws:bedrock:{region}:{account}:inference-profile/{self.profile_id}",
            "models": [{"modelArn": arn} for arn in self.model_arns],
            "status": "ACTIVE",
            "type": "SYSTEM_DEFINED",
        }


def snake(name: str) -> str:
    """Return a name of the API, ``modelId``, as Python writes it: ``model_id``."""
    return _SNAKE.sub("_", name).lower()


@cache
def _file() -> Any:
    return yaml.load(_PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@cache
def models() -> dict[str, Model]:
    """Return every model by its id."""
    return {
        entry["modelId"]: Model(**{snake(key): value for key, value in entry.items()}) for entry in _file()["models"]
    }


def ended(model_id: str) -> bool:
    """Return whether ``model_id`` is one that existed and has reached its end of life."""
    return model_id in _file()["endOfLife"]


def model_arn(model_id: str, region: str) -> str:
    """Return the ARN of a foundation model; ``region`` "" gives the region-less one of global profiles."""
    return f"arn:aws:bedrock:{region}::foundation-model/{model_id}"


@cache
def profiles(region: str) -> dict[str, Profile]:
    """Return the system inference profiles that can be called from ``region``, by id."""
    found: dict[str, Profile] = {}
    for model in models().values():
        for name in model.profiles:
            geography = _file()["geographies"][name]
            if geography["sources"] != ["*"] and region not in geography["sources"]:
                continue
            regions = ["", region] if name == "global" else geography["destinations"]
            arns = tuple(model_arn(model.model_id, destination) for destination in regions)
            found[f"{name}.{model.model_id}"] = Profile(f"{name}.{model.model_id}", model, arns)
    return found


def in_region(model: Model, region: str) -> bool:
    """Return whether ``region`` has ``model`` at all: by its id or by a profile."""
    return model.on_demand_in(region) or any(profile.model is model for profile in profiles(region).values())
