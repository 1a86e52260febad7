"""Create, update and delete of the resource types whose service MiniStack has."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from botocore.model import Shape

from sandbox.resources.resource_type import ApiBackedType, Model
from sandbox.resources.schema import ResourceSchema
from sandbox.resources.service_api import ApiError, call, operation_model
from sandbox.resources.translation import to_parameters, to_property

_READY_TIMEOUT_SECONDS = 300.0
_POLL_SECONDS = 0.02


class NotStabilizedError(TimeoutError):
    """A created resource did not reach the state its handler waits for."""


class ApiBackend:
    """Resources of one type, kept by their own service."""

    def __init__(self, row: ApiBackedType, schema: ResourceSchema) -> None:
        self._row = row
        self._schema = schema

    def create(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Create a resource and answer its model: the properties and every read-only one. Raises ApiError."""
        row = self._row
        reply = self._send(row.create, properties, row.constants(), frozenset(), row.renames)
        model = {**properties, **self._read_only(_member(reply, row.created))}
        try:
            self._follow_up(model)
            return {**model, **self.read(model)}
        except Exception:
            # CloudFormation never learns the id of a resource whose create failed, so nobody else would delete it.
            self.delete(model)
            raise

    def read(self, model: Model) -> dict[str, Any]:
        """The read-only properties of a resource. Raises ApiError, NotStabilizedError."""
        deadline = time.monotonic() + _READY_TIMEOUT_SECONDS
        resource = self._resource(model)
        if self._row.ready is not None:
            member, wanted = self._row.ready
            while resource.get(member) != wanted:
                if time.monotonic() > deadline or "FAILED" in str(resource.get(member)).upper():
                    raise NotStabilizedError(f"{self._row.type_name} is {resource.get(member)}, not {wanted}")
                time.sleep(_POLL_SECONDS)
                resource = self._resource(model)
        return self._read_only(resource)

    def update(self, identity: Model, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        """Update a resource in place and answer its new model. Raises ApiError."""
        row = self._row
        model = {**new, **identity}
        tags = self._schema.tag_property
        if row.update is not None and _without(old, tags) != _without(new, tags):
            resource = self._resource(model)
            fixed = {**self._accepted(row.update, model), **{name: resource[name] for name in row.carried}}
            create_only = {path for path in self._schema.create_only if "." not in path}
            ignored = frozenset({*create_only, *([tags] if tags else [])})
            self._send(row.update, new, fixed, ignored, {**row.renames, **row.update_renames})
        if tags and row.tagged:
            arn = row.tagged({**model, **self.read(model)})
            self._retag(arn, _tag_map(old.get(tags)), _tag_map(new.get(tags)))
        self._follow_up(model)
        return {**model, **self.read(model)}

    def delete(self, model: Model) -> None:
        """Delete a resource; one that is gone already counts as deleted. Raises ApiError."""
        try:
            call(self._row.service, self._row.delete, self._accepted(self._row.delete, model))
        except ApiError as error:
            if not error.is_not_found:
                raise
        if self._row.waits_until_gone:
            self._wait_until_gone(model)

    def _wait_until_gone(self, model: Model) -> None:
        member, _ = self._row.ready or ("Status", "")
        deadline = time.monotonic() + _READY_TIMEOUT_SECONDS
        while (resource := self._resource_or_none(model)) is not None:
            status = str(resource.get(member))
            if time.monotonic() > deadline or "FAILED" in status.upper():
                raise NotStabilizedError(f"{self._row.type_name} is {status}, not deleted")
            time.sleep(_POLL_SECONDS)

    def exists(self, model: Model) -> bool:
        """Whether the service knows the resource. Raises ApiError for any other refusal."""
        return bool(self._resource_or_none(model))

    def _resource_or_none(self, model: Model) -> dict[str, Any] | None:
        try:
            return self._resource(model)
        except ApiError as error:
            if error.is_not_found:
                return None
            raise

    def _send(
        self,
        operation: str,
        properties: dict[str, Any],
        fixed: dict[str, Any],
        ignored: frozenset[str],
        renames: Mapping[str, str],
    ) -> dict[str, Any]:
        prepared = self._row.prepare({**self._row.defaults, **properties})
        parameters = to_parameters(prepared, self._input(operation), renames, ignored=ignored)
        return call(self._row.service, operation, {**parameters, **fixed})

    def _follow_up(self, model: Model) -> None:
        for operation in self._row.then:
            call(self._row.service, operation, self._accepted(operation, model))

    def _resource(self, model: Model) -> dict[str, Any]:
        reply = call(self._row.service, self._row.read, self._accepted(self._row.read, model))
        return _member(reply, self._row.found)

    def _accepted(self, operation: str, model: Model) -> dict[str, Any]:
        accepted = _names(self._input(operation))
        return {name: value for name, value in self._row.identify(model).items() if name in accepted}

    def _input(self, operation: str) -> Shape:
        shape = operation_model(self._row.service, operation).input_shape
        assert shape is not None, f"{operation} takes no parameters"
        return shape

    def _read_only(self, resource: dict[str, Any]) -> dict[str, Any]:
        by_lower_name = {name.lower(): value for name, value in resource.items()}
        values: dict[str, Any] = {}
        for name in (path for path in self._schema.read_only if "." not in path):
            value = by_lower_name.get(self._row.attributes.get(name, name).lower())
            if value is None and self._schema.is_list(name) and resource:
                value = []
            if value is not None:
                values[name] = to_property(value)
        return values

    def _retag(self, arn: str, old: dict[str, str], new: dict[str, str]) -> None:
        service, (tag, untag) = self._row.service, self._row.tag_operations
        removed = [key for key in old if key not in new]
        changed = {key: value for key, value in new.items() if old.get(key) != value}
        if removed:
            names = _names(self._input(untag))
            keys = names.get("tagkeys") or names["resourcetagkeys"]
            call(service, untag, {names["resourcearn"]: arn, keys: removed})
        if changed:
            shape = self._input(tag)
            names = _names(shape)
            tags = to_parameters({"Tags": changed}, shape, {} if "tags" in names else {"Tags": "ResourceTags"})
            call(service, tag, {names["resourcearn"]: arn, **tags})


def _member(reply: dict[str, Any], name: str | None) -> dict[str, Any]:
    """The resource in a reply: the reply itself, one of its members, or the only element of one that is a list."""
    found = reply if name is None else reply.get(name) or {}
    resource: dict[str, Any] = found[0] if isinstance(found, list) else found
    return resource


def _names(shape: Shape) -> dict[str, str]:
    members: dict[str, Any] = getattr(shape, "members", {})
    return {**{name.lower(): name for name in members}, **{name: name for name in members}}


def _without(properties: dict[str, Any], name: str | None) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key != name}


def _tag_map(tags: Any) -> dict[str, str]:
    if isinstance(tags, dict):
        return dict(tags)
    return {tag["Key"]: tag.get("Value", "") for tag in tags or ()}
