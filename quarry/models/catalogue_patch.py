"""Changing single facts in ``models.yaml`` and ``prices.yaml`` while everything else, comments included, stays.

PyYAML knows where each value begins and ends in the text, so a value is cut out and its successor put in its place. A
value that stands elsewhere, because an alias (*name) points to it, is not touched: the alias itself is replaced.
"""

import json
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
import yaml

from lambdas.catalogue.facts import FoundationModel, InferenceProfile, ModelPrices

PRICE_FIELDS = ("in_region", "geography", "global")


class PatchError(ValueError):
    """The text has not the shape that it should have; nothing was changed."""


def patch_models(text: str, changes: dict[str, FoundationModel], *, today: date) -> str:
    """Return ``models.yaml`` with availability and lifecycle of these models as they are here, ``checked`` today.

    Raises:
        PatchError: a model or a group of it is not in the text.
    """
    for model_id, model in changes.items():
        text = _patch_availability(text, model_id, model, today=today)
        life = model.lifecycle
        for name in ("launched", "legacy", "end_of_life"):
            text = _replace(text, ("models", model_id, "lifecycle", name), _scalar(getattr(life, name)))
        text = _replace(text, ("models", model_id, "lifecycle", "source"), _flow_text(life.source))
        text = _replace(text, ("models", model_id, "lifecycle", "checked"), today.isoformat())
    return text


def patch_prices(text: str, changes: dict[str, ModelPrices], *, today: date) -> str:
    """Return ``prices.yaml`` with these prices, ``checked`` today.

    Raises:
        PatchError: a model is not in the text.
    """
    for model_id, prices in changes.items():
        for name in PRICE_FIELDS:
            price = getattr(prices, "global_" if name == "global" else name)
            if price is not None:
                given = {key: value for key, value in msgspec.to_builtins(price).items() if value is not None}
                text = _replace(text, ("prices", model_id, name), _flow(given))
        text = _replace(text, ("prices", model_id, "source"), _flow_text(prices.source))
        text = _replace(text, ("prices", model_id, "checked"), today.isoformat())
    return text


def _patch_availability(text: str, model_id: str, model: FoundationModel, *, today: date) -> str:
    place = ("models", model_id, "availability")
    text = _put(text, (*place, "in_region"), _flow(list(model.in_region)), before="inference_types")
    text = _replace(text, (*place, "inference_types"), _flow(list(model.availability.inference_types)))
    written = _written_profiles(text, place)
    lines = []
    for profile in model.profiles:
        old, line = written.get(profile.profile_id, (None, ""))
        # A profile that is as it was keeps its text.
        lines.append(line if old == profile else _flow(msgspec.to_builtins(profile)))
    if [old for old, _ in written.values()] != list(model.profiles):
        block = ("\n" + " " * 8).join(f"- {line}" for line in lines) or "[]"
        text = _put(text, (*place, "profiles"), block, before="source", block=bool(lines))
    text = _replace(text, (*place, "source"), _flow_text(model.availability.source))
    return _replace(text, (*place, "checked"), today.isoformat())


def _written_profiles(text: str, place: tuple[str, ...]) -> dict[str, tuple[InferenceProfile, str]]:
    """Return profile id -> what the text says of it, and how."""
    if not _has(text, (*place, "profiles")):
        return {}
    _, node = _find(text, (*place, "profiles"))
    written = {}
    for entry in node.value:
        profile = msgspec.convert(yaml.safe_load(yaml.serialize(entry)), InferenceProfile)
        written[profile.profile_id] = profile, text[entry.start_mark.index : entry.end_mark.index].rstrip()
    return written


def _has(text: str, path: tuple[str, ...]) -> bool:
    try:
        _find(text, path)
    except PatchError:
        return False
    return True


def _find(text: str, path: tuple[str, ...]) -> tuple[yaml.Node, Any]:
    """Return the key's and the value's node; an entry of a list is found by its ``id``."""
    node = _composed(text)
    key: Any = node
    for step in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else [(entry, entry) for entry in node.value]
        for candidate, value in pairs:
            name = candidate.value if isinstance(node, yaml.MappingNode) else _id(value)
            if name == step:
                key, node = candidate, value
                break
        else:
            raise PatchError(f"{'.'.join(path)}: not in the file")
    return key, node


@lru_cache(maxsize=2)
def _composed(text: str) -> Any:
    """Return the text's root node. Composing takes a quarter of a second, and each text is asked several times."""
    return yaml.compose(text)


def _id(node: Any) -> str | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value.value for key, value in pairs if key.value == "id"), None)


def _put(text: str, path: tuple[str, ...], value: str, *, before: str, block: bool = False) -> str:
    """Replace the value, or add it before that sibling if it is not there; nothing is added for an empty list."""
    if _has(text, path):
        return _replace(text, path, value)
    if value == "[]":
        return text
    sibling, _ = _find(text, (*path[:-1], before))
    start = sibling.start_mark
    gap = "\n" + " " * 8 if block else " "
    return f"{text[: start.index]}{path[-1]}:{gap}{value}\n{' ' * start.column}{text[start.index :]}"


def _replace(text: str, path: tuple[str, ...], value: str) -> str:
    """Put ``value`` where the path's value stands."""
    key, node = _find(text, path)
    start, end = node.start_mark.index, node.end_mark.index
    after = text[key.end_mark.index :].lstrip(": ")
    if after.startswith("*"):
        # The node stands at its anchor, elsewhere; what is replaced is the alias.
        start = len(text) - len(after)
        end = start + len(after.split(maxsplit=1)[0].rstrip(",}"))
    elif isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        # A block list's own end is the next key: comments between them are not part of it.
        end = node.value[-1].end_mark.index
    old = text[start:end]
    anchor = old.split(maxsplit=1)[0] + " " if old.startswith("&") else ""
    if old == anchor + value or _same(node, value):
        return text
    return f"{text[:start]}{anchor}{value}{text[end:]}"


def _same(node: Any, value: str) -> bool:
    """Whether a value written on one line means what the node says already."""
    return "\n" not in value and bool(yaml.safe_load(yaml.serialize(node)) == yaml.safe_load(value))


def _scalar(value: date | None) -> str:
    return "null" if value is None else value.isoformat()


def _flow_text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _flow(value: Any) -> str:
    """Return the value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000).strip()
