"""The handlers that MiniStack's CloudFormation engine calls for one resource type."""

from __future__ import annotations

import copy
from typing import Any, Protocol

from ministack.services.cloudformation import provisioners

from sandbox.resources.api_backed import ApiBackend
from sandbox.resources.record_store import RecordBackend
from sandbox.resources.resource_type import ApiBackedType, Model, RecordedType, ResourceType
from sandbox.resources.schema import ResourceSchema, schema_of, value_at

_SYSTEM_TAG_PREFIX = "aws:"


class Backend(Protocol):
    """Where the resources of one type are kept. A model holds properties and read-only ones."""

    def create(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Create a resource and answer its model."""

    def read(self, model: Model) -> dict[str, Any]:
        """The read-only properties of a resource."""

    def update(self, identity: Model, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        """Update a resource in place and answer its model."""

    def delete(self, model: Model) -> None:
        """Delete a resource; one that is gone already counts as deleted."""

    def exists(self, model: Model) -> bool:
        """Whether the resource exists."""


class Provisioner:
    """Create, update and delete of one resource type, with the schema's and the type's own checks before each."""

    def __init__(self, row: ResourceType) -> None:
        self.row = row
        self.schema: ResourceSchema = schema_of(row.type_name)
        self.backend = _backend(row, self.schema)

    def create(self, logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        """The physical id and the ``Fn::GetAtt`` attributes of a new resource. Raises what the checks raise."""
        values = self._checked(logical_id, properties, stack_name)
        self.row.check_create(values)
        return self._answer(self.backend.create(values))

    def update(
        self,
        physical_id: str,
        old: dict[str, Any],
        new: dict[str, Any],
        stack_name: str,
        logical_id: str | None = None,
    ) -> tuple[str, dict[str, Any]]:
        """The same for a changed resource, which gets a successor where a nested create-only property changed.

        The engine itself replaces a resource when a create-only property at the top level changed.
        """
        label = logical_id or physical_id
        values = self._checked(label, new, stack_name)
        before = self._named(self.schema.coerced(self._with_allowed_tags(old)), label, stack_name)
        if self.schema.replacing(before, values):
            created: tuple[str, dict[str, Any]] = provisioners._replace_resource(
                self.row.type_name, physical_id, old, new, stack_name, logical_id
            )
            return created
        identity = self.schema.identity(physical_id)
        self.row.check_update({**values, **identity})
        return self._answer(self.backend.update(identity, before, values))

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete a resource; one that is gone already counts as deleted. Raises what the checks raise."""
        model = {**self.schema.coerced(properties), **self.schema.identity(physical_id)}
        if self.backend.exists(model):
            self.row.check_delete({**model, **self.backend.read(model)})
            self.backend.delete(model)

    def import_(self, identifier: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Adopt an existing resource by its identifying properties. Raises what a read of it raises."""
        return self._answer({**identifier, **self.backend.read(identifier)})

    def _checked(self, logical_id: str, properties: dict[str, Any], stack_name: str) -> dict[str, Any]:
        named = self._named(self._with_allowed_tags(properties), logical_id, stack_name)
        prop = self.schema.tag_property
        if prop is None or prop not in named:
            return self.schema.validated(logical_id, named)
        # CloudFormation adds its own tags after validation: the schemas of some types forbid their prefix.
        system = _tags(named[prop], system=True)
        values = self.schema.validated(logical_id, {**named, prop: _tags(named[prop], system=False)})
        own = values[prop]
        values[prop] = {**own, **system} if isinstance(own, dict) else [*own, *system]
        return values

    def _with_allowed_tags(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Without the system tags that the engine adds everywhere and CloudFormation only to some types."""
        prop = self.schema.tag_property
        if prop is None or prop not in properties or self.schema.takes_system_tags:
            return properties
        kept = _tags(properties[prop], system=False)
        rest = {name: value for name, value in properties.items() if name != prop}
        return {**rest, prop: kept} if kept else rest

    def _named(self, properties: dict[str, Any], logical_id: str, stack_name: str) -> dict[str, Any]:
        rule = self.row.generated_name
        if rule is None or value_at(properties, rule.path.split(".")) is not None:
            return properties
        result = copy.deepcopy(properties)
        *parents, leaf = rule.path.split(".")
        target = result
        for parent in parents:
            target = target.setdefault(parent, {})
        target[leaf] = provisioners._physical_name(
            stack_name, logical_id, lowercase=rule.lowercase, max_len=rule.max_length
        )
        return result

    def _answer(self, model: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        paths = {path: value_at(model, path.split(".")) for path in self.schema.read_only}
        return self.schema.physical_id(model), {path: value for path, value in paths.items() if value is not None}


def _backend(row: ResourceType, schema: ResourceSchema) -> Backend:
    match row:
        case ApiBackedType():
            return ApiBackend(row, schema)
        case RecordedType():
            return RecordBackend(row, schema)
    raise TypeError(f"{row.type_name} is neither backed by an API nor kept as a record")


def _tags(tags: Any, *, system: bool) -> Any:
    """The tags that CloudFormation made up, or the others, in the shape they came in."""
    if isinstance(tags, dict):
        return {key: value for key, value in tags.items() if key.startswith(_SYSTEM_TAG_PREFIX) is system}
    return [tag for tag in tags or () if tag["Key"].startswith(_SYSTEM_TAG_PREFIX) is system]
