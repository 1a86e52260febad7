"""A template as it would be deployed: conditions decided, parameters with their defaults, as far as that can be known.

What only a deployment knows, as another resource's ARN, stays as it stands. A price that depends on it is told to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from lambdas.catalogue.properties import is_open

_NOTHING: Final = object()


class OpenConditionError(LookupError):
    """Whether something is so is known only once it is deployed."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a template.

    Attributes:
        stack: the stack's own part of its name, as ``inference``.
        condition: why it may not be there at all; None if it is.
    """

    stack: str
    logical_id: str
    type_name: str
    properties: Mapping[str, Any]
    condition: str | None = None


@dataclass(frozen=True)
class Template:
    """One stack's template."""

    stack: str
    document: Mapping[str, Any]
    region: str

    def resources(self) -> Iterator[Resource]:
        """Yield what is deployed, in the template's order."""
        for logical_id, written in self.document.get("Resources", {}).items():
            condition = written.get("Condition")
            try:
                if condition is not None and not self._holds(condition):
                    continue
                open_condition = None
            except OpenConditionError as error:
                open_condition = str(error)
            yield Resource(
                stack=self.stack,
                logical_id=logical_id,
                type_name=written["Type"],
                properties=self._without_nothing(written.get("Properties", {})),
                condition=open_condition,
            )

    @cached_property
    def _known(self) -> dict[str, Any]:
        parameters = self.document.get("Parameters", {})
        # A default that is the name of an SSM parameter is not its value.
        defaults = {
            name: one["Default"]
            for name, one in parameters.items()
            if "Default" in one and not str(one.get("Type", "")).startswith("AWS::SSM::Parameter::Value")
        }
        return {**defaults, "AWS::Region": self.region, "AWS::NoValue": _NOTHING}

    def _without_nothing(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        resolved = self._resolved(properties)
        return resolved if isinstance(resolved, dict) else {}

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            return [one for one in map(self._resolved, value) if one is not _NOTHING]
        if not isinstance(value, Mapping):
            return value
        if is_open(value):
            return self._function(value)
        members = {key: self._resolved(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member is not _NOTHING}

    def _function(self, value: Mapping[str, Any]) -> Any:
        """Return what a reference or function comes to, or itself."""
        ((name, argument),) = value.items()
        if name == "Ref":
            return self._known.get(argument, value)
        if name == "Fn::If":
            condition, then, otherwise = argument
            try:
                return self._resolved(then if self._holds(condition) else otherwise)
            except OpenConditionError:
                same, other = self._resolved(then), self._resolved(otherwise)
                return same if same == other else value
        if name == "Fn::FindInMap":
            return self._mapped([self._resolved(key) for key in argument], value)
        return value

    def _mapped(self, keys: list[Any], value: Mapping[str, Any]) -> Any:
        found: Any = self.document.get("Mappings", {})
        for key in keys[:3]:
            if not isinstance(key, str) or not isinstance(found, Mapping) or key not in found:
                return value
            found = found[key]
        return found

    def _holds(self, name: str) -> bool:
        conditions = self.document.get("Conditions", {})
        if name not in conditions:
            raise OpenConditionError(f"there is no condition {name}")
        return self._true(conditions[name], f"whether {name} holds is known only once it is deployed")

    def _true(self, expression: Any, why_open: str) -> bool:
        ((name, argument),) = expression.items()
        match name:
            case "Condition":
                return self._holds(argument)
            case "Fn::Not":
                return not self._true(argument[0], why_open)
            case "Fn::And":
                return self._decided(argument, why_open, decisive=False)
            case "Fn::Or":
                return self._decided(argument, why_open, decisive=True)
            case "Fn::Equals":
                left, right = (self._resolved(one) for one in argument)
                if is_open(left) or is_open(right):
                    raise OpenConditionError(why_open)
                return str(left) == str(right)
        raise OpenConditionError(why_open)

    def _decided(self, expressions: list[Any], why_open: str, *, decisive: bool) -> bool:
        """Return ``decisive`` if one of them is so, even beside one that is open."""
        still_open = None
        for one in expressions:
            try:
                if self._true(one, why_open) is decisive:
                    return decisive
            except OpenConditionError as error:
                still_open = error
        if still_open is not None:
            raise still_open
        return not decisive
