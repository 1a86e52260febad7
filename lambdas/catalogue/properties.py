"""A resource's properties, as a template or a Describe call has them, asked for by path."""

from collections.abc import Iterator, Mapping
from typing import Any


class UnknownPropertyError(LookupError):
    """A property that a price depends on is known only once the resource is there: a reference is left in it."""


class Properties:
    """Properties of one resource.

    Args:
        values: as CloudFormation names them. What a template leaves open stands in it as ``{"Ref": ...}`` and the like.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def get(self, path: str) -> Any:
        """Return what stands at a path as ``SpaceSettings.SpaceStorageSettings``; None if nothing does.

        Raises:
            UnknownPropertyError: it, or what it stands in, is not known yet.
        """
        value: Any = self._values
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
            if is_open(value):
                raise UnknownPropertyError(f"{path} is known only once it is deployed")
        return value

    def has(self, name: str) -> bool:
        """Return whether there is a property of that name, known or not."""
        return name in self._values

    def text(self, path: str, default: str) -> str:
        """Return a text; raises as ``get``."""
        value = self.get(path)
        return default if value is None else str(value)

    def flag(self, path: str) -> bool:
        """Return whether something is switched on; raises as ``get``."""
        return str(self.get(path)).lower() == "true"

    def number(self, path: str, default: float) -> float:
        """Return a number, which templates may write as a text.

        Raises:
            UnknownPropertyError: as ``get``, or what stands there is no number.
        """
        value = self.get(path)
        if value is None:
            return default
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            raise UnknownPropertyError(f"{path} is no number: {value!r}") from error

    def members(self, path: str) -> Iterator["Properties"]:
        """Yield the members of a list of structures; raises as ``get``."""
        for position, member in enumerate(self.listed(path)):
            if is_open(member) or not isinstance(member, Mapping):
                raise UnknownPropertyError(f"{path}[{position}] is known only once it is deployed")
            yield Properties(member)

    def listed(self, path: str) -> list[Any]:
        """Return a list, whose members may be references.

        Raises:
            UnknownPropertyError: as ``get``, or how many there are is not known.
        """
        value = self.get(path)
        if value is None:
            return []
        if not isinstance(value, list) or any(_is_conditional(member) for member in value):
            raise UnknownPropertyError(f"how many {path} has is known only once it is deployed")
        return value


def is_open(value: Any) -> bool:
    """Return whether a value is one of CloudFormation's references or functions, which only a deployment resolves."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    (key,) = value
    return key == "Ref" or str(key).startswith("Fn::")


def _is_conditional(value: Any) -> bool:
    return is_open(value) and "Fn::If" in value
