"""The fast way: lines in which all is plainly well, decoded and looked at many at a time.

What is plain: text alone, no key that is not known, no reserved word. Whatever is not is left to the checkers, which go
record by record and have words for it; so nothing here has to say why.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import Meta, Struct, field

from lambdas.tuning.data_sets.record import Wanted


class Block(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A block of text."""

    text: str


class Asked(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="role", tag="user"):
    """A message of the user, of one block."""

    content: tuple[Block]


class Answered(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="role", tag="assistant"):
    """A message of the assistant, of one block."""

    content: tuple[Block]


class Exchange(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A record of one question and its answer, which most data sets have only: decoded faster than any number."""

    messages: tuple[Asked, Answered]
    system: tuple[Block, ...] = ()
    schema_version: str | None = field(name="schemaVersion", default=None)


class Conversation(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A record of any number of messages."""

    messages: Annotated[tuple[Asked | Answered, ...], Meta(min_length=1)]
    system: tuple[Block, ...] = ()
    schema_version: str | None = field(name="schemaVersion", default=None)


class Plain(Struct, frozen=True):
    """Lines in which all is well.

    Attributes:
        records: as decoded.
        text: all their texts, a line feed between two.
        length: how many characters they are.
    """

    records: list[Any]
    text: str
    length: int


class _Shape(Protocol):
    """How records of a shape are read."""

    def read(self, lines: list[bytes]) -> tuple[list[Any], list[str]] | None:
        """Return records and all their texts; None if one breaks a rule.

        Raises:
            msgspec.DecodeError, UnicodeDecodeError, RecursionError: one is not of the shape.
        """

    def convert(self, record: dict[str, Any]) -> Any:
        """Return a record that was decoded without types as ``read`` would.

        Raises:
            msgspec.ValidationError: it is not of the shape.
        """

    def texts_of(self, record: Any) -> list[str]:
        """Return the texts of one record."""

    @property
    def same(self) -> Callable[[Any], object]:
        """What gives of a record what is equal for records that are the same."""


class PlainReader:
    """Reads lines of one format."""

    def __init__(self, wanted: Wanted, *, reserved: Callable[[str], bool]) -> None:
        self._shape = _SHAPES[wanted.format.shape](wanted) if wanted.format.shape in _SHAPES else None
        self._reserved = reserved

    def read(self, lines: list[bytes]) -> Plain | None:
        """Return the records of lines; None unless all is plainly well."""
        if self._shape is None:
            return None
        try:
            read = self._shape.read(lines)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if read is None:
            return None
        records, texts = read
        text = "\n".join(texts)
        if not all(map(str.strip, texts)) or "\0" in text or self._reserved(text):
            return None
        return Plain(records, text, len(text) - len(texts) + 1)

    def same(self, records: Sequence[Any]) -> list[int]:
        """Return a number per record, which is equal for records that are the same."""
        assert self._shape
        return list(map(hash, map(self._shape.same, records)))

    def texts_of(self, record: Any) -> list[str]:
        """Return the texts of one record."""
        assert self._shape
        return self._shape.texts_of(record)

    def of_object(self, record: dict[str, Any]) -> int | None:
        """Return the number of ``same`` for a record that was decoded without types; None if it is not plain."""
        if self._shape is None:
            return None
        try:
            return hash(self._shape.same(self._shape.convert(record)))
        except msgspec.ValidationError:
            return None


class _Conversations:
    """Conversations that begin with the user, take turns, and end as the format wants it."""

    def __init__(self, wanted: Wanted) -> None:
        self.same: Callable[[Any], object] = attrgetter("system", "messages")
        self._exchange = msgspec.json.Decoder(Exchange).decode
        self._conversation = msgspec.json.Decoder(Conversation).decode
        self._are_exchanges = True
        self._version = wanted.format.schema_version
        self._last = tuple({"user": Asked, "assistant": Answered}[role] for role in wanted.format.last_roles)
        self._most_turns = wanted.facts.limits.turns

    def read(self, lines: list[bytes]) -> tuple[list[Any], list[str]] | None:
        records: list[Any]
        if self._are_exchanges:
            try:
                records = list(map(self._exchange, lines))
            except msgspec.ValidationError:
                # Not all of them; from here on the others' decoder is asked at once.
                self._are_exchanges = False
        if not self._are_exchanges:
            records = list(map(self._conversation, lines))
            if not all(map(self._takes_turns, records)):
                return None
        texts: list[str] = []
        add, version = texts.append, self._version
        for record in records:
            for message in record.messages:
                add(message.content[0].text)
            for block in record.system:
                add(block.text)
            if version and record.schema_version != version:
                return None
        return records, texts

    def convert(self, record: dict[str, Any]) -> Any:
        return msgspec.convert(record, Conversation)

    def texts_of(self, record: Any) -> list[str]:
        return [*(message.content[0].text for message in record.messages), *(block.text for block in record.system)]

    def _takes_turns(self, record: Conversation) -> bool:
        messages = record.messages
        if not isinstance(messages[-1], self._last) or (self._most_turns and len(messages) > 2 * self._most_turns):
            return False
        return all(isinstance(one, Asked) for one in messages[::2]) and all(
            isinstance(one, Answered) for one in messages[1::2]
        )


class _Texts:
    """Records of nothing but texts under keys of their own."""

    def __init__(self, wanted: Wanted) -> None:
        keys = wanted.format.required
        self._record = msgspec.defstruct("Texts", [(key, str) for key in keys], frozen=True, forbid_unknown_fields=True)
        self._decode = msgspec.json.Decoder(self._record).decode
        self.same: Callable[[Any], object] = msgspec.structs.astuple

    def read(self, lines: list[bytes]) -> tuple[list[Any], list[str]]:
        records = list(map(self._decode, lines))
        return records, list(chain.from_iterable(map(msgspec.structs.astuple, records)))

    def convert(self, record: dict[str, Any]) -> Any:
        return msgspec.convert(record, self._record)

    def texts_of(self, record: Any) -> list[str]:
        return list(msgspec.structs.astuple(record))


_SHAPES: Final[dict[str, Callable[[Wanted], _Shape]]] = {"converse": _Conversations, "texts": _Texts}
