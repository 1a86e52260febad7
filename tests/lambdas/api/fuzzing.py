"""Requests that nobody should send, to every route of both functions, drawn from a seed.

Each begins as one that is answered, in which one to four things are then replaced, added or left out; a few are random
from the start. Whatever comes, the reply is an answer or a 4xx in the one error shape.
"""

import asyncio
import base64
import contextlib
import copy
import dataclasses
import io
import json
import random
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from lambdas.api import app, composition, handler
from lambdas.api.operation import MESSAGES, Operation
from lambdas.api.operations import OPERATIONS
from lambdas.chat.aliases import Aliases
from lambdas.chat.service import ChatService
from lambdas.common.observability import logger, metrics
from lambdas.model_access.listing import ModelListing
from tests import events
from tests.lambdas import service_model, stores
from tests.lambdas.api.conftest import GREETING, READY
from tests.lambdas.api.test_handler import FakeEmbedder, LambdaContext
from tests.lambdas.chat.test_counting import FakeCounter
from tests.lambdas.fakes import ALIASES, SETTINGS, FakeConverse, FakeEvents, converse_reply, stream_events
from tests.lambdas.model_access.test_listing import FakeParameters
from tests.lambdas.rerank.test_service import COHERE, FakeBounded

EVENT: Final = events.load("chat_completion")
WORDS: Final = ["user", "assistant", "tool", "system", "fast", "auto", "required", "\ud800", "\x00", ""]
FLOATS: Final = [0.0, -0.0, 0.5, -1.5, 1e-300, 1e300, float("inf"), float("-inf"), float("nan")]

_TOOL: Final = {"type": "function", "function": {"name": "dig", "parameters": {"type": "object", "properties": {}}}}
_MESSAGES: Final = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "How deep?"}]},
    {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "dig", "arguments": '{"deep": 1}'}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "Two metres."},
]
_CHAT: Final = {
    "model": "fast",
    "messages": _MESSAGES,
    "temperature": 0.5,
    "max_tokens": 20,
    "stop": ["END"],
    "stream": False,
    "stream_options": {"include_usage": True},
    "tools": [_TOOL],
    "tool_choice": "auto",
    "metadata": {"team": "geology"},
    "user": "ann",
    "quarry": {"guardrail_trace": True},
}
_CALL: Final = {"call_id": "c1", "name": "dig"}
_RESPONSE: Final = {
    "model": "fast",
    "input": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "How deep?"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "qr1.e30="},
        {"type": "function_call", **_CALL, "arguments": '{"deep": 1}'},
        {"type": "function_call_output", "call_id": "c1", "output": "Two metres."},
        {"type": "custom_tool_call", **_CALL, "call_id": "c2", "input": "dig"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "Dug."}]},
    ],
    "instructions": "Be kind.",
    "tools": [
        {"type": "function", "name": "dig", "parameters": {"type": "object", "properties": {}}},
        {"type": "custom", "name": "draw", "format": {"type": "grammar", "syntax": "lark", "definition": "start: A"}},
        {"type": "namespace", "name": "agents", "tools": [{"type": "function", "name": "spawn"}]},
        {"type": "web_search"},
    ],
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "dig"}]},
    "text": {"format": {"type": "text"}, "verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "temperature": 0.5,
    "max_output_tokens": 20,
    "stream": False,
    "metadata": {"team": "geology"},
    "user": "ann",
    "quarry": {"guardrail_trace": True},
}
_ASKING: Final = {"role": "user", "content": "How deep?"}
_MESSAGE: Final = {
    "model": "fast",
    "max_tokens": 20,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "How deep?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
                {"type": "redacted_thinking", "data": "AA=="},
                {"type": "tool_use", "id": "c1", "name": "dig", "input": {"deep": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "Two metres."}]},
                {"type": "document", "source": {"type": "text", "data": "Deep."}, "title": "Pit", "context": "Old."},
            ],
        },
    ],
    "temperature": 0.5,
    "top_k": 5,
    "stop_sequences": ["END"],
    "tools": [{"name": "dig", "input_schema": {"type": "object"}, "description": "Digs."}],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "thinking": {"type": "disabled"},
    "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object"}}},
    "metadata": {"user_id": "ann"},
    "stream": False,
}
# A body that is answered, or several, for each operation that has one.
BODIES: Final[dict[str, list[Any]]] = {
    "createChatCompletion": [
        _CHAT,
        {**_CHAT, "stream": True},
        {"model": "fast", "messages": [_ASKING], "quarry": {"session": "SESSION"}},
        {"model": "fast", "messages": [_ASKING], "stream": True, "quarry": {"session": "SESSION"}},
        {"model": "fast", "messages": [_ASKING], "quarry": {"knowledge": {"filter": {"year": {"gte": 2020}}}}},
        {
            "model": "fast",
            "messages": [_ASKING],
            "response_format": {"type": "json_schema", "json_schema": {"name": "depth", "schema": {"type": "object"}}},
        },
    ],
    "createResponse": [
        _RESPONSE,
        {**_RESPONSE, "stream": True, "store": False},
        {"model": "fast", "input": "How deep?", "previous_response_id": "RESPONSE"},
        {"model": "fast", "input": [_ASKING], "stream": True, "previous_response_id": "RESPONSE"},
        {"model": "fast", "input": [_ASKING, {"id": "ITEM"}, {"role": "user", "content": "And?"}]},
        {
            "model": "fast",
            "input": "How deep?",
            "tools": [{"type": "file_search", "filters": {"type": "gte", "key": "year", "value": 2020}}],
        },
    ],
    "countInputTokens": [{"model": "fast", "input": [_ASKING], "previous_response_id": "RESPONSE"}, _RESPONSE],
    "compactResponse": [{"model": "fast", "input": [_ASKING], "previous_response_id": "RESPONSE"}],
    "askDocuments": [
        {"question": "How deep?", "model": "fast", "filter": {"department": "it"}, "results": 3, "max_tokens": 9},
        {"question": "How deep?", "session": "SESSION", "stream": True},
    ],
    "createEmbeddings": [{"model": "embed", "input": ["a", "b"], "dimensions": 256, "encoding_format": "float"}],
    "compareModels": [{"models": ["fast", "smart"], "messages": [_ASKING], "max_tokens": 20}],
    "createCompletion": [
        {"model": "fast", "prompt": "How deep?", "max_tokens": 9, "stop": ["END"], "user": "ann"},
        {"model": "fast", "prompt": ["How deep?"], "stream": True, "stream_options": {"include_usage": True}},
    ],
    "createMessage": [
        _MESSAGE,
        {**_MESSAGE, "stream": True},
        {"model": "smart", "max_tokens": 2_000, "messages": [_ASKING], "thinking": {"type": "adaptive"}},
        {"model": "fast", "max_tokens": 9, "messages": [_ASKING], "quarry": {"session": "SESSION"}},
    ],
    "countTokens": [{"model": "smart", "messages": [_ASKING], "system": "Be brief."}],
    "rerank": [
        {"model": "rerank", "query": "How deep?", "documents": ["Two metres.", {"text": "Blue."}], "top_n": 1},
    ],
    "createModeration": [
        {"model": "omni-moderation-latest", "input": ["How deep?", "Two metres."]},
        {"input": [{"type": "text", "text": "How deep?"}], "source": "output"},
        {"input": "How deep?"},
    ],
    "createSession": [{"metadata": {"team": "geology"}}, {}],
    "callPrompt": [{"variables": {"name": "Ann"}, "max_tokens": 20}],
    "findPassages": [{"query": "How deep?", "filter": {"any": [{"public": True}, {"year": 2024}]}, "results": 3}],
}
PATHS: Final = {"id": ["SESSION", "RESPONSE", "fast"], "name": ["greeting"]}
QUERIES: Final = {
    "limit": ["1", "100", "0", "-1"],
    "after": ["SESSION", "ITEM", ""],
    "after_turn": ["0", "7", "-1"],
    "order": ["asc", "desc", ""],
    "include": ["reasoning.encrypted_content"],
}
# What stands for something that is there, in bodies, paths and queries.
THERE: Final = ("SESSION", "RESPONSE", "ITEM")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent, as it is sent."""

    operation: Operation
    path: str
    query: dict[str, str]
    body: bytes


def text(chance: random.Random, longest: int) -> str:
    """Return characters of one of Unicode's sizes, surrogates and controls included."""
    plane = chance.choice([0x7F, 0xFF, 0xFFFF, 0x10FFFF])
    return "".join(chr(chance.randint(0, plane)) for _ in range(chance.randint(0, longest)))


def value(chance: random.Random, depth: int = 3) -> Any:
    """Return any JSON, and numbers that are none."""
    match chance.randrange(10 if depth else 8):
        case 0:
            return chance.choice([None, True, False])
        case 1:
            return chance.randint(-200, 200)
        case 2:
            return chance.choice([-1, 1]) * chance.getrandbits(chance.choice([31, 32, 63, 64, 65, 200]))
        case 3:
            return chance.choice(FLOATS)
        case 4:
            return chance.uniform(-2, 2)
        case 5 | 6:
            return chance.choice(WORDS)
        case 7:
            return text(chance, 20)
        case 8:
            return [value(chance, depth - 1) for _ in range(chance.randint(0, 3))]
        case _:
            return {text(chance, 8): value(chance, depth - 1) for _ in range(chance.randint(0, 3))}


def _places(within: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a value."""
    keys = list(within) if isinstance(within, dict) else range(len(within)) if isinstance(within, list) else ()
    return [place for key in keys for place in [(within, key), *_places(within[key])]]


def _damage(chance: random.Random, body: Any) -> None:
    places = _places(body)
    if not places:
        return
    container, key = chance.choice(places)
    match chance.randrange(5):
        case 0 if isinstance(container, dict):
            container[text(chance, 8)] = value(chance)
        case 1:
            del container[key]
        case 2:
            container[key] = [copy.deepcopy(container[key])] * chance.randint(0, 3)
        case _:
            container[key] = value(chance)


def _body(chance: random.Random, operation: Operation, there: Callable[[str], str]) -> bytes:
    kind = chance.randrange(20)
    if kind == 0:
        return chance.randbytes(chance.randint(0, 200))
    body = value(chance) if kind == 1 else copy.deepcopy(chance.choice(BODIES[operation.name]))
    for container, key in _places(body):
        if container[key] in THERE:
            container[key] = there(container[key])
    for _ in range(chance.randint(0, 4)):
        _damage(chance, body)
    sent = json.dumps(body).encode("utf-8", "surrogatepass")
    return sent[: chance.randint(0, len(sent))] if kind == 2 else sent


def requests(
    chance: random.Random, there: Callable[[str], str], operations: Sequence[Operation] = OPERATIONS
) -> Iterator[Request]:
    """Yield requests to operations in turn, for ever. ``there`` tells the id of what is there, of ``THERE``."""

    def word(known: list[str]) -> str:
        chosen = chance.choice([*known, *known, text(chance, 20), chance.choice(string.punctuation)])
        return there(chosen) if chosen in THERE else chosen

    while True:
        for operation in operations:
            path = operation.path
            for name, known in PATHS.items():
                path = path.replace(f"{{{name}}}", word(known).replace("/", "") or "x")
            query = {one.name: word(QUERIES[one.name]) for one in operation.query if chance.randrange(3)}
            body = _body(chance, operation, there) if operation.body else b""
            yield Request(operation=operation, path=path, query=query, body=body)


class _Bedrock(FakeConverse):
    """Answers everything, streamed or whole, and remembers nothing."""

    def _next(self, arguments: dict[str, Any]) -> dict[str, Any] | list[dict[str, Any] | Exception]:
        return converse_reply()

    def converse_stream(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock-runtime", "ConverseStream", kwargs)
        return {"stream": FakeEvents(stream_events("An ", "open pit."))}


class _Runtime(FakeEmbedder, FakeCounter):
    """Embeds, and counts tokens."""

    def __init__(self) -> None:
        FakeEmbedder.__init__(self)
        FakeCounter.__init__(self)


async def ask(path: str, content: bytes) -> tuple[int, bytes]:
    """Send the app a request as its server does: a client with a thread for each would take as long as the answer."""
    sent: list[dict[str, Any]] = []
    unread = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not unread:
            await asyncio.Event().wait()  # The caller stays.
        return unread.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"x-amzn-request-context", json.dumps(EVENT["requestContext"]).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await app.app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


class Fuzzed:
    """Both functions over fakes, within :func:`fuzzed`.

    Attributes:
        log: what they logged of the last request.
    """

    def __init__(self, loop: asyncio.Runner) -> None:
        self.log = io.StringIO()
        self._loop = loop
        self._there: dict[str, str] = {}

    def there(self, what: str) -> str:
        """Return the id of a session, a response or an item that nobody has deleted."""
        if "SESSION" not in self._there:
            self._there["SESSION"] = json.loads(self.invoke("POST", "/v1/sessions", b"{}")[1])["id"]
        if "RESPONSE" not in self._there:
            made = json.loads(self._loop.run(ask("/v1/responses", b'{"model": "fast", "input": "How deep?"}'))[1])
            self._there |= {"RESPONSE": made["id"], "ITEM": made["output"][0]["id"]}
        return self._there[what]

    def invoke(self, method: str, path: str, body: bytes = b"", **query: str) -> tuple[int, bytes]:
        """Ask the function behind the proxy integration, which gets what is no UTF-8 as base64."""
        encoded = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
        event = {**EVENT, "httpMethod": method, "path": path, "queryStringParameters": query or None, **encoded}
        with contextlib.redirect_stdout(io.StringIO()):  # Metrics are printed.
            reply = handler.lambda_handler(event, LambdaContext())
        metrics.clear_metrics()
        return reply["statusCode"], str(reply["body"]).encode("utf-8", "surrogatepass")

    def send(self, request: Request) -> tuple[int, bytes]:
        """Send it to the function that answers its operation."""
        self.log.seek(0)
        self.log.truncate()
        if request.operation.function == "chat":
            with contextlib.redirect_stdout(io.StringIO()):
                return self._loop.run(ask(request.path, request.body))
        if request.operation.method == "DELETE":
            self._there = {}
        return self.invoke(request.operation.method, request.path, request.body, **request.query)


@contextlib.contextmanager
def fuzzed() -> Iterator[Fuzzed]:
    """Put fakes behind both functions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "FakeConverse", _Bedrock)
        with stores.desk(converse_reply()) as made, asyncio.Runner() as loop:
            listed = ModelListing(
                max_body_bytes=1024,
                aliases=ALIASES,
                parameter_name=SETTINGS.model_access_parameter,
                client=lambda: FakeParameters(READY),
            )
            for name, what in {
                "settings": dataclasses.replace(SETTINGS, max_body_bytes=100_000),
                "aliases": Aliases(lambda: {**SETTINGS.aliases, "rerank": (COHERE,)}),
                "exchanges": made.exchanges,
                "knowledge": made.knowledge,
                "ledger": made.ledger,
                "session_store": made.sessions,
                "response_store": made.responses.store,
                "responses": made.responses,
                "model_listing": listed,
                "runtime_client": _Runtime(),
                "reranking_client": FakeBounded(),
                "service": ChatService(settings=SETTINGS, aliases=ALIASES, client=made.bedrock),
            }.items():
                patch.setattr(composition, name, lambda what=what: what)
            patch.setattr("lambdas.prompts.definition.load", lambda: {"greeting": GREETING})
            functions = Fuzzed(loop)
            patch.setattr(logger.registered_handler, "stream", functions.log)
            yield functions


def offence(request: Request, status: int, answer: bytes) -> str | None:
    """Say what is wrong with a reply, if anything."""
    if b'"internal_error"' in answer:
        return "internal_error"
    if status < 400:
        return None
    if status >= 500:
        return f"status {status}"
    body = json.loads(answer)
    around = {"type", "error", "request_id"} if request.operation.dialect == MESSAGES else {"error"}
    good = set(body) == around and set(body["error"]) == {"message", "type", "param", "code"}
    return None if good and body["error"]["message"] else "not the one error shape"
