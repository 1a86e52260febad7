"""What the API answers, as JSON schemas: the bodies are made as plain dictionaries, so they are described here.

Tests hold these against real answers.
"""

from typing import Any, Final

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer"}
FLAG: Final[Schema] = {"type": "boolean"}
ANY: Final[Schema] = {}
MAP: Final[Schema] = {"type": "object"}


def ref(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _constant(text: str) -> Schema:
    return {"const": text}


def _page(item: str, **more: Schema) -> Schema:
    return _object(object=_constant("list"), data=_list(ref(item)), **more)


_AMOUNTS: Final = {"requests": NUMBER, "tokens": NUMBER, "micro_dollars": NUMBER}
_MEASURES: Final = dict.fromkeys(("requests", "input_tokens", "output_tokens", "micro_dollars"), NUMBER)
_SESSION_HEAD: Final = {
    "id": TEXT,
    "created": NUMBER,
    "updated": NUMBER,
    "expires_at": NUMBER,
    "turns": NUMBER,
    "alias": _or_null(TEXT),
    "metadata": {"type": "object", "additionalProperties": TEXT},
}
_SESSION: Final = {
    **_SESSION_HEAD,
    "object": _constant("session"),
    "system": _or_null(TEXT),
    "summary": _or_null(_object(text=TEXT, up_to_turn=NUMBER)),
    "usage": _object(prompt_tokens=NUMBER, completion_tokens=NUMBER, total_tokens=NUMBER),
}
_PROMPT: Final = {
    "name": TEXT,
    "object": _constant("prompt"),
    "version": TEXT,
    "description": TEXT,
    "model": TEXT,
    "variables": _list(_object(name=TEXT, description=TEXT, max_length=NUMBER, required=FLAG)),
}
_CALL: Final = _object(id=TEXT, type=_constant("function"), function=_object(name=TEXT, arguments=TEXT))
_REPLY: Final = _object(
    ("tool_calls",),
    role=_constant("assistant"),
    content=_or_null(TEXT),
    refusal={"type": "null"},
    tool_calls=_list(_CALL),
)
_FINISH: Final = {"enum": ["stop", "length", "tool_calls", "content_filter"]}
# What an answer tells beyond OpenAI's shape: what the guardrail found, and what an answer from documents rests on.
_QUARRY: Final = _object(
    ("guardrail", "citations", "answered", "search_query"),
    guardrail=MAP,
    citations=_list(ref("Citation")),
    answered=FLAG,
    search_query=TEXT,
)
_PASSAGE: Final = {"document": TEXT, "location": TEXT, "passage": TEXT, "score": {"type": "number"}, "metadata": MAP}
_ANSWER: Final = {
    "id": TEXT,
    "object": _constant("knowledge.answer"),
    "created": NUMBER,
    "model": TEXT,
    "answer": TEXT,
    "answered": FLAG,
    "finish_reason": _FINISH,
    "search_query": TEXT,
    "citations": _list(ref("Citation")),
    "usage": ref("TokenUsage"),
}

ANSWERS: Final[dict[str, Schema]] = {
    "Error": _object(error=_object(message=TEXT, type=TEXT, param=_or_null(TEXT), code=_or_null(TEXT))),
    "ModelList": _page("Model"),
    "Model": _object(
        id=TEXT,
        object=_constant("model"),
        created=NUMBER,
        owned_by=TEXT,
        quarry=_object(
            standing=_or_null({"enum": ["first", "fallback", "none"]}),
            verdict=_or_null(TEXT),
            checked_at=_or_null(TEXT),
            candidates=_list(TEXT),
        ),
    ),
    "TokenUsage": _object(
        prompt_tokens=NUMBER,
        completion_tokens=NUMBER,
        total_tokens=NUMBER,
        prompt_tokens_details=_object(cached_tokens=NUMBER),
    ),
    "Completion": _object(
        ("quarry",),
        id=TEXT,
        object=_constant("chat.completion"),
        created=NUMBER,
        model=TEXT,
        choices=_list(_object(index=NUMBER, message=_REPLY, logprobs={"type": "null"}, finish_reason=_FINISH)),
        usage=ref("TokenUsage"),
        quarry=_QUARRY,
    ),
    "CompletionChunk": _object(
        ("usage", "quarry"),
        id=TEXT,
        object=_constant("chat.completion.chunk"),
        created=NUMBER,
        model=TEXT,
        choices=_list(_object(index=NUMBER, delta=MAP, logprobs={"type": "null"}, finish_reason=_or_null(_FINISH))),
        usage=ref("TokenUsage"),
        quarry=_QUARRY,
    ),
    "Citation": _object(number=NUMBER, **_PASSAGE),
    "KnowledgeAnswer": _object(**_ANSWER),
    "KnowledgeAnswerEvent": {
        "anyOf": [
            _object(id=TEXT, object=_constant("knowledge.answer.chunk"), delta=TEXT),
            ref("KnowledgeAnswer"),
        ]
    },
    "Passage": _object(**_PASSAGE),
    "PassageList": _page("Passage"),
    "EmbeddingList": _object(
        object=_constant("list"),
        model=TEXT,
        data=_list(
            _object(
                object=_constant("embedding"),
                index=NUMBER,
                embedding={"anyOf": [_list({"type": "number"}), TEXT]},
            )
        ),
        usage=_object(prompt_tokens=NUMBER, total_tokens=NUMBER),
    ),
    "Comparison": _object(
        object=_constant("comparison"),
        data=_list(
            _object(
                ("completion", "latency_ms", "micro_dollars", "error"),
                model=TEXT,
                completion=ref("Completion"),
                latency_ms=NUMBER,
                micro_dollars=_or_null(NUMBER),
                error=MAP,
            )
        ),
    ),
    "Usage": _object(
        object=_constant("usage"),
        key_id=TEXT,
        limits=_object(
            requests_per_minute=_or_null(NUMBER),
            tokens_per_day=_or_null(NUMBER),
            micro_dollars=_or_null(NUMBER),
            aliases=_or_null(_list(TEXT)),
        ),
        remaining=_object(**{name: _or_null(NUMBER) for name in _AMOUNTS}),
        reserved=_object(**_AMOUNTS),
        today=_object(day=TEXT, **_MEASURES),
        total=_object(micro_dollars=NUMBER),
        days=_list(_object(day=TEXT, aliases={"type": "object", "additionalProperties": _object(**_MEASURES)})),
    ),
    "SessionHead": _object(object=_constant("session"), **_SESSION_HEAD),
    "SessionList": _page("SessionHead", has_more=FLAG),
    "Session": _object(**_SESSION),
    "SessionWithMessages": _object(
        **_SESSION,
        messages=_list(MAP),
        blocked_messages=_list(NUMBER),
        last_turn=NUMBER,
        has_more=FLAG,
    ),
    "DeletedSession": _object(id=TEXT, object=_constant("session.deleted"), deleted={"const": True}),
    "PromptSummary": _object(**_PROMPT),
    "PromptList": _page("PromptSummary"),
    "Prompt": _object(
        **_PROMPT,
        system=TEXT,
        examples=_list(_object(user=TEXT, assistant=TEXT)),
        template=TEXT,
        inference=MAP,
        tools=_list(MAP),
    ),
}
