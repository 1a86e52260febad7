"""One settings class per function, imported by the stack that sets the variables and by the function that reads them.

A variable can therefore be neither misspelt nor forgotten nor set for nothing. ``to_env`` lets CDK tokens through,
because at synth a table's name is not known yet; values are checked by ``from_env``, in the function.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Self, get_type_hints


class SettingsError(Exception):
    """The function's environment variables are incomplete or ill-typed; names every variable concerned."""


@dataclass(frozen=True, kw_only=True)
class EnvSettings:
    """Base of a function's settings. Field ``table_name`` is environment variable ``TABLE_NAME``.

    A ``str`` is the variable's text. Any other type is JSON, as msgspec reads and writes it, to whatever depth:
    numbers, dates, ``None`` beside another type, collections, structs. msgspec is imported when a field needs it:
    functions that are told nothing but text start without.

    A field with a default has no variable where it has that value: what most environments do without costs them none
    of the 4 KB, and no change of their templates.
    """

    def to_env(self) -> dict[str, str]:
        """Return the environment variables, {"TABLE_NAME": "..."}; CDK tokens pass unchanged, inside JSON too."""
        hints = get_type_hints(type(self))
        return {
            field.name.upper(): _encode(getattr(self, field.name), hints[field.name])
            for field in fields(self)
            if field.default is MISSING or getattr(self, field.name) != field.default
        }

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings from ``environ`` (default ``os.environ``).

        Raises:
            SettingsError: naming all variables that are missing, or all that cannot be read as their type, each with
                the place in it, as ``ALIASES: Expected `str`, got `int` - at `$[...][0]```.
        """
        source = os.environ if environ is None else environ
        hints = get_type_hints(cls)
        known = fields(cls)
        missing = [one.name.upper() for one in known if one.default is MISSING and one.name.upper() not in source]
        if missing:
            raise SettingsError(f"{cls.__name__}: missing environment variables: {', '.join(missing)}")
        values: dict[str, Any] = {}
        problems: list[str] = []
        for name in [one.name for one in known if one.name.upper() in source]:
            try:
                values[name] = _decode(source[name.upper()], hints[name])
            except ValueError as error:
                problems.append(f"{name.upper()}: {error}")
        if problems:
            raise SettingsError(f"{cls.__name__}: {'; '.join(problems)}")
        return cls(**values)


def _encode(value: Any, kind: Any) -> str:
    if kind is str:
        return str(value)
    from msgspec import json

    # Sorted, so that a template changes only when what is told does.
    return json.encode(value, order="sorted").decode()


def _decode(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    from msgspec import json

    return json.decode(text, type=kind)
