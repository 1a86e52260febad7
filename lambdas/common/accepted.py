"""The words that a type accepts at one place of a body, for callers who sent another one."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

_STEP: Final = re.compile(r"(?P<name>[^.\[\]]+)|\[[^\]]*\]")


def accepted(type_: Any, path: str) -> list[str]:
    """Return the words that may stand at a place, or nothing where it is not words alone that may.

    Args:
        type_: of the body: a msgspec struct.
        path: the place, as ``text.format.type`` or ``input[0].role``.
    """
    found = list(_flat([msgspec.inspect.type_info(type_)]))
    words: list[Any] = []
    for step in _STEP.finditer(path):
        words = [one.tag for one in found if isinstance(one, msgspec.inspect.StructType) and one.tag_field == step[0]]
        found = list(_flat(_below(found, step["name"])))
    for one in found:
        if isinstance(one, msgspec.inspect.LiteralType):
            words += one.values
        elif isinstance(one, msgspec.inspect.EnumType):
            words += [member.value for member in one.cls]
    return [word for word in dict.fromkeys(words) if isinstance(word, str)]


def _below(types: Iterable[Any], name: str | None) -> Iterator[Any]:
    """Yield the types one step below: of a member, or of a list's items."""
    for one in types:
        if isinstance(one, msgspec.inspect.StructType) and name is not None:
            yield from (field.type for field in one.fields if field.encode_name == name)
        elif isinstance(one, msgspec.inspect.ListType) and name is None:
            yield one.item_type


def _flat(types: Iterable[Any]) -> Iterator[Any]:
    """Yield the types that stand side by side in unions."""
    for one in types:
        if isinstance(one, msgspec.inspect.UnionType):
            yield from _flat(one.types)
        elif isinstance(one, msgspec.inspect.Metadata):
            yield from _flat([one.type])
        else:
            yield one
