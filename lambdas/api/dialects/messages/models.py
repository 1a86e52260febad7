"""The aliases as Anthropic's API lists models. Source: Anthropic's API reference, "List models", "Get a model"."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from lambdas.api.operation import Parameter
from lambdas.common.errors import InvalidRequestError
from lambdas.model_access.listing import Model

_LIMIT: Final = Parameter(
    name="limit", about="how many", schema={"type": "integer", "minimum": 1, "maximum": 1_000, "default": 20}
)
_AFTER: Final = "after_id"
_BEFORE: Final = "before_id"
# What Anthropic tells of a model whose release nobody knows.
_UNKNOWN: Final = "1970-01-01T00:00:00Z"


class ModelInfo(Struct, tag_field="type", tag="model", frozen=True, kw_only=True):
    """An alias. What it can do, and which models are behind it, OpenAI's shape of the same route tells."""

    id: str
    display_name: str
    created_at: str = _UNKNOWN
    lifecycle: Literal["active"] = "active"
    deprecated_at: None = None
    line: None = None
    capabilities: None = None
    max_input_tokens: None = None
    max_tokens: int | None = None


class ModelPage(Struct, frozen=True, kw_only=True):
    """A page of the aliases that answer messages, by name."""

    data: Sequence[ModelInfo]
    has_more: bool
    first_id: str | None
    last_id: str | None


def info(model: Model) -> ModelInfo:
    """Return an alias as Anthropic tells of a model."""
    return ModelInfo(id=model.id, display_name=model.id, max_tokens=model.quarry.abilities.max_output_tokens or None)


def page(models: Sequence[Model], query: Mapping[str, str]) -> ModelPage:
    """Return the part of the aliases that a query asks for.

    Raises:
        InvalidRequestError: a limit out of bounds, an id that is no alias's, or both of the two ids.
    """
    limit = _LIMIT.number(query)
    found = [info(one) for one in models if one.quarry.abilities.kind == "chat"]
    if _AFTER in query and _BEFORE in query:
        raise InvalidRequestError(f"`{_BEFORE}` and `{_AFTER}` go in two directions; send one.", param=_BEFORE)
    if _BEFORE in query:
        found = found[: _place(found, query, _BEFORE)]
        shown = found[-limit:]
    else:
        if _AFTER in query:
            found = found[_place(found, query, _AFTER) + 1 :]
        shown = found[:limit]
    return ModelPage(
        data=shown,
        has_more=len(found) > limit,
        first_id=shown[0].id if shown else None,
        last_id=shown[-1].id if shown else None,
    )


def _place(found: Sequence[ModelInfo], query: Mapping[str, str], name: str) -> int:
    for place, one in enumerate(found):
        if one.id == query[name]:
            return place
    raise InvalidRequestError(f"`{name}` must be the id of one of the models.", param=name)
