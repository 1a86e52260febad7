"""The fast way: lines in which all is plainly well, decoded and looked at many at a time.

What is plain: text alone, no key that is not known, no reserved word. Whatever is not is left to the checkers, which go
record by record and have words for it; so nothing here has to say why.
"""

import sys
from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Final, Literal, Protocol

import msgspec
from msgspec import Meta, Struct, field

from lambdas.tuning.data_sets.record import Wanted


class Block(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A block of text."""

    text: str


class Message(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A message of one block."""

    role: Literal["user", "assistant"]
    content: tuple[Block]


class Exchange(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A record of one question and its answer, which most data sets have only: decoded faster than any number."""

    messages: tuple[Message, Message]
    system: tuple[Block, ...] = ()
    schema_version: str | None = field(name="schemaVersion", default=None)


class Conversation(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A record of any number of messages."""

    messages: Annotated[tuple[Message, ...], Meta(min_length=1)]
    system: tuple[Block, ...] = ()
    schema_version: str | None = field(name="schemaVersion", default=None)


class Plain(Struct, frozen=True):
    """Lines in which all is well.

    Attributes:
        records: as decoded.
        ascii_characters: of the texts that have no others.
        others: the other texts together, a line feed between two; how many they are.
    """

    records: list[Any]
    ascii_characters: int
    others: tuple[str, int]


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
        if not all(map(str.strip, texts)):
            return None
        ascii_, others = texts, list[str]()
        if not all(map(str.isascii, texts)):
            # Apart, because a text with one character of 32 bits has nothing but such characters: all would be slower.
            ascii_ = [text for text in texts if text.isascii()]
            others = [text for text in texts if not text.isascii()]
        joined, other = "\n".join(ascii_), "\n".join(others)
        if any("\0" in each or self._reserved(each) for each in (joined, other) if each):
            return None
        return Plain(records, len(joined) - max(len(ascii_) - 1, 0), (other, len(others)))

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
        self._last = wanted.format.last_roles
        self._most_messages = 2 * (wanted.facts.limits.turns or sys.maxsize)

    def read(self, lines: list[bytes]) -> tuple[list[Any], list[str]] | None:
        texts: list[str] | None = None
        if self._are_exchanges:
            try:
                records: list[Any] = list(map(self._exchange, lines))
            except msgspec.ValidationError:
                # Not all of them; from here on the others' decoder is asked at once.
                self._are_exchanges = False
            else:
                texts = _texts_of_exchanges(records)
        if not self._are_exchanges:
            records = list(map(self._conversation, lines))
            texts = self._texts_of(records)
        if self._version and any(record.schema_version != self._version for record in records):
            return None
        return None if texts is None else (records, texts)

    def _texts_of(self, records: list[Conversation]) -> list[str] | None:
        texts: list[str] = []
        add, last, most = texts.append, self._last, self._most_messages
        for record in records:
            user_is_next = True
            for message in record.messages:
                if (message.role == "user") is not user_is_next:
                    return None
                user_is_next = not user_is_next
                add(message.content[0].text)
            if ("assistant" if user_is_next else "user") not in last or len(record.messages) > most:
                return None
            for block in record.system:
                add(block.text)
        return texts

    def convert(self, record: dict[str, Any]) -> Any:
        return msgspec.convert(record, Conversation)

    def texts_of(self, record: Any) -> list[str]:
        return [*(message.content[0].text for message in record.messages), *(block.text for block in record.system)]


def _texts_of_exchanges(records: list[Exchange]) -> list[str] | None:
    texts: list[str] = []
    add = texts.append
    for record in records:
        asked, answered = record.messages
        if asked.role != "user" or answered.role != "assistant":
            return None
        add(asked.content[0].text)
        add(answered.content[0].text)
        for block in record.system:
            add(block.text)
    return texts


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
