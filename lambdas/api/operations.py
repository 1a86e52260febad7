"""Every operation of the API: what it takes, what it answers, which errors it can end with. Order is the document's."""

from dataclasses import dataclass
from typing import Any, Final

from lambdas.common.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestTooLargeError,
    UnavailableError,
    UpstreamError,
    UpstreamTimeoutError,
)

Errors = tuple[type[ApiError], ...]

ALWAYS: Final[Errors] = (AuthenticationError, RateLimitError, InternalError)
BODY: Final[Errors] = (InvalidRequestError, RequestTooLargeError)
MODEL: Final[Errors] = (
    *BODY,
    PermissionDeniedError,
    NotFoundError,
    UpstreamError,
    UnavailableError,
    UpstreamTimeoutError,
)

ALLOWANCE_HEADERS: Final = (
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "x-quarry-remaining-usd",
)
CHAT_HEADERS: Final = ("x-quarry-model", "x-quarry-dropped-parameters", *ALLOWANCE_HEADERS)

# What each header is; those of errors included.
HEADERS: Final = {
    "x-request-id": "the request's id, which is in all logs",
    "x-quarry-model": "base id of the model that answered",
    "x-quarry-dropped-parameters": "parameters that this model does not take and was not given, if any",
    "x-quarry-prompt": "the prompt and its version, as `weather@1a2b3c4d`",
    "x-ratelimit-limit-requests": "requests that the key may make in a minute; absent where that is not limited",
    "x-ratelimit-remaining-requests": "how many of them are left",
    "x-ratelimit-reset-requests": "when the minute ends, as `12s`",
    "x-ratelimit-limit-tokens": "tokens that the key may use in a day (UTC); absent where that is not limited",
    "x-ratelimit-remaining-tokens": "how many of them are left",
    "x-ratelimit-reset-tokens": "when the day ends, as `3600s`",
    "x-quarry-remaining-usd": "US dollars that the key has left in all; absent where that is not limited",
    "Retry-After": "seconds after which a retry makes sense; with 429 and 503, where waiting helps",
    "x-should-retry": "`false` where waiting brings nothing back; OpenAI's SDK then does not try again",
}
ERROR_HEADERS: Final = ("x-request-id", "Retry-After", "x-should-retry")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A whole number or a text in the query."""

    name: str
    about: str
    schema: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path.

    Attributes:
        name: ``operationId``.
        body: name of the schema of the request's body.
        answer: name of the schema of the answer's body; None for this very document.
        events: name of the schema of a streamed answer's events, where there are streams.
    """

    method: str
    path: str
    name: str
    about: str
    answer: str | None
    body: str | None = None
    status: int = 200
    events: str | None = None
    headers: tuple[str, ...] = ()
    query: tuple[Parameter, ...] = ()
    errors: Errors = ()


_LIST: Final = (
    Parameter(name="limit", about="how many", schema={"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
    Parameter(name="after", about="id of the last session that was seen", schema={"type": "string"}),
)
_AFTER_TURN: Final = Parameter(
    name="after_turn",
    about="number of the last turn that was seen",
    schema={"type": "integer", "minimum": 0, "maximum": 999_999, "default": 0},
)

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/chat/completions",
        name="createChatCompletion",
        about="Answer a conversation, whole or as server-sent events.",
        body="ChatRequest",
        answer="Completion",
        events="CompletionChunk",
        headers=CHAT_HEADERS,
        errors=(*MODEL, ConflictError),
    ),
    Operation(
        method="POST",
        path="/v1/embeddings",
        name="createEmbeddings",
        about="Embed texts.",
        body="EmbeddingRequest",
        answer="EmbeddingList",
        headers=ALLOWANCE_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="POST",
        path="/v1/compare",
        name="compareModels",
        about="Ask several aliases the same, side by side.",
        body="CompareRequest",
        answer="Comparison",
        headers=ALLOWANCE_HEADERS,
        errors=BODY,
    ),
    Operation(
        method="POST",
        path="/v1/knowledge/query",
        name="askDocuments",
        about="Answer a question from the documents, with citations, whole or as server-sent events.",
        body="KnowledgeQuery",
        answer="KnowledgeAnswer",
        events="KnowledgeAnswerEvent",
        headers=CHAT_HEADERS,
        errors=(*MODEL, ConflictError),
    ),
    Operation(
        method="POST",
        path="/v1/knowledge/retrieve",
        name="findPassages",
        about="Find the passages of the documents that fit a text.",
        body="PassagesQuery",
        answer="PassageList",
        headers=ALLOWANCE_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="GET",
        path="/v1/models",
        name="listModels",
        about="List the aliases, and what the access check found of each.",
        answer="ModelList",
    ),
    Operation(
        method="GET",
        path="/v1/usage",
        name="readUsage",
        about="Tell what the key has used and has left.",
        answer="Usage",
        errors=(UnavailableError,),
    ),
    Operation(
        method="POST",
        path="/v1/sessions",
        name="createSession",
        about="Make a session.",
        body="NewSession",
        answer="Session",
        status=201,
        errors=(*BODY, NotFoundError),
    ),
    Operation(
        method="GET",
        path="/v1/sessions",
        name="listSessions",
        about="List the key's sessions, newest first.",
        answer="SessionList",
        query=_LIST,
        errors=(InvalidRequestError,),
    ),
    Operation(
        method="GET",
        path="/v1/sessions/{id}",
        name="readSession",
        about="Return a session with its messages, as they were.",
        answer="SessionWithMessages",
        query=(_AFTER_TURN,),
        errors=(InvalidRequestError, NotFoundError),
    ),
    Operation(
        method="DELETE",
        path="/v1/sessions/{id}",
        name="deleteSession",
        about="Delete a session and its messages.",
        answer="DeletedSession",
        errors=(NotFoundError,),
    ),
    Operation(
        method="GET",
        path="/v1/prompts",
        name="listPrompts",
        about="List the prompts and their variables.",
        answer="PromptList",
    ),
    Operation(
        method="GET",
        path="/v1/prompts/{name}",
        name="readPrompt",
        about="Return a prompt with everything that is sent.",
        answer="Prompt",
        errors=(NotFoundError,),
    ),
    Operation(
        method="POST",
        path="/v1/prompts/{name}",
        name="callPrompt",
        about="Fill a prompt in and answer it, whole.",
        body="PromptCall",
        answer="Completion",
        headers=("x-quarry-prompt", *CHAT_HEADERS),
        errors=MODEL,
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        name="readDescription",
        about="Return this description, as OpenAPI 3.1.",
        answer=None,
    ),
)
