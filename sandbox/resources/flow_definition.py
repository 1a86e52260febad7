"""The definition of a Bedrock flow, which a template gives as an object or as JSON text with substitutions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TEMPLATE_ONLY = frozenset({"DefinitionString", "DefinitionSubstitutions", "TestAliasTags"})


def with_definition(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties with one ``Definition``, its ``${name}`` placeholders replaced, and nothing the API lacks.

    ``TestAliasTags`` tag an alias that only the Bedrock console uses and are left out. Raises ValueError for text
    that is not JSON.
    """
    result = {name: value for name, value in properties.items() if name not in _TEMPLATE_ONLY}
    definition = properties.get("Definition")
    if "DefinitionString" in properties:
        try:
            definition = json.loads(properties["DefinitionString"])
        except ValueError as error:
            raise ValueError("Could not parse DefinitionString to valid flow resource definition") from error
    if definition is not None:
        result["Definition"] = _substituted(definition, properties.get("DefinitionSubstitutions") or {})
    return result


def _substituted(value: Any, substitutions: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _substituted(item, substitutions) for key, item in value.items()}
    if isinstance(value, list):
        return [_substituted(item, substitutions) for item in value]
    if isinstance(value, str):
        for name, text in substitutions.items():
            value = value.replace(f"${{{name}}}", str(text))
    return value
