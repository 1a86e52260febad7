"""What the CloudFormation registry says of a resource type, read from the schemas that cfn-lint carries.

They are read from its files, and it is imported when the first resource is validated: it brings a computer algebra
system along, and would take half of a server's start, which many a server never needs.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sandbox.resources.coercion import coerce

# The schemas of every type covered here are the same in all regions that have the type; us-east-1 has all of them.
_SCHEMA_REGION = "us-east-1"


class InvalidPropertiesError(ValueError):
    """The properties of a resource break its registry schema; the message is worded as CloudFormation words it."""


@dataclass(frozen=True)
class ResourceSchema:
    """The registry schema of one resource type, with paths as dotted property names (``Budget.BudgetName``)."""

    type_name: str
    document: dict[str, Any]

    @functools.cached_property
    def read_only(self) -> tuple[str, ...]:
        """Dotted paths that ``Fn::GetAtt`` may ask for and a template may not set."""
        return self._paths("readOnlyProperties")

    @functools.cached_property
    def create_only(self) -> tuple[str, ...]:
        """Dotted paths whose change replaces the resource."""
        return self._paths("createOnlyProperties")

    @functools.cached_property
    def identifier(self) -> tuple[str, ...]:
        """The properties whose values, joined by ``|``, are the physical id that ``Ref`` answers."""
        return self._paths("primaryIdentifier")

    @functools.cached_property
    def custom_name(self) -> tuple[str, ...]:
        """The identifying properties when a template sets all of them, else nothing.

        CloudFormation refuses to replace such a resource while they stay the same: the successor would have to
        exist beside the predecessor under one name.
        """
        return () if set(self.identifier) & set(self.read_only) else self.identifier

    @property
    def tag_property(self) -> str | None:
        """The top-level property that takes the stack's tags, or None for a type without tags."""
        tagging = self.document.get("tagging", {})
        path = tagging.get("tagProperty", "/properties/Tags")
        return str(path).rsplit("/", 1)[-1] if tagging.get("taggable", True) else None

    @property
    def tags_are_a_map(self) -> bool:
        """Whether the tags are ``{key: value}`` and not a list of ``{Key, Value}``."""
        prop = self._resolve(self.document["properties"].get(self.tag_property, {}))
        return prop.get("type") == "object"

    @property
    def takes_system_tags(self) -> bool:
        """Whether CloudFormation adds its ``aws:cloudformation:`` tags to resources of this type."""
        return bool(self.document.get("tagging", {}).get("cloudFormationSystemTags", True))

    def is_list(self, name: str) -> bool:
        """Whether the top-level property ``name`` is an array."""
        return self._resolve(self.document["properties"].get(name, {})).get("type") == "array"

    def validated(self, logical_id: str, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties with their scalars coerced as CloudFormation does.

        Raises InvalidPropertiesError naming every violation, and any read-only property that was set.
        """
        from cfnlint.jsonschema import StandardValidator

        values = self.coerced(properties)
        problems = [
            f"#/{'/'.join(map(str, parents))}: extraneous key [{leaf}] is not permitted".replace("#/:", "#:")
            for *parents, leaf in (path.split(".") for path in self.read_only)
            if value_at(values, [*parents, leaf]) is not None
        ]
        validator = StandardValidator(self.document)
        problems += [_worded(error) for error in validator.iter_errors(values)]
        if problems:
            listing = ", ".join(f"[{problem}]" for problem in dict.fromkeys(problems))
            raise InvalidPropertiesError(
                f"Properties validation failed for resource {logical_id} with message: {listing}"
            )
        return values

    def coerced(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties with their scalars in the types of the schema, unchecked."""
        return cast(dict[str, Any], coerce(properties, self.document, self.document))

    def replacing(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """The create-only paths whose values differ between two sets of coerced properties."""
        old, new = self.coerced(old), self.coerced(new)
        return [path for path in self.create_only if value_at(old, path.split(".")) != value_at(new, path.split("."))]

    def physical_id(self, model: dict[str, Any]) -> str:
        """What ``Ref`` answers for a resource: its identifier values joined by ``|``."""
        return "|".join(str(model[name]) for name in self.identifier)

    def identity(self, physical_id: str) -> dict[str, Any]:
        """The identifier properties of a physical id. Raises ValueError when it has another number of parts."""
        return dict(zip(self.identifier, physical_id.split("|"), strict=True))

    def _paths(self, key: str) -> tuple[str, ...]:
        paths = (pointer.removeprefix("/properties/") for pointer in self.document.get(key, ()))
        return tuple(path.replace("/", ".") for path in paths)

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            node = self.document["definitions"][node["$ref"].rsplit("/", 1)[-1]]
        return node


@functools.cache
def schema_of(type_name: str) -> ResourceSchema:
    """The registry schema of a resource type. Raises LookupError for a type that cfn-lint does not know."""
    folder, names = _carried()
    document = json.loads((folder / "resources" / f"{names[type_name]}.json").read_text("utf-8"))
    return ResourceSchema(type_name, document)


@functools.cache
def _carried() -> tuple[Path, dict[str, str]]:
    """cfn-lint's folder of schemas, and the name of each type's file in it, without importing cfn-lint."""
    found = importlib.util.find_spec("cfnlint")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "data" / "schemas"
    return folder, json.loads((folder / "providers" / f"{_SCHEMA_REGION}.json").read_text("utf-8"))


def value_at(model: Any, path: list[str]) -> Any:
    """The value at a path of keys, or None where a key is missing."""
    for key in path:
        if not isinstance(model, dict) or key not in model:
            return None
        model = model[key]
    return model


# Worded as CloudFormation words them; it says no more than the keyword for patterns and enums.
_WORDING = {
    "minLength": "expected minLength: {limit}, actual: {size}",
    "maxLength": "expected maxLength: {limit}, actual: {size}",
    "minItems": "expected minimum item count: {limit}, found: {size}",
    "maxItems": "expected maximum item count: {limit}, found: {size}",
    "minimum": "{value} is not greater or equal to {limit}",
    "maximum": "{value} is not less or equal to {limit}",
    "uniqueItems": "array items are not unique",
}


def _worded(error: Any) -> str:
    value, limit = error.instance, error.validator_value
    # cfn-lint leads to a missing or an unexpected key itself; CloudFormation names the object around it.
    path = list(error.path)
    match error.validator:
        case "required":
            missing = error.message.split("'")[1]
            text = f"required key [{missing}] not found"
        case "additionalProperties":
            text = f"extraneous key [{path.pop()}] is not permitted"
        case "type":
            wanted = limit if isinstance(limit, str) else limit[0]
            text = f"expected type: {wanted.capitalize()}, found: {_type_name(value)}"
        case keyword if keyword in _WORDING:
            size = len(value) if isinstance(value, str | list) else None
            text = _WORDING[keyword].format(value=value, limit=limit, size=size)
        case keyword:
            text = f"failed validation constraint for keyword [{keyword}]"
    return f"#{''.join(f'/{part}' for part in path)}: {text}"


def _type_name(value: Any) -> str:
    names = {str: "String", bool: "Boolean", int: "Integer", float: "Number", list: "JSONArray", dict: "JSONObject"}
    return names.get(type(value), "Null")
