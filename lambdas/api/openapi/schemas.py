"""JSON schemas of the types that bodies and answers are made of, with descriptions from their docstrings."""

import inspect
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from lambdas.api.operation import resolve

Schema = dict[str, Any]

_TEMPLATE: Final = "#/components/schemas/{name}"
_ATTRIBUTE: Final = re.compile(r"^    (\w+): ", re.MULTILINE)


def ref(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": _TEMPLATE.format(name=name)}


def name_of(reference: str) -> str:
    """Return the component's name of what ``package.module:name`` names."""
    return reference.rpartition(":")[2]


def schemas(references: Iterable[str]) -> dict[str, Schema]:
    """Return the schemas of what ``package.module:name`` name, and of their parts, by name.

    A type that is no class, as a union or a dictionary with a schema of its own, is a component by its name too.
    """
    types = {name_of(reference): resolve(reference) for reference in references}
    given, components = msgspec.json.schema_components(types.values(), ref_template=_TEMPLATE)
    for schema in components.values():
        _describe(schema)
    named = {name: schema for name, schema in zip(types, given, strict=True) if schema != ref(name)}
    # A default may be a tuple, which JSON does not know.
    found: dict[str, Schema] = msgspec.json.decode(msgspec.json.encode({**components, **named}))
    return found


def _describe(schema: Schema) -> None:
    """Make descriptions of the class's docstring: its text, and what it says of each attribute."""
    text, _, attributes = inspect.cleandoc(schema.get("description", "")).partition("\n\nAttributes:\n")
    schema["description"] = " ".join(text.split()).replace("``", "`")
    _, *parts = _ATTRIBUTE.split(attributes)
    for name, about in zip(parts[::2], parts[1::2], strict=True):
        schema["properties"][name]["description"] = " ".join(about.split()).replace("``", "`")
