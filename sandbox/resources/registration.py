"""Adds the resource types of the catalogue to MiniStack's CloudFormation engine, and their records to its state."""

from __future__ import annotations

import functools
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners

from sandbox.resources import corrections, record_store, versions
from sandbox.resources.catalogue import CATALOGUE
from sandbox.resources.provisioner import Provisioner


@functools.cache
def register() -> None:
    """Teach MiniStack every type of the catalogue. Call it before the server serves; calling it again does nothing."""
    for row in CATALOGUE:
        _register_type(Provisioner(row))
    corrections.install()
    versions.install()
    _keep_records_with_stacks()


def _register_type(provisioner: Provisioner) -> None:
    name, schema = provisioner.row.type_name, provisioner.schema
    provisioners._RESOURCE_HANDLERS[name] = {
        "create": provisioner.create,
        "update": provisioner.update,
        # Without this flag the engine withholds the logical id, which generated names are made of.
        "update_with_logical_id": True,
        "delete": provisioner.delete,
        "import": provisioner.import_,
    }
    provisioners._REPLACING_PROPERTIES[name] = tuple(path for path in schema.create_only if "." not in path)
    # The engine compares whole top-level properties only; Provisioner.update looks into these.
    nested = {path.partition(".")[0] for path in schema.create_only if "." in path}
    provisioners._CONDITIONALLY_REPLACING_PROPERTIES[name] = tuple(sorted(nested))
    if schema.custom_name:
        provisioners._CUSTOM_NAME_REPLACEMENT[name] = {
            "name": schema.custom_name,
            "requires_replacement": lambda old, new: bool(schema.replacing(old, new)),
        }
    if schema.tag_property:
        provisioners._STACK_TAG_PROPERTY[name] = (schema.tag_property, "map" if schema.tags_are_a_map else "list")


def _keep_records_with_stacks() -> None:
    """Reset, save and restore the records with the stacks, which alone make them."""
    reset, get_state, load = cloudformation.reset, cloudformation.get_state, cloudformation.load_persisted_state

    def reset_with_records() -> None:
        reset()
        record_store.reset()

    def get_state_with_records() -> dict[str, Any]:
        return {**get_state(), record_store.STATE_KEY: record_store.get_state()}

    def load_with_records(data: dict[str, Any] | None) -> None:
        load(data)
        record_store.load_state((data or {}).get(record_store.STATE_KEY))

    cloudformation.reset = reset_with_records
    cloudformation.get_state = get_state_with_records
    cloudformation.load_persisted_state = load_with_records
