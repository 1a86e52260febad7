"""``POST /v1/knowledge/query``: a question becomes a chat request with ``quarry.knowledge``, and back."""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from lambdas.api import asking, composition
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.dialects.chat.completion import FinishReason, finish_reason, new_id
from lambdas.api.dialects.chat.conversation import to_conversation
from lambdas.api.dialects.chat.knowledge import RULES, KnowledgeQuery
from lambdas.api.dialects.chat.messages import UserMessage
from lambdas.api.dialects.chat.request import ChatRequest, Extension
from lambdas.api.dialects.chat.wire import CHAT
from lambdas.api.dialects.server_sent import frame
from lambdas.api.usage import to_usage
from lambdas.chat.conversation import DocumentSearch
from lambdas.chat.events import Counted, Ended, Event, TextDelta
from lambdas.chat.told import Completion
from lambdas.common.errors import ApiError
from lambdas.common.tolerance import Read, Reader
from lambdas.knowledge.filters import to_retrieval_filter
from lambdas.knowledge.passages import Citation
from lambdas.knowledge.settings import KnowledgeSettings

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
        answered_by: of a streamed answer, the base id of the model that gave it; else ``x-quarry-model``.
        micro_dollars: of a streamed answer, what it cost, with what was asked besides; absent where no price is known;
            whole answers have the header ``x-quarry-charged-usd``.
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
    answered_by: str | UnsetType = UNSET
    micro_dollars: int | UnsetType = UNSET


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
    read = parse(call.body, knowledge, strict=composition.settings().strict)
    asked = to_conversation(read.body)
    if read.body.stream:
        return asking.stream(asked, call, dropped=read.dropped, table=lambda exchange: AnswerTable(exchange.model))
    done = asking.complete(asked, call, dropped=read.dropped)
    return Answer(body=to_answer(done.completion), headers=done.headers)


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


def to_answer(completion: Completion) -> KnowledgeAnswer:
    """Return the answer of a whole completion."""
    return _answer(
        new_id(),
        int(time.time()),
        completion.model,
        completion.quarry,
        text=completion.text,
        stop_reason=completion.stop_reason,
        usage=completion.usage,
    )


class AnswerTable:
    """The events of one answer: its pieces, and at last the whole of it, which is as the pieces were.

    Args:
        model: what it is said to be from.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._id = new_id()
        self._created = int(time.time())
        self._pieces: list[str] = []
        self._ended: Ended | None = None

    def told(self, event: Event) -> bytes:
        """Return the frames of an event."""
        match event:
            case TextDelta(_, text):
                self._pieces.append(text)
                return frame(KnowledgeAnswerChunk(id=self._id, delta=text))
            case Ended():
                self._ended = event
            case Counted():
                return self._whole(event)
        return b""

    def broken(self, error: ApiError, *, request_id: str) -> bytes:
        """Return the error as the stream's last event."""
        return CHAT.broken(error, request_id=request_id)

    def _whole(self, counted: Counted) -> bytes:
        assert self._ended is not None, "the count is the last event"
        return frame(
            _answer(
                self._id,
                self._created,
                self._model,
                self._ended.quarry,
                text="".join(self._pieces),
                stop_reason=self._ended.stop_reason,
                usage=counted.usage,
                counted=counted,
            )
        )


def _answer(
    answer_id: str,
    created: int,
    model: str,
    told: Mapping[str, Any],
    *,
    text: str,
    stop_reason: str,
    usage: Mapping[str, Any],
    counted: Counted | None = None,
) -> KnowledgeAnswer:
    return KnowledgeAnswer(
        id=answer_id,
        created=created,
        model=model,
        answer=text,
        answered=told["answered"],
        finish_reason=finish_reason(stop_reason, has_calls=False),
        search_query=told["search_query"],
        citations=msgspec.convert(told["citations"], list[Citation]),
        usage=to_usage(usage),
        **({} if counted is None else _counted(counted)),
    )


def _counted(counted: Counted) -> dict[str, Any]:
    """Return what headers tell of a whole answer."""
    kept = {"not_recorded": dict(counted.not_recorded)} if counted.not_recorded else {}
    return {**kept, **counted.charged}
