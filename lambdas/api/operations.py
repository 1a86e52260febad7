"""The table of operations: a route is one row here and the function that the row names.

Both functions, the stack, ``/openapi.json`` and the reference in docs/api.md are made from it, in this order.
"""

from typing import Final

from lambdas.api.operation import Errors, Function, Operation, Parameter
from lambdas.common.errors import (
    AuthenticationError,
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
LEFT_OUT: Final = "x-quarry-dropped-parameters"
ASKED_HEADERS: Final = (LEFT_OUT, "x-quarry-not-recorded", *ALLOWANCE_HEADERS)
CHAT_HEADERS: Final = ("x-quarry-model", "x-quarry-tuned", *ASKED_HEADERS)

LIMIT: Final = Parameter(
    name="limit", about="how many", schema={"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
)
AFTER: Final = Parameter(
    name="after",
    about="id of the last session that was seen",
    schema={"type": "string", "pattern": "^(sess_[0-9a-f]{32})?$"},
)
AFTER_TURN: Final = Parameter(
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
        function="chat",
        handler="lambdas.api.routes.chat:create_chat_completion",
        body="lambdas.api.dialects.chat.request:ChatRequest",
        answer="lambdas.api.openapi.openai:Completion",
        events="lambdas.api.openapi.openai:CompletionChunk",
        headers=CHAT_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="POST",
        path="/v1/knowledge/query",
        name="askDocuments",
        about="Answer a question from the documents, with citations, whole or as server-sent events.",
        function="chat",
        handler="lambdas.api.routes.knowledge_query:ask_documents",
        body="lambdas.api.dialects.chat.knowledge:KnowledgeQuery",
        answer="lambdas.api.routes.knowledge_query:KnowledgeAnswer",
        events="lambdas.api.routes.knowledge_query:KnowledgeAnswerEvent",
        headers=CHAT_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="GET",
        path="/v1/models",
        name="listModels",
        about="List the aliases, and what the access check found of each.",
        function="inference",
        handler="lambdas.api.routes.models:list_models",
        answer="lambdas.model_access.listing:ModelList",
    ),
    Operation(
        method="GET",
        path="/v1/models/{id}",
        name="readModel",
        about="Return one alias, and what the access check found of it.",
        function="inference",
        handler="lambdas.api.routes.models:read_model",
        answer="lambdas.model_access.listing:Model",
        errors=(NotFoundError,),
    ),
    Operation(
        method="POST",
        path="/v1/embeddings",
        name="createEmbeddings",
        about="Embed texts.",
        function="chat",
        handler="lambdas.api.routes.embeddings:create_embeddings",
        body="lambdas.embeddings.request:EmbeddingRequest",
        answer="lambdas.embeddings.service:EmbeddingList",
        headers=ASKED_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="POST",
        path="/v1/compare",
        name="compareModels",
        about="Ask several aliases the same, side by side.",
        function="inference",
        handler="lambdas.api.routes.compare:compare_models",
        body="lambdas.api.routes.compare:CompareRequest",
        answer="lambdas.api.routes.compare:Comparison",
        headers=ASKED_HEADERS,
        errors=BODY,
    ),
    Operation(
        method="GET",
        path="/v1/usage",
        name="readUsage",
        about="Tell what the key has used and has left.",
        function="inference",
        handler="lambdas.api.routes.usage:read_usage",
        answer="lambdas.allowances.report:Usage",
        errors=(UnavailableError,),
    ),
    Operation(
        method="POST",
        path="/v1/sessions",
        name="createSession",
        about="Make a session.",
        function="inference",
        handler="lambdas.api.routes.sessions:create_session",
        body="lambdas.api.routes.sessions:NewSession",
        answer="lambdas.api.routes.sessions:Session",
        status=201,
        headers=(LEFT_OUT,),
        errors=(*BODY, NotFoundError),
    ),
    Operation(
        method="GET",
        path="/v1/sessions",
        name="listSessions",
        about="List the key's sessions, newest first.",
        function="inference",
        handler="lambdas.api.routes.sessions:list_sessions",
        answer="lambdas.api.routes.sessions:SessionList",
        query=(LIMIT, AFTER),
        errors=(InvalidRequestError,),
    ),
    Operation(
        method="GET",
        path="/v1/sessions/{id}",
        name="readSession",
        about="Return a session with its messages, as they were.",
        function="inference",
        handler="lambdas.api.routes.sessions:read_session",
        answer="lambdas.api.routes.sessions:SessionWithMessages",
        query=(AFTER_TURN,),
        errors=(InvalidRequestError, NotFoundError),
    ),
    Operation(
        method="DELETE",
        path="/v1/sessions/{id}",
        name="deleteSession",
        about="Delete a session and its messages.",
        function="inference",
        handler="lambdas.api.routes.sessions:delete_session",
        answer="lambdas.api.routes.sessions:DeletedSession",
        errors=(NotFoundError,),
    ),
    Operation(
        method="GET",
        path="/v1/prompts",
        name="listPrompts",
        about="List the prompts and their variables.",
        function="inference",
        handler="lambdas.api.routes.prompts:list_prompts",
        answer="lambdas.api.routes.prompts:PromptList",
    ),
    Operation(
        method="GET",
        path="/v1/prompts/{name}",
        name="readPrompt",
        about="Return a prompt with everything that is sent.",
        function="inference",
        handler="lambdas.api.routes.prompts:read_prompt",
        answer="lambdas.api.routes.prompts:Prompt",
        errors=(NotFoundError,),
    ),
    Operation(
        method="POST",
        path="/v1/prompts/{name}",
        name="callPrompt",
        about="Fill a prompt in and answer it, whole.",
        function="inference",
        handler="lambdas.api.routes.prompts:call_prompt",
        body="lambdas.prompts.request:PromptCall",
        answer="lambdas.api.openapi.openai:Completion",
        headers=("x-quarry-prompt", *CHAT_HEADERS),
        errors=MODEL,
    ),
    Operation(
        method="POST",
        path="/v1/knowledge/retrieve",
        name="findPassages",
        about="Find the passages of the documents that fit a text.",
        function="inference",
        handler="lambdas.api.routes.knowledge_retrieve:find_passages",
        body="lambdas.api.dialects.chat.knowledge:PassagesQuery",
        answer="lambdas.api.routes.knowledge_retrieve:PassageList",
        headers=ASKED_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="GET",
        path="/v1/knowledge",
        name="describeKnowledge",
        about="Tell which fields of the documents filters may name, and who answers by default.",
        function="inference",
        handler="lambdas.api.routes.knowledge_description:describe_knowledge",
        answer="lambdas.api.routes.knowledge_description:KnowledgeDescription",
        errors=(NotFoundError,),
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        name="readDescription",
        about="Return this description, as OpenAPI 3.1.",
        function="inference",
        handler="lambdas.api.routes.description:read_description",
        answer=None,
    ),
)


def of(function: Function, operations: tuple[Operation, ...] = OPERATIONS) -> tuple[Operation, ...]:
    """Return what a function answers."""
    return tuple(operation for operation in operations if operation.function == function)
