"""Bodies of the knowledge routes, which speak as chat does, and what is made of values that are not quite so."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from lambdas.api.dialects.chat import tolerated as chat
from lambdas.api.dialects.chat.request import StreamOptions
from lambdas.chat.fields import FILTER, SESSION, JsonObject, NonEmptyText, Results, SessionId, Tokens, misnamed
from lambdas.common.tolerance import Rule

# Source: Bedrock's quota for the size of a query, lambdas.knowledge.retrieval.MOST_CHARACTERS.
Question = Annotated[str, Meta(pattern=r"\S", max_length=1_000)]


class KnowledgeQuery(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/knowledge/query``.

    Attributes:
        model: alias that answers; the environment's own by default.
        filter: only documents whose own fields are so.
        results: how many passages are looked for; the environment's number by default.
        session: id of a session: its history goes before the question, and the turn is added to it.
        stream_options: accepted for clients that send it; the last event always has the usage.
    """

    question: Question
    model: NonEmptyText | None = None
    filter: JsonObject | None = None
    results: Results | None = None
    session: SessionId | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None


RULES: Final = (
    *(rule for rule in chat.RULES if rule.field in ("temperature", "max_tokens")),
    *misnamed("", FILTER),
    *misnamed("", SESSION),
    Rule(
        field="messages",
        neutral=([],),
        otherwise="refuse",
        about="ask with `question`, or POST /v1/chat/completions with `quarry.knowledge`.",
    ),
)


class PassagesQuery(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/knowledge/retrieve``.

    Attributes:
        filter: only documents whose own fields are so.
        results: how many passages are looked for; the environment's number by default.
    """

    query: Question
    filter: JsonObject | None = None
    results: Results | None = None


PASSAGES_RULES: Final = tuple(misnamed("", FILTER))
