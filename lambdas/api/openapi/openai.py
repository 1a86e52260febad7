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


def _object(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _constant(text: str) -> Schema:
    return {"const": text}


_CALL: Final = _object(id=TEXT, type=_constant("function"), function=_object(name=TEXT, arguments=TEXT))
_REPLY: Final = _object(
    ("tool_calls", "reasoning_content"),
    role=_constant("assistant"),
    content=_or_null(TEXT),
    refusal={"type": "null"},
    # What the model thought, where reasoning was asked for: not OpenAI's.
    reasoning_content=TEXT,
    tool_calls=_list(_CALL),
)
_FINISH: Final = {"enum": ["stop", "length", "tool_calls", "content_filter"]}
# What an answer tells beyond OpenAI's shape: what the guardrail found, what an answer from documents rests on, and what
# of a stream could not be kept.
_QUARRY: Final = _object(
    ("guardrail", "citations", "answered", "search_query", "not_recorded"),
    guardrail=MAP,
    citations=_list(ref("Citation")),
    answered=FLAG,
    search_query=TEXT,
    not_recorded=MAP,
)

Error = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=_object(
            # Where Anthropic's API is spoken, and where API Gateway refuses for all routes alike.
            ("type", "request_id"),
            error=_object(message=TEXT, type=TEXT, param=_or_null(TEXT), code=_or_null(TEXT)),
            type=_constant("error"),
            request_id=TEXT,
        )
    ),
]
TokenUsage = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=_object(
            ("completion_tokens_details",),
            prompt_tokens=NUMBER,
            completion_tokens=NUMBER,
            total_tokens=NUMBER,
            prompt_tokens_details=_object(cached_tokens=NUMBER),
            # An estimate: Bedrock counts thoughts with the output.
            completion_tokens_details=_object(reasoning_tokens=NUMBER),
        )
    ),
]
Completion = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=_object(
            ("quarry",),
            id=TEXT,
            object=_constant("chat.completion"),
            created=NUMBER,
            model=TEXT,
            choices=_list(_object(index=NUMBER, message=_REPLY, logprobs={"type": "null"}, finish_reason=_FINISH)),
            usage=ref("TokenUsage"),
            quarry=_QUARRY,
        )
    ),
]
CompletionChunk = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=_object(
            ("usage", "quarry"),
            id=TEXT,
            object=_constant("chat.completion.chunk"),
            created=NUMBER,
            model=TEXT,
            choices=_list(_object(index=NUMBER, delta=MAP, logprobs={"type": "null"}, finish_reason=_or_null(_FINISH))),
            usage=ref("TokenUsage"),
            quarry=_QUARRY,
        )
    ),
]
