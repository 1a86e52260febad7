"""What an alias's models take of a request and cost, for clients that offer only what does something."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import asdict

from lambdas.catalogue.facts import Kind
from lambdas.chat.candidates import Candidate


class TokenPrice(Struct, frozen=True, kw_only=True):
    """US dollars per million tokens; null: not billed or not known."""

    input: float | None
    output: float | None
    cache_read: float | None
    cache_write: float | None


class Abilities(Struct, frozen=True, kw_only=True):
    """What can be asked of an alias, whichever of its models answers.

    Attributes:
        kind: of its first model.
        parameters: fields of a chat request that all of its models take; ``top_k`` is that of ``quarry``.
        features: what Converse can do with all of them: images, tools, ...
        max_output_tokens: the most that its first model can write; 0 for one that writes nothing.
        prices: base id -> prices; a model whose prices are not known is not in it.
    """

    kind: Kind
    parameters: list[str]
    features: list[str]
    max_output_tokens: int
    prices: dict[str, TokenPrice]


def of(candidates: Sequence[Candidate]) -> Abilities:
    """Return what the candidates of an alias have in common."""
    first = candidates[0].model
    return Abilities(
        kind=first.kind,
        parameters=_common([_parameters(one) for one in candidates]),
        features=_common([_features(one) for one in candidates]),
        max_output_tokens=first.max_output_tokens,
        prices={one.base_model_id: _price(one.price) for one in candidates if one.price is not None},
    )


def _common(lists: Sequence[list[str]]) -> list[str]:
    return [name for name in lists[0] if all(name in others for others in lists)]


def _parameters(candidate: Candidate) -> list[str]:
    if candidate.model.kind != "chat":
        return []
    rules = candidate.model.parameters
    taken = {
        "temperature": rules.temperature is not None,
        "top_p": rules.top_p is not None,
        "top_k": bool(rules.top_k),
        "max_tokens": True,
        "stop": rules.stop_sequences != 0,
        "reasoning_effort": candidate.has("reasoning"),
    }
    return [name for name, is_taken in taken.items() if is_taken]


def _features(candidate: Candidate) -> list[str]:
    known = candidate.model.features
    return [name for name, has in asdict(known).items() if has] if known else []


def _price(known: dict[str, float | None]) -> TokenPrice:
    return TokenPrice(**{name: known.get(name) for name in TokenPrice.__struct_fields__})
