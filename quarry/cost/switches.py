"""Knobs of the environment file that make it cheaper, and what each saves: the environment is priced again with it.

A row says which knob, what it is set to, and what that does to the templates; what it does to models and use follows
from the configuration itself. That a row says the truth of the templates, a test shows by synthesising both.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from pydantic import ValidationError

from configuration.config import Config
from configuration.cost.usage import Usage
from configuration.targets import resolve
from lambdas.catalogue.facts import Features, FoundationModel
from lambdas.catalogue.models import catalogue
from lambdas.catalogue.services import HOURS_PER_MONTH
from quarry.cost.estimate import Estimate, estimate
from quarry.cost.template import Resource

# Less is not worth a line.
_LEAST_USD: Final = 0.01

Resources = Sequence[Resource]
Edit = Callable[[Resources], Resources]


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A knob and the value that makes it cheaper.

    Attributes:
        knob: its path in the environment file.
        also: what has to be set with it, since the two do not go together.
        edits: what it does to the templates.
    """

    knob: str
    to: Any
    also: Mapping[str, Any] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What a switch saves, in US dollars: idle, and with the mix of use on top."""

    switch: Switch
    was: Any
    usd_per_month_idle: float
    usd_per_month_of_use: float

    @property
    def usd_per_month(self) -> float:
        """Both together."""
        return self.usd_per_month_idle + self.usd_per_month_of_use

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "knob": self.switch.knob,
            "from": self.was,
            "to": self.switch.to,
            "also": dict(self.switch.also),
            "saves_usd_per_month_idle": round(self.usd_per_month_idle, 4),
            "saves_usd_per_month_of_use": round(self.usd_per_month_of_use, 4),
        }


def savings(config: Config, resources: Resources, usage: Usage) -> list[Saving]:
    """Return what makes the environment cheaper, the most first."""
    before = estimate(config, resources, usage)
    found = [_saving(switch, before, resources) for switch in (*_SWITCHES, *_smaller_models(config, usage))]
    worth = [one for one in found if one is not None and one.usd_per_month >= _LEAST_USD]
    most: dict[str, Saving] = {}
    for one in sorted(worth, key=lambda one: -one.usd_per_month):
        most.setdefault(one.switch.knob, one)
    return list(most.values())


def switched(config: Config, switch: Switch) -> Config | None:
    """Return the environment with a switch set; None if it has no such knob, or cannot be so."""
    document: dict[str, Any] = config.model_dump()
    for path, value in {switch.knob: switch.to, **switch.also}.items():
        *above, last = path.split(".")
        place: Any = document
        for key in above:
            place = place.get(key) if isinstance(place, dict) else None
        if not isinstance(place, dict) or last not in place:
            return None
        place[last] = value
    try:
        return Config.model_validate(document)
    except ValidationError:
        return None


def _saving(switch: Switch, before: Estimate, resources: Resources) -> Saving | None:
    after_config = switched(before.config, switch)
    if after_config is None or after_config == before.config:
        return None
    for edit in switch.edits:
        resources = edit(resources)
    after = estimate(after_config, resources, before.usage)
    if len(after.unpriced) > len(before.unpriced):
        # It would look cheaper for what is not known of it.
        return None
    also = {path: value for path, value in switch.also.items() if _at(before.config, path) != value}
    return Saving(
        switch=replace(switch, also=also),
        was=_at(before.config, switch.knob),
        usd_per_month_idle=(before.usd_per_hour - after.usd_per_hour) * HOURS_PER_MONTH,
        usd_per_month_of_use=before.usd_of_use_per_month - after.usd_of_use_per_month,
    )


def _at(config: Config, path: str) -> Any:
    value: Any = config.model_dump(mode="json")
    for key in path.split("."):
        value = value[key]
    return value


def _set(type_name: str, path: str, value: Any) -> Edit:
    """Return an edit that sets a property of all resources of a type."""

    def edit(resources: Resources) -> Resources:
        return [
            replace(one, properties=_with(one.properties, path.split("."), value))
            if one.type_name == type_name
            else one
            for one in resources
        ]

    return edit


def _with(properties: Any, path: Sequence[str], value: Any) -> dict[str, Any]:
    (first, *rest), known = path, dict(properties) if isinstance(properties, Mapping) else {}
    return {**known, first: _with(known.get(first), rest, value) if rest else value}


def _in_place_of(pattern: str, *type_names: str) -> Edit:
    """Return an edit that takes resources away, and puts one of each of these types there."""

    def edit(resources: Resources) -> Resources:
        gone = [one for one in resources if fnmatchcase(one.type_name, pattern)]
        if not gone:
            return resources
        stack = gone[0].stack
        new = [Resource(stack=stack, logical_id=one, type_name=one, properties={}) for one in type_names]
        return [*(one for one in resources if one not in gone), *new]

    return edit


def _smaller_models(config: Config, usage: Usage) -> Iterator[Switch]:
    """Yield for each alias the models that can what its first one can."""
    for alias in usage.aliases:
        target = config.targets(alias)[0]
        if target.custom_arn is not None:
            continue
        for model in catalogue().values():
            if model.model_id != target.model.model_id and _replaces(model, target.model, config):
                others = [one for one in config.models.aliases[alias] if one != model.model_id]
                yield Switch(knob=f"models.aliases.{alias}", to=[model.model_id, *others][:5])


def _replaces(model: FoundationModel, other: FoundationModel, config: Config) -> bool:
    if model.lifecycle.legacy is not None or model.lifecycle.end_of_life is not None:
        return False
    if model.kind != "chat" or not _has_all(model.features, other.features):
        return False
    try:
        resolve(model.model_id, region=config.region, residency=config.models.residency)
    except ValueError:
        return False
    return True


def _has_all(features: Features | None, wanted: Features | None) -> bool:
    if features is None or wanted is None:
        return False
    # Caching and reasoning are how a model does its work, and a schema is had of a tool where it has none itself.
    asked = ("system", "tools", "images", "documents", "streaming")
    return all(getattr(features, name) or not getattr(wanted, name) for name in asked)


_INSTANCE: Final = "SpaceSettings.JupyterLabAppSettings.DefaultResourceSpec.InstanceType"
_DISK: Final = "SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb"
_SWITCHES: Final = (
    Switch(
        knob="knowledge.vector_store",
        to="s3_vectors",
        also={
            "knowledge.search": "semantic",
            "knowledge.vector_type": "float32",
            "knowledge.standby": False,
            "knowledge.vpc_endpoints": [],
        },
        edits=(_in_place_of("AWS::OpenSearchServerless::*", "AWS::S3Vectors::VectorBucket", "AWS::S3Vectors::Index"),),
    ),
    Switch(
        knob="knowledge.standby",
        to=False,
        edits=(_set("AWS::OpenSearchServerless::Collection", "StandbyReplicas", "DISABLED"),),
    ),
    Switch(knob="knowledge.reranking", to=None),
    Switch(knob="knowledge.grounding_check", to=False),
    Switch(
        knob="studio.instance_type",
        to="ml.t3.medium",
        edits=(_set("AWS::SageMaker::Space", _INSTANCE, "ml.t3.medium"),),
    ),
    Switch(knob="studio.volume_gb", to=5, edits=(_set("AWS::SageMaker::Space", _DISK, 5),)),
    Switch(knob="tuning.hosting", to="on_demand"),
    Switch(knob="log_days", to=3),
)
