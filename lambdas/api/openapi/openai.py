"""OpenAI's answers as JSON schemas: they are dictionaries, made of Converse's replies, so they are described by hand.

Tests hold these against real answers. The answers of our own routes are types, which their schemas are made from.
"""

from typing import Annotated, Any, Final

from msgspec import Meta

from lambdas.api.openapi.schemas import Schema, ref

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer"}
FLAG: Final[Schema] = {"type": "boolean"}
MAP: Final[Schema] = {"type": "object"}


def object_of(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def constant(text: str) -> Schema:
    return {"const": text}


_CALL: Final = object_of(id=TEXT, type=constant("function"), function=object_of(name=TEXT, arguments=TEXT))
_REPLY: Final = object_of(
    ("tool_calls", "reasoning_content"),
    role=constant("assistant"),
    content=or_null(TEXT),
    refusal={"type": "null"},
    # What the model thought, where reasoning was asked for: not OpenAI's.
    reasoning_content=TEXT,
    tool_calls=list_of(_CALL),
)
_FINISH: Final = {"enum": ["stop", "length", "tool_calls", "content_filter"]}
# What an answer tells beyond OpenAI's shape: what the guardrail found, what an answer from documents rests on, and of a
# stream what could not be kept, who answered and what it cost.
QUARRY: Final = object_of(
    ("guardrail", "citations", "answered", "search_query", "not_recorded", "answered_by", "micro_dollars"),
    guardrail=MAP,
    citations=list_of(ref("Citation")),
    answered=FLAG,
    search_query=TEXT,
    not_recorded=MAP,
    answered_by=TEXT,
    micro_dollars=NUMBER,
)

Error = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=object_of(
            # Where Anthropic's API is spoken, and where API Gateway refuses for all routes alike.
            ("type", "request_id"),
            error=object_of(message=TEXT, type=TEXT, param=or_null(TEXT), code=or_null(TEXT)),
            type=constant("error"),
            request_id=TEXT,
        )
    ),
]
TokenUsage = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=object_of(
            ("completion_tokens_details",),
            prompt_tokens=NUMBER,
            completion_tokens=NUMBER,
            total_tokens=NUMBER,
            prompt_tokens_details=object_of(cached_tokens=NUMBER),
            # An estimate: Bedrock counts thoughts with the output.
            completion_tokens_details=object_of(reasoning_tokens=NUMBER),
        )
    ),
]
Completion = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=object_of(
            ("quarry",),
            id=TEXT,
            object=constant("chat.completion"),
            created=NUMBER,
            model=TEXT,
            choices=list_of(object_of(index=NUMBER, message=_REPLY, logprobs={"type": "null"}, finish_reason=_FINISH)),
            usage=ref("TokenUsage"),
            quarry=QUARRY,
        )
    ),
]
CompletionChunk = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=object_of(
            ("usage", "quarry"),
            id=TEXT,
            object=constant("chat.completion.chunk"),
            created=NUMBER,
            model=TEXT,
            choices=list_of(
                object_of(index=NUMBER, delta=MAP, logprobs={"type": "null"}, finish_reason=or_null(_FINISH))
            ),
            usage=ref("TokenUsage"),
            quarry=QUARRY,
        )
    ),
]
