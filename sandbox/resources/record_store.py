"""Resources whose API MiniStack lacks: what a stack declared, kept per account and region until it is deleted."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import AccountRegionScopedDict

from sandbox.resources.resource_type import Model, RecordedType
from sandbox.resources.schema import ResourceSchema

STATE_KEY = "sandbox_records"
"""The key under which the records are saved beside CloudFormation's own state."""

_SEPARATOR = " "
_store = AccountRegionScopedDict()  # "<type> <physical id>" -> the resource's model


class AlreadyExistsError(ValueError):
    """A resource of this type with this identifier exists; worded as CloudFormation words it."""


class MissingResourceError(ValueError):
    """A resource that is to be updated does not exist; worded as CloudFormation words it."""


class RecordBackend:
    """Resources of one type, kept as records."""

    def __init__(self, row: RecordedType, schema: ResourceSchema) -> None:
        self._row = row
        self._schema = schema

    def create(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Keep a new record and answer its model. Raises AlreadyExistsError."""
        model = {**properties, **self._row.attributes(properties)}
        physical_id = self._schema.physical_id(model)
        if self._key(physical_id) in _store:
            raise AlreadyExistsError(
                f"Resource of type '{self._row.type_name}' with identifier '{physical_id}' already exists."
            )
        _store[self._key(physical_id)] = copy.deepcopy(model)
        return model

    def read(self, model: Model) -> dict[str, Any]:
        """The read-only properties of a record. Raises MissingResourceError."""
        record = self._record(self._schema.physical_id(dict(model)))
        return {name: record[name] for name in self._schema.read_only if name in record}

    def update(self, identity: Model, _old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        """Put new properties in a record and answer its new model. Raises MissingResourceError."""
        model = {**new, **identity}
        model.update(self.read(model))
        _store[self._key(self._schema.physical_id(model))] = copy.deepcopy(model)
        return model

    def delete(self, model: Model) -> None:
        """Drop a record; one that is gone already counts as deleted."""
        _store.pop(self._key(self._schema.physical_id(dict(model))), None)

    def exists(self, model: Model) -> bool:
        """Whether there is such a record."""
        return self._key(self._schema.physical_id(dict(model))) in _store

    def _record(self, physical_id: str) -> dict[str, Any]:
        record: dict[str, Any] | None = _store.get(self._key(physical_id))
        if record is None:
            raise MissingResourceError(
                f"Resource of type '{self._row.type_name}' with identifier '{physical_id}' was not found."
            )
        return record

    def _key(self, physical_id: str) -> str:
        return f"{self._row.type_name}{_SEPARATOR}{physical_id}"


def of_type(type_name: str) -> Iterator[dict[str, Any]]:
    """The models of one type in the account and region of the current request."""
    for key, model in list(_store.items()):
        if key.partition(_SEPARATOR)[0] == type_name:
            yield copy.deepcopy(model)


def forget(type_name: str, model: Model) -> None:
    """Drop a record that a service's own API deletes."""
    for key, one in list(_store.items()):
        if key.partition(_SEPARATOR)[0] == type_name and one == model:
            del _store[key]


def records() -> dict[str, list[str]]:
    """Every record of every account and region: resource type -> physical ids, both sorted."""
    found: dict[str, list[str]] = {}
    for (_account, _region, key), _model in sorted(_store.all_items()):
        type_name, _, physical_id = key.partition(_SEPARATOR)
        found.setdefault(type_name, []).append(physical_id)
    return found


def reset() -> None:
    """Forget every record."""
    _store.clear()


def get_state() -> AccountRegionScopedDict:
    """A copy of every record, for MiniStack's persistence."""
    return copy.deepcopy(_store)


def load_state(state: AccountRegionScopedDict | None) -> None:
    """Put back what ``get_state`` answered."""
    if state is not None:
        _store.update(state)
