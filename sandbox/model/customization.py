"""The base models that can be customised, read from ``customization.yaml``: where, how, and with what data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.model import catalogue
from sandbox.model.errors import Json

LISTED = ("FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION")
"""The methods that ListFoundationModels names and filters by."""

_PATH = Path(__file__).with_name("customization.yaml")


@dataclass(frozen=True, kw_only=True)
class BaseModel:
    """A base model as ``customization.yaml`` has it (see its comments); ``hyper_parameters`` by name."""

    model_id: str
    base: str
    model_name: str
    provider_name: str
    regions: tuple[str, ...]
    methods: tuple[str, ...]
    hyper_parameters: dict[str, Json]
    format: str
    input_modalities: tuple[str, ...]
    min_records: int
    max_records: int
    tokens: int
    on_demand: bool
    provisioned: bool
    records_quota: str | None = None
    units_quota: str | None = None
    media_formats: tuple[str, ...] = ("png", "jpeg", "gif", "webp", "mov", "mkv", "mp4", "webm")

    def summary(self, region: str) -> Json:
        """Return the model as ListFoundationModels of ``region`` does."""
        return {
            "modelArn": catalogue.model_arn(self.model_id, region),
            "modelId": self.model_id,
            "modelName": self.model_name,
            "providerName": self.provider_name,
            "inputModalities": list(self.input_modalities),
            "outputModalities": ["TEXT"],
            "responseStreamingSupported": True,
            "customizationsSupported": [name for name in self.methods if name in LISTED],
            "inferenceTypesSupported": ["PROVISIONED"] if self.provisioned else [],
            "modelLifecycle": {"status": "ACTIVE"},
        }


@cache
def base_models() -> dict[str, BaseModel]:
    """Return every base model by the id that customisation takes."""
    document: Any = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    found = {}
    for entry in document["models"]:
        pairs = ((name, tuple(value) if isinstance(value, list) else value) for name, value in entry.items())
        values: dict[str, Any] = {catalogue.snake(name): value for name, value in pairs}
        values["hyper_parameters"] = document["hyperParameters"][values["hyper_parameters"]]
        found[entry["modelId"]] = BaseModel(**values)
    return found


def find(identifier: str, region: str) -> BaseModel | None:
    """Return the base model that an id or ARN names, if this region has it."""
    name = identifier.rpartition("foundation-model/")[2]
    model = base_models().get(name)
    return model if model is not None and region in model.regions else None


def here(region: str) -> list[BaseModel]:
    """Return the base models of a region."""
    return [model for model in base_models().values() if region in model.regions]
