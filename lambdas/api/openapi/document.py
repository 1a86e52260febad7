"""``GET /openapi.json``: OpenAPI 3.1, with request bodies from the very classes that parse them.

Imported when somebody asks for it, since no other request needs it.
"""

import re
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from lambdas.api.openapi.headers import ERROR_HEADERS, HEADERS
from lambdas.api.openapi.schemas import Schema, name_of, ref, schemas
from lambdas.api.openapi.tolerant import tolerant
from lambdas.api.operation import Operation
from lambdas.api.operations import OPERATIONS
from lambdas.api.operations.rows import ALWAYS

# What is described though no operation's row names it: OpenAI's error, and a part of its completions.
_BESIDES: Final = ("lambdas.api.openapi.openai:Error", "lambdas.api.openapi.openai:TokenUsage")


@cache
def document(*, strict: bool = False) -> dict[str, Any]:
    """Return the API's description.

    Args:
        strict: whether only what the types have is accepted.
    """
    return describe(OPERATIONS, strict=strict)


def describe(operations: tuple[Operation, ...], *, strict: bool = False) -> dict[str, Any]:
    """Return the description of operations. Its server is the address that it was read from."""
    requests = request_schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Quarry",
            "version": "1",
            "description": "An OpenAI-compatible endpoint in front of Amazon Bedrock. Models go by alias.",
        },
        "servers": [{"url": "."}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": {**(requests if strict else tolerant(requests)), **answer_schemas(operations)},
            "headers": {name: {"description": about, "schema": {"type": "string"}} for name, about in HEADERS.items()},
            "responses": {str(status): _error(status) for status in _statuses(operations)},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key: qk-..."}},
        },
    }


def request_schemas(operations: tuple[Operation, ...] = OPERATIONS) -> dict[str, Schema]:
    """Return the schemas of request bodies and of their parts, by name."""
    return schemas(operation.body for operation in operations if operation.body)


def answer_schemas(operations: tuple[Operation, ...] = OPERATIONS) -> dict[str, Schema]:
    """Return the schemas of answers, events and errors, and of their parts, by name."""
    every = ((one.answer, one.anthropic, one.events) for one in operations)
    named = [name for names in every for name in names if name]
    return schemas([*_BESIDES, *named])


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.about,
        "responses": {str(operation.status): _answer(operation), **_errors(operation)},
    }
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    in_query = [
        {"name": parameter.name, "in": "query", "description": parameter.about, "schema": parameter.schema}
        for parameter in operation.query
    ]
    if in_path or in_query:
        described["parameters"] = [*in_path, *in_query]
    if operation.body:
        described["requestBody"] = {"required": True, "content": _json(ref(name_of(operation.body)))}
    return described


def _answer(operation: Operation) -> dict[str, Any]:
    content = _json(ref(name_of(operation.answer)) if operation.answer else {"type": "object"})
    if operation.answer and operation.anthropic:
        content = _json({"anyOf": [ref(name_of(operation.answer)), ref(name_of(operation.anthropic))]})
    if operation.events:
        # One event, as OpenAPI 3.2 has them; the last one's data is the text [DONE], the one before it may be an Error.
        data = {"anyOf": [ref(name_of(operation.events)), ref("Error"), {"const": "[DONE]"}]}
        told = {"type": "string", "contentMediaType": "application/json", "contentSchema": data}
        content["text/event-stream"] = {
            "schema": {"type": "object", "properties": {"data": told}, "required": ["data"]}
        }
    return {
        "description": HTTPStatus(operation.status).phrase,
        "headers": _headers("x-request-id", *operation.headers),
        "content": content,
    }


def _errors(operation: Operation) -> dict[str, Any]:
    statuses = sorted({error.status for error in (*ALWAYS, *operation.errors)})
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _statuses(operations: tuple[Operation, ...]) -> list[int]:
    return sorted({error.status for operation in operations for error in (*ALWAYS, *operation.errors)})


def _error(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "headers": _headers(*ERROR_HEADERS),
        "content": _json(ref("Error")),
    }


def _json(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
