"""``POST /v1/knowledge/query``: a question becomes a chat request with ``quarry.knowledge``, and back."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from lambdas.api import composition
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.routes.chat import complete, stream
from lambdas.chat.messages import UserMessage
from lambdas.chat.request import ChatRequest, DocumentSearch, Extension
from lambdas.chat.stream import NOTHING
from lambdas.common.errors import ApiError
from lambdas.common.tolerance import Read, Reader
from lambdas.exchange.streamed_exchange import StreamedExchange
from lambdas.knowledge.filters import to_retrieval_filter
from lambdas.knowledge.passages import Citation
from lambdas.knowledge.request import RULES, KnowledgeQuery
from lambdas.knowledge.settings import KnowledgeSettings

Chunk = dict[str, Any]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
# OpenAI's, which is a dictionary; lambdas/api/openapi/openai.py describes it.
TokenUsage = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/TokenUsage"})]


class KnowledgeAnswer(Struct, tag_field="object", tag="knowledge.answer", frozen=True, kw_only=True):
    """An answer from the documents.

    Attributes:
        answer: the text, with markers as `[1]`.
        answered: whether the documents answer the question.
        search_query: what was searched for: the question, rewritten where it leaned on what was said before.
        citations: the passages that the text names, in the order of their first mention.
        not_recorded: of a streamed answer, what of it was not stored (``turn``) or charged (``charge``), and the code
            that says why; whole answers have the header ``x-quarry-not-recorded``.
    """

    id: str
    created: int
    model: str
    answer: str
    answered: bool
    finish_reason: FinishReason
    search_query: str
    citations: list[Citation]
    usage: TokenUsage
    not_recorded: dict[str, str] | UnsetType = UNSET


class KnowledgeAnswerChunk(Struct, tag_field="object", tag="knowledge.answer.chunk", frozen=True, kw_only=True):
    """A piece of an answer's text."""

    id: str
    delta: str


# The whole answer is the last event but `[DONE]`.
KnowledgeAnswerEvent = KnowledgeAnswerChunk | KnowledgeAnswer

READER: Final = Reader(KnowledgeQuery, RULES)


def ask_documents(call: Call) -> Answer[KnowledgeAnswer] | Streamed:
    """Answer a question from the documents, whole or as server-sent events."""
    knowledge = composition.knowledge().settings
    asked = parse(call.body, knowledge, strict=composition.settings().strict)
    if asked.body.stream:
        return stream(asked, call, events=events, first=1)
    completed = complete(asked, call)
    return Answer(body=to_answer(completed.body), headers=completed.headers)


def parse(body: bytes, settings: KnowledgeSettings, *, strict: bool = False) -> Read[ChatRequest]:
    """Return the chat request of a question.

    Raises:
        InvalidRequestError: with ``param`` naming the field, as ``filter.year``.
    """
    read = READER.read(body, strict=strict)
    asked = read.body
    # Here, where the field's path is known as the caller has it.
    to_retrieval_filter(asked.filter, settings.metadata, param="filter")
    request = ChatRequest(
        model=asked.model or settings.alias,
        messages=[UserMessage(content=asked.question)],
        temperature=asked.temperature,
        max_tokens=asked.max_tokens,
        stream=asked.stream,
        quarry=Extension(session=asked.session, knowledge=DocumentSearch(filter=asked.filter, results=asked.results)),
    )
    return Read(request, read.dropped)


def to_answer(completion: dict[str, Any]) -> KnowledgeAnswer:
    """Return the answer of a whole completion."""
    (choice,) = completion["choices"]
    return _answer(
        completion,
        completion["quarry"],
        text=choice["message"]["content"],
        finish_reason=choice["finish_reason"],
        usage=completion["usage"],
    )


def events(exchange: StreamedExchange) -> Iterator[KnowledgeAnswerEvent]:
    """Yield an answer's pieces, and at last the whole of it, which is as the pieces were.

    Raises:
        ApiError: as iterating over the exchange does; what has been answered to its end is told before.
    """
    pieces: list[str] = []
    last: Chunk | None = None
    failure: ApiError | None = None
    try:
        for chunk in exchange:
            for choice in chunk["choices"]:
                piece = choice["delta"].get("content")
                if piece:
                    pieces.append(piece)
                    yield KnowledgeAnswerChunk(id=chunk["id"], delta=piece)
                if choice["finish_reason"]:
                    last = chunk
    except ApiError as error:
        failure = error
    if last is not None:
        yield _answer(
            last,
            exchange.told,
            text="".join(pieces),
            finish_reason=last["choices"][0]["finish_reason"],
            usage=exchange.usage,
            not_recorded=exchange.not_recorded,
        )
    if failure is not None:
        raise failure


def _answer(
    head: dict[str, Any],
    told: dict[str, Any],
    *,
    text: str,
    finish_reason: FinishReason,
    usage: dict[str, Any],
    not_recorded: Mapping[str, str] = NOTHING,
) -> KnowledgeAnswer:
    return KnowledgeAnswer(
        id=head["id"],
        created=head["created"],
        model=head["model"],
        answer=text,
        answered=told["answered"],
        finish_reason=finish_reason,
        search_query=told["search_query"],
        citations=msgspec.convert(told["citations"], list[Citation]),
        usage=usage,
        not_recorded=dict(not_recorded) or UNSET,
    )
