"""``POST /v1/knowledge/query``: a question becomes a chat request with ``quarry.knowledge``, and back."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from lambdas.chat.request import ChatRequest, DocumentSearch, Extension, UserMessage
from lambdas.common.errors import ApiError
from lambdas.common.json_body import decode
from lambdas.exchange.streamed_exchange import StreamedExchange
from lambdas.knowledge.filters import to_retrieval_filter
from lambdas.knowledge.request import KnowledgeQuery
from lambdas.knowledge.settings import KnowledgeSettings

Chunk = dict[str, Any]

_decoder: Final = msgspec.json.Decoder(KnowledgeQuery)


def parse(body: bytes, settings: KnowledgeSettings) -> ChatRequest:
    """Return the chat request of a question.

    Raises:
        InvalidRequestError: with ``param`` naming the field, as ``filter.year``.
    """
    asked = decode(body, _decoder)
    # Here, where the field's path is known as the caller has it.
    to_retrieval_filter(asked.filter, settings.filters, param="filter")
    return ChatRequest(
        model=asked.model or settings.alias,
        messages=[UserMessage(content=asked.question)],
        temperature=asked.temperature,
        max_tokens=asked.max_tokens,
        stream=asked.stream,
        quarry=Extension(session=asked.session, knowledge=DocumentSearch(filter=asked.filter, results=asked.results)),
    )


def to_answer(completion: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of a whole completion."""
    (choice,) = completion["choices"]
    return _answer(
        completion,
        completion["quarry"],
        text=choice["message"]["content"],
        finish_reason=choice["finish_reason"],
        usage=completion["usage"],
    )


def events(exchange: StreamedExchange) -> Iterator[dict[str, Any]]:
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
                    yield {"id": chunk["id"], "object": "knowledge.answer.chunk", "delta": piece}
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
        )
    if failure is not None:
        raise failure


def _answer(
    head: dict[str, Any], told: dict[str, Any], *, text: str, finish_reason: str, usage: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": head["id"],
        "object": "knowledge.answer",
        "created": head["created"],
        "model": head["model"],
        "answer": text,
        "answered": told["answered"],
        "finish_reason": finish_reason,
        "search_query": told["search_query"],
        "citations": told["citations"],
        "usage": usage,
    }
