"""One settings class per function, imported by the stack that sets the variables and by the function that reads them.

A variable can therefore be neither misspelt nor forgotten nor set for nothing. ``to_env`` lets CDK tokens through,
because at synth a table's name is not known yet; values are checked by ``from_env``, in the function.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import NoneType, UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints


class SettingsError(Exception):
    """The function's environment variables are incomplete or ill-typed; names every variable concerned."""


@dataclass(frozen=True, kw_only=True)
class EnvSettings:
    """Base of a function's settings. Field ``table_name`` is environment variable ``TABLE_NAME``.

    Fields may be ``str``, ``int``, ``float``, ``bool``, or anything else that JSON carries; all but ``str`` may be None
    (``dict[str, str] | None``), which is written as ``null``.
    """

    def to_env(self) -> dict[str, str]:
        """Return the environment variables, {"TABLE_NAME": "..."}; strings, CDK tokens included, pass unchanged."""
        return {field.name.upper(): _encode(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings from ``environ`` (default ``os.environ``).

        Raises:
            SettingsError: naming all variables that are missing, or all that cannot be read as their type.
        """
        source = os.environ if environ is None else environ
        hints = get_type_hints(cls)
        names = [field.name for field in fields(cls)]
        missing = [name.upper() for name in names if name.upper() not in source]
        if missing:
            raise SettingsError(f"{cls.__name__}: missing environment variables: {', '.join(missing)}")
        values: dict[str, Any] = {}
        problems: list[str] = []
        for name in names:
            try:
                values[name] = _decode(source[name.upper()], hints[name])
            except ValueError as error:
                problems.append(f"{name.upper()}: {error}")
        if problems:
            raise SettingsError(f"{cls.__name__}: {'; '.join(problems)}")
        return cls(**values)


def _encode(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _decode(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    value = json.loads(text)
    if isinstance(kind, UnionType):
        if value is None:
            return None
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    kind = get_origin(kind) or kind
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(kind, type) and type(value) is not kind:
        raise ValueError(f"{text!r} is not of type {kind.__name__}")
    return value
