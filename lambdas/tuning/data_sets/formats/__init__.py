"""The formats of data sets: a TOML file each, facts with a source and a date.

What a file says of its records is obeyed by the checker of its shape: converse.py, texts.py or chat.py.
"""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec
from msgspec import Struct

from lambdas.catalogue.customization import DataFormat

FOLDER: Final = Path(__file__).parent


class Format(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A format of data sets: JSON Lines, a record a line.

    Attributes:
        title: what its records are.
        shape: which keys hold texts: Converse's messages, texts of their own, OpenAI's chat messages.
        required, optional: keys of a record.
        other_keys: whether a record may have more.
        last_roles: whose message may be the last.
        schema_version: what ``schemaVersion`` must be; None: any text.
    """

    name: DataFormat
    title: str
    shape: Literal["converse", "texts", "chat"]
    source: str
    checked: date
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    other_keys: bool = False
    last_roles: tuple[Literal["user", "assistant"], ...] = ()
    schema_version: str | None = None
    example: str


@cache
def formats() -> dict[DataFormat, Format]:
    """Return name -> format, read once per process.

    Raises:
        msgspec.ValidationError, tomllib.TOMLDecodeError: a file is not what this code expects.
    """
    names: tuple[DataFormat, ...] = get_args(DataFormat)
    found = {}
    for name in names:
        facts = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        found[name] = msgspec.convert({"name": name, **facts}, Format)
    return found
