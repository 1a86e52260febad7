"""Changing single facts in ``models.yaml`` and ``prices.yaml`` while everything else, comments included, stays.

ruamel.yaml keeps comments, order, quotes, aliases and which values stand on one line. Where such a line is folded it
does not keep, so no line of these files is: what is read is written back byte for byte. It also takes half a second
for all models, so only those that change are read.
"""

import functools
import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any, Final

import msgspec
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from lambdas.catalogue.facts import FoundationModel, ModelPrices

PRICE_FIELDS: Final = ("in_region", "geography", "global")
# No line is so long.
_WIDTH: Final = 100_000


class PatchError(ValueError):
    """The text has not the shape that it should have; nothing was changed."""


def patch_models(text: str, changes: Mapping[str, FoundationModel], *, today: date) -> str:
    """Return ``models.yaml`` with availability and lifecycle of these models as they are here, ``checked`` today.

    Raises:
        PatchError: a model or a group of it is not in the text.
    """
    if not changes:
        return text
    parts = _parts(text)
    reader, document = _read(parts.read(changes), representer=_OfAPart)
    listed = _member(document, "models")
    if not isinstance(listed, list):
        raise PatchError("models: no list")
    entries = {entry.get("id"): entry for entry in listed if isinstance(entry, dict)}
    for model_id, model in changes.items():
        entry = _member(entries, model_id)
        _patch_availability(_member(entry, "availability", of=model_id), model, today=today)
        lifecycle = _member(entry, "lifecycle", of=model_id)
        for name in ("launched", "legacy", "end_of_life"):
            lifecycle[name] = getattr(model.lifecycle, name)
        _stamp(lifecycle, model.lifecycle.source, today=today)
    patched = _parts(_written(reader, document))
    return patched.head + "".join({**parts.models, **patched.models}.values()) + parts.tail


def patch_prices(text: str, changes: Mapping[str, ModelPrices], *, today: date) -> str:
    """Return ``prices.yaml`` with these prices, ``checked`` today.

    Raises:
        PatchError: a model is not in the text.
    """
    reader, document = _read(text)
    for model_id, prices in changes.items():
        group = _member(_member(document, "prices"), model_id)
        _patch_prices(group, prices)
        _stamp(group, prices.source, today=today)
    return _written(reader, document)


def _patch_availability(group: CommentedMap, model: FoundationModel, *, today: date) -> None:
    _put(group, "in_region", model.in_region, before="inference_types")
    _put(group, "inference_types", model.availability.inference_types, before="profiles")
    written = {entry["id"]: entry for entry in group.get("profiles", ())}
    profiles = [_plain(profile) for profile in model.profiles]
    if list(written.values()) != profiles:
        # A profile that is as it was keeps its text.
        kept = [written[one["id"]] if written.get(one["id"]) == one else _flow(one) for one in profiles]
        _insert(group, "profiles", CommentedSeq(kept), before="source")
    _stamp(group, model.availability.source, today=today)


def _patch_prices(group: CommentedMap, prices: ModelPrices) -> None:
    before = {name: group.get(name) for name in PRICE_FIELDS}
    wanted = {name: _price(prices, name) for name in PRICE_FIELDS}
    changed: dict[str, CommentedMap] = {}
    for name, price in wanted.items():
        if price is None or before[name] == price:
            continue
        # Where one price was an alias of another (*name), it is so again if both changed alike.
        twins = (other for other in changed if before[other] is before[name] and wanted[other] == price)
        twin = next(twins, None)
        changed[name] = changed[twin] if twin else _flow(price)
        if twin and before[name] is not None:
            changed[name].yaml_set_anchor(before[name].anchor.value)
        group[name] = changed[name]


def _price(prices: ModelPrices, name: str) -> dict[str, Any] | None:
    """Return the parts of a price that are known, whole dollars as whole numbers."""
    price = getattr(prices, "global_" if name == "global" else name)
    if price is None:
        return None
    return _whole(msgspec.to_builtins(price))


def _whole(given: dict[str, Any]) -> dict[str, Any]:
    known = ((part, value) for part, value in given.items() if value is not None)
    return {
        part: _whole(value) if isinstance(value, dict) else int(value) if value == int(value) else value
        for part, value in known
    }


def _put(group: CommentedMap, name: str, value: Collection[str], *, before: str) -> None:
    """Set a list, on one line, unless it is as it was; an empty one is not added."""
    if list(group.get(name, ())) != list(value):
        _insert(group, name, _flow(value), before=before)


def _insert(group: CommentedMap, name: str, value: Any, *, before: str) -> None:
    """Set a member, and if it is a new one, put it before that other."""
    if name in group:
        group[name] = value
    else:
        keys = list(group)
        group.insert(keys.index(before) if before in keys else len(keys), name, value)


def _stamp(group: CommentedMap, source: str, *, today: date) -> None:
    """Say where a group's facts are from, and that somebody has looked today."""
    if group.get("source") != source:
        group["source"] = DoubleQuotedScalarString(source)
    group["checked"] = today


def _member(group: Any, name: str, *, of: str | None = None) -> Any:
    if not isinstance(group, dict) or name not in group:
        raise PatchError(f"{f'{of}.' if of else ''}{name}: not in the file")
    return group[name]


def _plain(value: Any) -> Any:
    """Return a value as YAML has it: without tuples."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _flow(value: Any) -> Any:
    """Return a value that is written on one line."""
    if isinstance(value, dict):
        made: Any = CommentedMap({key: _flow(member) for key, member in value.items()})
    elif isinstance(value, list | tuple):
        made = CommentedSeq(_flow(member) for member in value)
    else:
        return DoubleQuotedScalarString(value) if value == "*" else value
    made.fa.set_flow_style()
    return made


class _Representer(RoundTripRepresenter):
    """Writes null out, which says that AWS gives no value, and the same date as often as it is there."""

    def ignore_aliases(self, data: Any) -> bool:
        return not isinstance(data, dict | list) or bool(super().ignore_aliases(data))

    def represent_none(self, data: Any) -> ScalarNode:  # noqa: ARG002 - ruamel's signature
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Representer.add_representer(type(None), _Representer.represent_none)


class _OfAPart(_Representer):
    """Writes anchors to which nothing in this part of a file points: others may."""

    def represent_data(self, data: Any) -> Any:
        if isinstance(data, CommentedMap | CommentedSeq) and data.anchor.value is not None:
            data.anchor.always_dump = True
        return super().represent_data(data)


@dataclass(frozen=True)
class _Parts:
    """A file's text in parts, which together are the whole.

    Attributes:
        head: what stands before the models; all of it, where it has no list of models in lines of their own.
        models: ID -> what stands from it to the next one.
        tail: what stands behind them.
        lenders: ID -> the models whose anchors (&name) it points to.
    """

    head: str
    models: Mapping[str, str]
    tail: str
    lenders: Mapping[str, set[str]]

    def read(self, model_ids: Collection[str]) -> str:
        """Return the text by which these models can be read."""
        if not self.models:
            return self.head
        needed, asked = set[str](), set(model_ids)
        while asked:
            if unknown := asked - set(self.models):
                raise PatchError(f"{min(unknown)}: not in the file")
            needed |= asked
            asked = set[str]().union(*(self.lenders[one] for one in asked)) - needed
        return self.head + "".join(text for model_id, text in self.models.items() if model_id in needed)


def _parts(text: str) -> _Parts:
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise PatchError(" ".join(str(error).split())) from error
    keys = [key for key, _ in _members(root)]
    listed = next((value for key, value in _members(root) if key.value == "models"), None)
    entries = listed.value if isinstance(listed, yaml.SequenceNode) and not listed.flow_style else []
    ids = [str(value.value) for entry in entries for key, value in _members(entry) if key.value == "id"]
    if not ids or not len(set(ids)) == len(ids) == len(entries):
        return _Parts(text, {}, "", {})
    begins = [_line(text, entry) for entry in entries]
    end = next((line for line in map(functools.partial(_line, text), keys) if line > begins[-1]), len(text))
    spans = dict(zip(ids, itertools.pairwise([*begins, end]), strict=True))
    owners = {
        id(node): model_id
        for entry, (model_id, (begin, end)) in zip(entries, spans.items(), strict=True)
        for node in _nodes(entry)
        if begin <= node.start_mark.index < end
    }
    return _Parts(
        head=text[: begins[0]],
        models={model_id: text[begin:end] for model_id, (begin, end) in spans.items()},
        tail=text[end:],
        lenders={
            model_id: {owners[id(node)] for node in _nodes(entry) if id(node) in owners} - {model_id}
            for model_id, entry in zip(ids, entries, strict=True)
        },
    )


def _line(text: str, node: yaml.Node) -> int:
    """Return where the line begins in which a node does."""
    return text.rfind("\n", 0, node.start_mark.index) + 1


def _nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    """Return a node and all in it. What is pointed to by an alias is in it, though it stands elsewhere."""
    yield node
    for key, value in _members(node):
        yield key
        yield from _nodes(value)
    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _nodes(one)


def _members(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _read(text: str, *, representer: type[_Representer] = _Representer) -> tuple[YAML, Any]:
    reader = YAML()
    reader.preserve_quotes = True
    reader.width = _WIDTH
    reader.indent(mapping=2, sequence=4, offset=2)
    reader.Representer = representer
    try:
        return reader, reader.load(text)
    except YAMLError as error:
        raise PatchError(" ".join(str(error).split())) from error


def _written(reader: YAML, document: Any) -> str:
    stream = StringIO()
    reader.dump(document, stream)
    return stream.getvalue()
