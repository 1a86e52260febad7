"""The fast way: blocks of records in which all is plainly well, decoded and looked at many at a time.

What is plain: text alone, no key that is not known, no reserved word. Whatever is not is left to the checkers, which go
record by record and have words for it; so nothing here has to say why.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Annotated, Any, Final, Literal, Protocol

import msgspec
from msgspec import Meta, Struct, field

from lambdas.tuning.data_sets.record import Wanted

_Text = Annotated[str, Meta(min_length=1)]


class Block(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A block of text."""

    text: _Text


class Message(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A message of text."""

    role: Literal["user", "assistant"]
    content: Annotated[tuple[Block, ...], Meta(min_length=1)]


class Conversation(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A record of Converse's schema."""

    messages: Annotated[tuple[Message, ...], Meta(min_length=1)]
    system: tuple[Block, ...] | None = None
    schema_version: str | None = field(name="schemaVersion", default=None)


class _Shape(Protocol):
    """How records of a shape are looked at."""

    decoder: msgspec.json.Decoder[Any]

    def texts(self, records: Sequence[Any]) -> list[str] | None:
        """Return all texts of the records; None if one of them breaks a rule."""

    def texts_of(self, record: Any) -> list[str]:
        """Return the texts of one."""

    @property
    def same(self) -> Callable[[Any], object]:
        """What gives of a record what is equal for records that are the same."""


class Plain(Struct, frozen=True):
    """A block in which all is well.

    Attributes:
        records: as decoded.
        text: all their texts, a line feed between two.
        length: how many characters they are.
    """

    records: list[Any]
    text: str
    length: int


class PlainReader:
    """Reads blocks of one format."""

    def __init__(self, wanted: Wanted, *, reserved: Callable[[str], bool]) -> None:
        self._shape = _SHAPES[wanted.format.shape](wanted) if wanted.format.shape in _SHAPES else None
        self._reserved = reserved

    def read(self, block: bytes) -> Plain | None:
        """Return the records of a block of whole lines, one a line; None unless all is plainly well."""
        if self._shape is None:
            return None
        try:
            records = self._shape.decoder.decode_lines(block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        # JSON has no line feed within a text, and none between } and { within a value: so each line is one record.
        if block.count(b"\n") != len(records) or block.count(b"}\n{") != len(records) - 1:
            return None
        texts = self._shape.texts(records)
        if texts is None or any(map(str.isspace, texts)):
            return None
        text = "\n".join(texts)
        if "\0" in text or self._reserved(text):
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
            return hash(self._shape.same(msgspec.convert(record, self._shape.decoder.type)))
        except (msgspec.ValidationError, TypeError):
            return None


class _Conversations:
    """Conversations that begin with the user, take turns, and end as the format wants it."""

    def __init__(self, wanted: Wanted) -> None:
        self.same: Callable[[Any], object] = attrgetter("system", "messages")
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Conversation)
        self._needs_version = wanted.format.schema_version
        ends = {"user": 1, "assistant": 0}
        odd_or_even = {ends[role] for role in wanted.format.last_roles}
        limit = 2 * (wanted.facts.limits.turns or _MOST_TURNS)
        self._orders = {count: _TURNS[:count] for count in range(1, limit + 1) if count % 2 in odd_or_even}

    def texts(self, records: Sequence[Any]) -> list[str] | None:
        found: list[str] = []
        add, orders, version = found.append, self._orders, self._needs_version
        for record in records:
            messages = record.messages
            roles = [message.role for message in messages]
            if roles != orders.get(len(roles)):
                return None
            if version and record.schema_version != version:
                return None
            for message in messages:
                for block in message.content:
                    add(block.text)
            if record.system:
                for block in record.system:
                    add(block.text)
        return found

    def texts_of(self, record: Any) -> list[str]:
        blocks = [block for message in record.messages for block in message.content]
        return [block.text for block in (*blocks, *(record.system or ()))]


class _Texts:
    """Records of nothing but texts under keys of their own."""

    def __init__(self, wanted: Wanted) -> None:
        keys = wanted.format.required
        record = msgspec.defstruct("Texts", [(key, _Text) for key in keys], frozen=True, forbid_unknown_fields=True)
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(record)
        self._of = [attrgetter(key) for key in keys]
        self.same: Callable[[Any], object] = attrgetter(*keys)

    def texts(self, records: Sequence[Any]) -> list[str] | None:
        return [text for of in self._of for text in map(of, records)]

    def texts_of(self, record: Any) -> list[str]:
        return [of(record) for of in self._of]


# A record of more messages is left to the checkers.
_MOST_TURNS: Final = 100
_TURNS: Final = ["user", "assistant"] * _MOST_TURNS
_SHAPES: Final[dict[str, Callable[[Wanted], _Shape]]] = {"converse": _Conversations, "texts": _Texts}
