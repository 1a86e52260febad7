"""``GET /openapi.json``: OpenAPI 3.1, with request bodies from the very classes that parse them.

Imported when somebody asks for it, since no other request needs it.
"""

import copy
import inspect
import re
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec

from lambdas.api.openapi.answers import ANSWERS, MAP, Schema, ref
from lambdas.api.operations import ALWAYS, ERROR_HEADERS, HEADERS, OPERATIONS, Operation
from lambdas.api.routes import compare
from lambdas.api.routes.prompts import PromptCall
from lambdas.api.routes.sessions import NewSession
from lambdas.chat.request import ChatRequest
from lambdas.embeddings.service import EmbeddingRequest
from lambdas.knowledge.request import KnowledgeQuery, PassagesQuery

BODIES: Final = (ChatRequest, EmbeddingRequest, KnowledgeQuery, PassagesQuery, NewSession, PromptCall)
_TEMPLATE: Final = "#/components/schemas/{name}"
_ATTRIBUTE: Final = re.compile(r"^    (\w+): ", re.MULTILINE)


@cache
def document() -> dict[str, Any]:
    """Return the description. Its server is the address that it was read from."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
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
            "schemas": {**request_schemas(), **ANSWERS},
            "headers": {name: {"description": about, "schema": {"type": "string"}} for name, about in HEADERS.items()},
            "responses": {str(status): _error(status) for status in _statuses()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key: qk-..."}},
        },
    }


def request_schemas() -> dict[str, Schema]:
    """Return the schemas of request bodies and of their parts, by name."""
    _, schemas = msgspec.json.schema_components(BODIES, ref_template=_TEMPLATE)
    for schema in schemas.values():
        _describe(schema)
    schemas["CompareRequest"] = _compare_request(schemas["ChatRequest"])
    return schemas


def _compare_request(chat: Schema) -> Schema:
    """Return the body of a comparison: a chat request whose ``models`` are several, and which cannot be streamed."""
    schema = copy.deepcopy(chat)
    for name in compare.NOT_HERE:
        del schema["properties"][name]
    models = msgspec.json.schema(compare.Models)
    schema["properties"] = {"models": models, **schema["properties"]}
    schema["required"] = ["models", *(name for name in schema["required"] if name != "model")]
    schema["title"] = "CompareRequest"
    schema["description"] = "Body of `POST /v1/compare`: a chat request with `models` in place of `model` and `stream`."
    return schema


def _describe(schema: Schema) -> None:
    """Make descriptions of the class's docstring: its text, and what it says of each attribute."""
    text, _, attributes = inspect.cleandoc(schema.get("description", "")).partition("\n\nAttributes:\n")
    schema["description"] = " ".join(text.split()).replace("``", "`")
    _, *parts = _ATTRIBUTE.split(attributes)
    for name, about in zip(parts[::2], parts[1::2], strict=True):
        schema["properties"][name]["description"] = " ".join(about.split()).replace("``", "`")


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
        described["requestBody"] = {"required": True, "content": _json(ref(operation.body))}
    return described


def _answer(operation: Operation) -> dict[str, Any]:
    content = _json(ref(operation.answer) if operation.answer else MAP)
    if operation.events:
        # One event's data; the last one is the text [DONE], the one before it may be an Error.
        content["text/event-stream"] = {"schema": {"anyOf": [ref(operation.events), ref("Error"), {"const": "[DONE]"}]}}
    return {
        "description": HTTPStatus(operation.status).phrase,
        "headers": _headers("x-request-id", *operation.headers),
        "content": content,
    }


def _errors(operation: Operation) -> dict[str, Any]:
    statuses = sorted({error.status for error in (*ALWAYS, *operation.errors)})
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _statuses() -> list[int]:
    return sorted({error.status for operation in OPERATIONS for error in (*ALWAYS, *operation.errors)})


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
