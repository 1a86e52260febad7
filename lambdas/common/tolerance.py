"""What is made of a request body that is not quite as its type wants it: one rule for all routes.

A body that fits its type is parsed in one pass and nothing here is looked at. One that does not is read once more, and
each member that is in the way is judged by a table: accepted in silence where it means nothing, dropped and named where
its loss changes little, replaced by the nearest that is possible and named, or refused with what to do. A member that
no type and no table knows is dropped and named. In strict mode only bodies that fit are accepted.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from lambdas.common.errors import InvalidRequestError
from lambdas.common.json_body import decode, invalid

Body = TypeVar("Body")

# null means the same everywhere: the member was left out.
NOTHING: Final[Sequence[Any]] = (False, 0, "", [], {})
# Of a caller's own names, what a header can say, and how many of them.
_UNSAYABLE: Final = re.compile(r"[^\w.\[\]-]", re.ASCII)
MOST_NAMED: Final = 30
MOST_CHARACTERS: Final = 64


class Bounds(Struct, frozen=True, kw_only=True):
    """A number's range here, and the wider one of OpenAI, from which it is put to the nearest end of ours."""

    minimum: float
    maximum: float
    widest: float


class Rule(Struct, frozen=True, kw_only=True):
    """What is made of one member.

    Attributes:
        field: its path, as ``messages[].content[].cache_control``.
        neutral: values that mean nothing, besides null: they are taken for a member that was left out.
        replaced: value -> what stands in its place, which is named.
        bounds: of a number that is put into them, which is named.
        kind: of a value; another one is dropped, and named unless it means nothing.
        otherwise: what becomes of all other values: the type decides (``keep``), or they are taken for left out in
            silence (``ignore``), or named (``drop``), or refused (``refuse``).
        about: of what is refused, what to do; of the rest, why.
    """

    field: str
    neutral: Sequence[Any] = ()
    replaced: Mapping[str, Any] = {}
    bounds: Bounds | None = None
    kind: type | None = None
    otherwise: Literal["keep", "ignore", "drop", "refuse"] = "keep"
    about: str = ""


class Read(Struct, Generic[Body], frozen=True):
    """A body as it was understood. ``dropped``: paths of what was left out, or changed, as callers are told."""

    body: Body
    dropped: tuple[str, ...] = ()


class Reader(Generic[Body]):
    """Reads bodies of one type.

    Args:
        type_: a msgspec struct that forbids unknown fields; so do its parts, but for those that ignore them.
        rules: of members that are judged otherwise than by the type alone.
        advice: what to do about what nothing else judges: a pattern of the member's path, and words.
    """

    def __init__(
        self, type_: type[Body], rules: Iterable[Rule] = (), *, advice: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._type = type_
        self._advice = advice
        self._decoder = msgspec.json.Decoder(type_)
        self.rules: Final[Mapping[str, Rule]] = {rule.field: rule for rule in rules}
        self._shape: _Shape | None = None

    def read(self, body: bytes, *, strict: bool = False) -> Read[Body]:
        """Return what a body says.

        Raises:
            InvalidRequestError: no JSON, nested too deep, or what neither the type nor the table accepts; ``param`` is
                the member's path.
        """
        try:
            return Read(decode(body, self._decoder))
        except InvalidRequestError as error:
            if strict or not isinstance(error.__cause__, msgspec.ValidationError):
                self._advise(error)
                raise
            try:
                given = msgspec.json.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                # It does not fit before the place where it is no JSON.
                raise error from None
        return self.convert(given)

    def convert(self, given: Any) -> Read[Body]:
        """Return what parsed JSON says, which is changed.

        Raises:
            InvalidRequestError: as ``read``.
        """
        try:
            return self._converted(given)
        except InvalidRequestError as error:
            self._advise(error)
            raise

    def _converted(self, given: Any) -> Read[Body]:
        # Looked at on first need: most functions never see a body that does not fit.
        self._shape = self._shape or _shape(msgspec.inspect.type_info(self._type))
        judged = _Judged(self.rules)
        judged.judge(given, self._shape, "", "")
        try:
            return Read(msgspec.convert(given, self._type), named(judged.dropped))
        except msgspec.ValidationError as error:
            raise invalid(error) from error

    def _advise(self, error: InvalidRequestError) -> None:
        """Say with an error what to do about it: what the table has, else the words that would be accepted."""
        path = error.param or ""
        advice = [words for pattern, words in self._advice if re.fullmatch(pattern, path)]
        if not advice and str(error.__cause__).startswith("Invalid "):
            from lambdas.common.accepted import accepted

            words = [f"`{word}`" for word in accepted(self._type, path)]
            if words:
                advice = [f"Accepted: {', '.join(words)}."]
        error.message = " ".join([error.message, *advice])


def named(paths: Iterable[str]) -> tuple[str, ...]:
    """Return paths as a header can say them, each once, in order: a caller's own names may be anything."""
    sayable = dict.fromkeys(_UNSAYABLE.sub("?", path)[:MOST_CHARACTERS] for path in paths)
    return tuple(sayable)[:MOST_NAMED]


class _Shape(Struct, frozen=True, kw_only=True):
    """What is known of the members below one place: an object's, by its tag where there are several; a list's."""

    members: Mapping[str, "_Shape | None"] = {}
    required: frozenset[str] = frozenset()
    closed: bool = False
    tag_field: str | None = None
    tagged: Mapping[Any, "_Shape"] = {}
    items: "_Shape | None" = None

    def of(self, value: Any) -> "_Shape | None":
        """Return the shape of a value, if anything is known of it."""
        if isinstance(value, list):
            return self if self.items is not None else None
        if not isinstance(value, dict):
            return None
        if self.tagged:
            tag = value.get(self.tag_field or "")
            return self.tagged.get(tag) if isinstance(tag, str) else None
        return self if self.members or self.closed else None


def _shape(info: msgspec.inspect.Type) -> _Shape | None:
    match info:
        case msgspec.inspect.Metadata():
            return _shape(info.type)
        case msgspec.inspect.StructType():
            return _Shape(
                members={one.encode_name: _shape(one.type) for one in info.fields},
                required=frozenset(one.encode_name for one in info.fields if one.required),
                closed=info.forbid_unknown_fields,
                tag_field=info.tag_field,
            )
        case msgspec.inspect.ListType():
            return _Shape(items=_shape(info.item_type) or _Shape())
        case msgspec.inspect.UnionType():
            objects = [one for one in info.types if isinstance(one, msgspec.inspect.StructType)]
            lists = [found for one in info.types if (found := _shape(one)) is not None and found.items is not None]
            items = lists[0].items if lists else None
            if len(objects) == 1 and objects[0].tag is None:
                return msgspec.structs.replace(_shape(objects[0]) or _Shape(), items=items)
            tagged = {one.tag: found for one in objects if (found := _shape(one)) is not None}
            return _Shape(tag_field=objects[0].tag_field if objects else None, tagged=tagged, items=items)
        case _:
            return None


class _Judged:
    """Judges the members of one body, which it changes."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules
        self.dropped: list[str] = []

    def judge(self, value: Any, shape: _Shape | None, path: str, where: str) -> None:
        """Judge everything below a place.

        Args:
            path: the place as tables have it, ``messages[].content``.
            where: the place as callers know it, ``messages[0].content``.
        """
        found = shape.of(value) if shape is not None else None
        if found is None:
            return
        if isinstance(value, list):
            for index, item in enumerate(value):
                self.judge(item, found.items, f"{path}[]", f"{where}[{index}]")
            return
        for name in list(value):
            if name == found.tag_field:
                continue
            below, there = (f"{path}.{name}", f"{where}.{name}") if path else (name, name)
            if self._stays(value, name, found, below, there):
                self.judge(value[name], found.members.get(name), below, there)

    def _stays(self, value: dict[str, Any], name: str, shape: _Shape, path: str, where: str) -> bool:
        """Judge one member and take it out where it has no place; tell whether it is still there."""
        item, known, rule = value[name], name in shape.members, self._rules.get(path)
        if known and isinstance(item, float) and item.is_integer():
            # JSON has one kind of number: 100.0 is a whole one.
            item = value[name] = int(item)
        if item is None:
            # What has to be there is not helped by leaving it out: the type says what it wants.
            if known and name in shape.required:
                return True
        elif rule is not None:
            stays = self._ruled(value, name, rule, where)
            if stays is not None:
                return stays and known
        if item is not None and known:
            return True
        if not known and not shape.closed:
            return False
        del value[name]
        if item is not None and not _is_one_of(item, NOTHING):
            self.dropped.append(path)
        return False

    def _ruled(self, value: dict[str, Any], name: str, rule: Rule, where: str) -> bool | None:
        """Do what the member's rule says: True, it stays; False, it is gone; None, the rule has no word for it."""
        item = value[name]
        if _is_one_of(item, rule.neutral):
            del value[name]
            return False
        if rule.kind is not None and not isinstance(item, rule.kind):
            if not _is_one_of(item, NOTHING):
                self.dropped.append(rule.field)
            del value[name]
            return False
        if isinstance(item, str) and item in rule.replaced:
            value[name] = rule.replaced[item]
            self.dropped.append(rule.field)
            return True
        if rule.bounds is not None and isinstance(item, int | float) and not isinstance(item, bool):
            value[name] = self._bounded(item, rule.bounds, rule.field)
            return True
        match rule.otherwise:
            case "keep":
                return None
            case "refuse":
                raise InvalidRequestError(
                    f"`{where}` is not supported here: {rule.about}", param=where, code="unsupported_parameter"
                )
            case "drop":
                self.dropped.append(rule.field)
        del value[name]
        return False

    def _bounded(self, number: float, bounds: Bounds, field: str) -> float:
        if not bounds.maximum < number <= bounds.widest:
            return number
        self.dropped.append(field)
        return type(number)(bounds.maximum)


def _is_one_of(item: Any, values: Sequence[Any]) -> bool:
    """Whether an item is one of the values; 0 and 0.0 are the same, 0 and false are not."""
    return any(item == one and isinstance(item, bool) == isinstance(one, bool) for one in values)
