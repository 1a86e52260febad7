"""The API's description says what the code does: routes, bodies, answers, headers."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

import lambdas
from lambdas.allowances.report import Usage
from lambdas.allowances.usage import Usage as Taken
from lambdas.api import handler
from lambdas.api.dialects.chat import reading
from lambdas.api.dialects.chat.conversation import to_conversation
from lambdas.api.openapi.document import answer_schemas, document, request_schemas
from lambdas.api.openapi.headers import HEADERS
from lambdas.api.openapi.schemas import name_of
from lambdas.api.operations import OPERATIONS
from lambdas.api.routes import knowledge_query
from lambdas.api.routes.compare import NOT_HERE
from lambdas.api.routes.knowledge_query import KnowledgeAnswer
from lambdas.api.routes.knowledge_retrieve import PassageList, retrieve
from lambdas.chat.conversation import Conversation
from lambdas.chat.events import Began, Counted
from lambdas.common.caller import Caller, KeyLimits
from lambdas.common.errors import ApiError, ConflictError, InvalidRequestError, MethodNotAllowedError
from lambdas.model_access.listing import ModelList, ModelListing
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.test_handler import LambdaContext
from tests.lambdas.chatting import body_of, chunks, frames, parse
from tests.lambdas.fakes import ALIASES, KNOWLEDGE, SETTINGS, converse_reply, stream_events
from tests.lambdas.model_access.test_listing import FakeParameters
from tests.lambdas.stores import desk


def references(value: Any) -> Iterator[str]:
    """Yield all references in a document."""
    if isinstance(value, Mapping):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a schema refers to."""
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def misfits(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield where a value is not as the answer's schema says; a member that is not described is one too."""
    schema = resolved(schema)
    if "anyOf" in schema:
        tried = [list(misfits(value, each, path)) for each in schema["anyOf"]]
        yield from [] if [] in tried else tried[0]
    elif "const" in schema or "enum" in schema:
        if value not in schema.get("enum", [schema.get("const")]):
            yield f"{path}: {value!r}"
    elif "type" in schema and not isinstance(value, PYTHON[schema["type"]]):
        yield f"{path}: {value!r} is no {schema['type']}"
    elif "properties" in schema:
        properties = schema["properties"]
        yield from (f"{path}.{name} is missing" for name in schema["required"] if name not in value)
        for name, each in value.items():
            yield from misfits(each, properties[name], f"{path}.{name}") if name in properties else [f"{path}.{name}"]
    elif schema.get("type") == "array":
        for index, each in enumerate(value):
            yield from misfits(each, schema["items"], f"{path}[{index}]")


PYTHON = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
}


def test_it_is_served(serve: Serve) -> None:
    serve()
    event = {**events.load("chat_completion"), "httpMethod": "GET", "path": "/openapi.json", "body": None}

    reply = handler.lambda_handler(event, LambdaContext())

    assert reply["statusCode"] == 200
    assert json.loads(reply["body"]) == document()


def test_it_costs_no_cold_start() -> None:
    code = "import sys, lambdas.api.handler; sys.exit('lambdas.api.openapi.document' in sys.modules)"
    project = Path(lambdas.__file__).parents[1]

    assert subprocess.run([sys.executable, "-c", code], cwd=project).returncode == 0


def test_every_reference_leads_somewhere() -> None:
    found = set(references(document()))

    assert found
    for reference_ in found:
        node = document()
        for part in reference_.removeprefix("#/").split("/"):
            node = node[part]


def test_no_two_types_have_one_name() -> None:
    requests, answers = request_schemas(OPERATIONS), answer_schemas(OPERATIONS)

    assert set(requests) & set(answers) == set()
    # Of two types of one name msgspec makes names with their modules.
    assert [name for name in (*requests, *answers) if not name.isalpha()] == []


def test_operations_have_names_of_their_own_and_want_a_key() -> None:
    names = [operation.name for operation in OPERATIONS]

    assert len(set(names)) == len(names)
    assert document()["security"] == [{"key": []}]
    assert document()["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_unknown_fields_are_refused_by_the_description_too_where_they_are() -> None:
    strict, schemas = (document(strict=strict)["components"]["schemas"] for strict in (True, False))

    for operation in OPERATIONS:
        if operation.body:
            assert strict[name_of(operation.body)]["additionalProperties"] is False
            assert "additionalProperties" not in schemas[name_of(operation.body)]
    compared = schemas["CompareRequest"]
    assert set(compared["properties"]) == set(schemas["ChatRequest"]["properties"]) - set(NOT_HERE) | {"models"}
    assert compared["required"] == ["models", "messages"]


@pytest.mark.parametrize(
    ("body", "is_accepted"),
    [
        ({"temperature": 1.5, "seed": 5, "colour": "red", "quarry": None, "n": 0, "stop": "", "tools": []}, True),
        ({"logprobs": False, "modalities": ["text"], "reasoning_effort": "none", "max_tokens": -1}, True),
        ({"stream_options": {"include_usage": None}, "user": "Zoë|5", "metadata": None}, True),
        ({"temperature": 2.5}, False),
        ({"n": 2}, False),
        ({"logprobs": True}, False),
        ({"modalities": ["text", "audio"]}, False),
        ({"model": None}, False),
    ],
)
def test_what_is_read_is_described(body: dict[str, Any], is_accepted: bool) -> None:
    asked = {"model": "fast", "messages": [{"role": "user", "content": "x"}], **body}

    schema = {"$ref": "#/components/schemas/ChatRequest", "components": document()["components"]}
    assert Draft202012Validator(schema).is_valid(asked) is is_accepted
    if is_accepted:
        reading.parse(json.dumps(asked).encode())
    else:
        with pytest.raises(InvalidRequestError):
            reading.parse(json.dumps(asked).encode())


def test_docstrings_describe_fields() -> None:
    session = document()["components"]["schemas"]["NewSession"]

    assert session["description"] == "Body of `POST /v1/sessions`."
    assert session["properties"]["system"]["description"] == "instructions for every turn."


def test_every_status_that_an_error_can_have_is_described() -> None:
    def tree(error: type[ApiError]) -> Iterator[type[ApiError]]:
        for each in error.__subclasses__():
            yield from (each, *tree(each))

    # A conflict is told of an answer that is given all the same; another method of a path is no operation's.
    told = {str(error.status) for error in tree(ApiError) if error not in (ConflictError, MethodNotAllowedError)}
    assert told == set(document()["components"]["responses"])


def test_every_header_that_the_code_sends_is_described() -> None:
    sources = Path(lambdas.__file__).parent.rglob("*.py")
    sent = {
        name
        for path in sources
        # The authorizer names headers that requests have.
        if path.parent.name not in ("openapi", "authorizer")
        for name in re.findall(r'"(x-[\w-]+|request-id|Retry-After)"', path.read_text(encoding="utf-8"))
        if not name.startswith("x-amz")
    }

    assert sent == set(HEADERS)


def completion() -> dict[str, Any]:
    with desk(converse_reply()) as at:
        asked = parse(b'{"model": "fast", "messages": [{"role": "user", "content": "x"}]}')
        return body_of(at.exchanges.complete(asked, Caller(key_id="key_x")).completion)


def chunk() -> dict[str, Any]:
    return next(chunks([Began()]))


def usage_chunk() -> dict[str, Any]:
    return next(chunks([Counted({"inputTokens": 1})], usage=True))


def models() -> ModelList:
    found = '{"checked_at": null, "aliases": {"fast": {"standing": "first", "verdict": "ready"}}}'
    return ModelListing(
        max_body_bytes=1024,
        aliases=ALIASES,
        parameter_name=SETTINGS.model_access_parameter,
        client=lambda: FakeParameters(found),
    ).models()


def question(*, guardrail_trace: bool) -> Conversation:
    request = knowledge_query.parse(b'{"question": "x"}', KNOWLEDGE).body
    return msgspec.structs.replace(to_conversation(request), guardrail_trace=guardrail_trace)


def from_documents(reply: Any) -> tuple[dict[str, Any], KnowledgeAnswer]:
    """Return a completion and an answer from documents."""
    with desk(reply) as at:
        found = at.exchanges.complete(question(guardrail_trace=True), Caller(key_id="key_x")).completion
    return body_of(found), knowledge_query.to_answer(found)


def chunks_from_documents() -> list[Any]:
    """Return the last chunks of chat, and all events of a question."""
    with desk(stream_events("See [1].")) as at:
        exchange = at.exchanges.stream(question(guardrail_trace=False), Caller(key_id="key_x"))
        table = knowledge_query.AnswerTable(exchange.model)
        events = [data for event in exchange for data in frames(table.told(event))]
        exchange = at.exchanges.stream(question(guardrail_trace=True), Caller(key_id="key_x"))
        return [*events, *list(chunks(exchange))[-2:]]


def passages() -> PassageList:
    with desk() as at:
        return retrieve(b'{"query": "x"}', Caller(key_id="key_x"), knowledge=at.knowledge, ledger=at.ledger).body


def usage() -> Usage:
    with desk() as at:
        limits = KeyLimits(tokens_per_day=5, aliases=("fast",))
        at.ledger.settle(at.ledger.reserve(Caller(key_id="key_x"), alias="fast", estimate=Taken()), Taken())
        return at.ledger.usage("key_x", limits=limits)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("Error", InvalidRequestError("No.", param="model").to_body()),
        ("Completion", completion()),
        ("CompletionChunk", chunk()),
        ("CompletionChunk", usage_chunk()),
        ("ModelList", models()),
        ("Usage", usage()),
    ],
)
def test_answers_are_as_described(name: str, body: Any) -> None:
    sent = json.loads(msgspec.json.encode(body))

    assert list(misfits(sent, {"$ref": f"#/components/schemas/{name}"})) == []


def test_answers_from_documents_are_as_described() -> None:
    completion_, answer = from_documents({**converse_reply("See [1]."), "trace": {"guardrail": {}}})
    *events_, finish, trace = chunks_from_documents()
    described: dict[str, list[Any]] = {
        "Completion": [completion_],
        "KnowledgeAnswer": [answer],
        "KnowledgeAnswerEvent": events_,
        "CompletionChunk": [finish, trace],
        "PassageList": [passages()],
    }

    assert "citations" in finish["quarry"]
    assert trace["quarry"] == {"guardrail": {}}
    assert len(events_) == 2
    for name, bodies in described.items():
        for body in bodies:
            assert list(misfits(json.loads(msgspec.json.encode(body)), {"$ref": f"#/components/schemas/{name}"})) == []


def test_the_comparison_with_answers_can_fail() -> None:
    schema = {"$ref": "#/components/schemas/Completion"}

    assert list(misfits({**completion(), "extra": 1}, schema)) == [".extra"]
    assert list(misfits({**completion(), "created": "now"}, schema)) == [".created: 'now' is no integer"]
