"""The rows of the APIs that others have made and models answer: each is a dialect's."""

from typing import Final

from lambdas.api.operation import MESSAGES, Operation, Parameter
from lambdas.api.operations.rows import ASKED_HEADERS, CHAT_HEADERS, MODEL
from lambdas.common.errors import InvalidRequestError, NotFoundError

RESPONSES: Final = "lambdas.api.dialects.responses.wire:DIALECT"
# Anthropic's name for what is `x-request-id` elsewhere, and here too.
REQUEST_ID: Final = "request-id"

ITEMS: Final = Parameter(
    name="limit", about="how many", schema={"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
)
ORDER: Final = Parameter(
    name="order",
    about="`asc` is oldest first",
    schema={"type": "string", "enum": ["asc", "desc"], "default": "desc"},
)
ITEM: Final = Parameter(name="after", about="id of the last item that was seen", schema={"type": "string"})
INCLUDE: Final = Parameter(
    name="include",
    about="`reasoning.encrypted_content`: thoughts with what has to come back",
    schema={"type": "string"},
)

CONVERSATIONS: Final = (
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
        path="/v1/completions",
        name="createCompletion",
        about="Answer a prompt, as clients of before chat ask, whole or as server-sent events.",
        function="chat",
        handler="lambdas.api.routes.completions:create_completion",
        body="lambdas.api.dialects.completions.request:CompletionRequest",
        answer="lambdas.api.dialects.completions.answer:TextCompletion",
        events="lambdas.api.dialects.completions.answer:TextCompletion",
        headers=CHAT_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="POST",
        path="/v1/responses",
        name="createResponse",
        about="Answer as OpenAI's Responses API does, whole or as server-sent events.",
        function="chat",
        handler="lambdas.api.routes.responses:create_response",
        dialect=RESPONSES,
        body="lambdas.api.dialects.responses.request:ResponsesRequest",
        answer="lambdas.api.openapi.responses:Response",
        events="lambdas.api.openapi.responses:ResponseEvent",
        headers=CHAT_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="POST",
        path="/v1/responses/compact",
        name="compactResponse",
        about="Put what was said into notes, which stand in its place as an item.",
        function="chat",
        handler="lambdas.api.routes.responses:compact",
        dialect=RESPONSES,
        body="lambdas.api.dialects.responses.request:CompactionRequest",
        answer="lambdas.api.openapi.responses:CompactedResponse",
        headers=CHAT_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="POST",
        path="/v1/responses/input_tokens",
        name="countInputTokens",
        about="Tell how many tokens the model would read of a request to /v1/responses.",
        function="chat",
        handler="lambdas.api.routes.responses:count_input_tokens",
        dialect=RESPONSES,
        body="lambdas.api.dialects.responses.request:ResponsesRequest",
        answer="lambdas.api.openapi.responses:InputTokens",
        headers=ASKED_HEADERS,
        errors=MODEL,
    ),
    Operation(
        method="GET",
        path="/v1/responses/{id}",
        name="readResponse",
        about="Return a stored response, as it was told.",
        function="inference",
        handler="lambdas.api.routes.responses:read_response",
        dialect=RESPONSES,
        answer="lambdas.api.openapi.responses:Response",
        query=(INCLUDE,),
        errors=(InvalidRequestError, NotFoundError),
    ),
    Operation(
        method="DELETE",
        path="/v1/responses/{id}",
        name="deleteResponse",
        about="Delete a stored response.",
        function="inference",
        handler="lambdas.api.routes.responses:delete_response",
        dialect=RESPONSES,
        answer="lambdas.api.openapi.responses:DeletedResponse",
        errors=(NotFoundError,),
    ),
    Operation(
        method="GET",
        path="/v1/responses/{id}/input_items",
        name="listInputItems",
        about="List what a stored response was asked, newest first.",
        function="inference",
        handler="lambdas.api.routes.responses:list_input_items",
        dialect=RESPONSES,
        answer="lambdas.api.openapi.responses:InputItemList",
        query=(ITEMS, ORDER, ITEM),
        errors=(InvalidRequestError, NotFoundError),
    ),
    Operation(
        method="POST",
        path="/v1/messages",
        name="createMessage",
        about="Answer a conversation as Anthropic's Messages API does, whole or as server-sent events.",
        function="chat",
        handler="lambdas.api.routes.messages:create_message",
        body="lambdas.api.dialects.messages.request:MessagesRequest",
        answer="lambdas.api.dialects.messages.answer:MessagesAnswer",
        dialect=MESSAGES,
        events="lambdas.api.dialects.messages.events:MessagesEvent",
        headers=(REQUEST_ID, *CHAT_HEADERS),
        errors=MODEL,
    ),
    Operation(
        method="POST",
        path="/v1/messages/count_tokens",
        name="countTokens",
        about="Tell how many tokens the model would read of a request to /v1/messages.",
        function="chat",
        handler="lambdas.api.routes.messages:count_tokens",
        body="lambdas.api.dialects.messages.request:CountTokensRequest",
        answer="lambdas.api.dialects.messages.answer:TokensCounted",
        dialect=MESSAGES,
        headers=(REQUEST_ID, *ASKED_HEADERS),
        errors=MODEL,
    ),
)
