"""What entries of the table of kinds have in common: tags in all spellings, and looks by one operation."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from lambdas.teardown.aws import Aws
from lambdas.teardown.kind import Deletes, Found, Looks

# How services spell a tag.
_PAIRS: Final = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))


def tags_of(tags: Any) -> dict[str, str]:
    """Return tags as a mapping, from whichever spelling a service has of them."""
    if isinstance(tags, Mapping):
        return {str(name): str(value) for name, value in tags.items()}
    found: dict[str, str] = {}
    for tag in tags or ():
        for key, value in _PAIRS:
            if key in tag:
                found[str(tag[key])] = str(tag.get(value) or "")
    return found


def nothing(_aws: Aws) -> Iterable[Found]:
    """List nothing: the kind takes tags and only stacks make it, so tags and stacks tell of all there is."""
    return ()


def may_be_ours(aws: Aws, name: str) -> bool:
    """Tell whether a name begins as the environment's do, so that asking for its tags is worth a call."""
    return name.startswith(f"quarry-{aws.environment}-")


def by(
    service: str,
    operation: str,
    parameter: str,
    *,
    member: str | None = None,
    state: str = "",
    gone: frozenset[str] = frozenset(),
    **arguments: Any,
) -> Looks:
    """Return a look by one operation that takes the id.

    Args:
        parameter: that takes the id, in a list where it ends in ``[]``.
        member: of the answer that has the thing; the first, of a list, and nothing is there where that is empty.
        state: member of the thing that has its state.
        gone: states in which it counts as gone.
        arguments: more of the operation's parameters.
    """

    def look(aws: Aws, id_: str) -> Found | None:
        value: Any = [id_] if parameter.endswith("[]") else id_
        found: Any = aws.described(service, operation, **{parameter.removesuffix("[]"): value}, **arguments)
        if found is None:
            return None
        one = found if member is None else found.get(member)
        if isinstance(one, list):
            one = one[0] if one else None
        if one is None:
            return None
        told = str(one.get(state) or "") if state else ""
        return None if told in gone else Found(id=id_, state=told, details=one)

    return look


def call(service: str, operation: str, parameter: str, **arguments: Any) -> Deletes:
    """Return a deletion by one operation that takes the id."""

    def delete(aws: Aws, id_: str) -> object:
        return getattr(aws.client(service), operation)(**{parameter: id_}, **arguments)

    return delete


def split(id_: str, *, into: int, at: str = "|") -> list[str]:
    """Return the parts of an id that is made of several; what is missing is ""."""
    parts = id_.split(at, into - 1)
    return [*parts, *[""] * (into - len(parts))]


Lists = Callable[[Aws], Iterable[Found]]
