"""The stand-in model inside a MiniStack of this process: no server, no network."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from botocore.eventstream import EventStreamBuffer
from ministack.core.responses import StreamingResponse
from ministack.services import bedrock, bedrock_runtime

from sandbox import model
from sandbox.model import control, proxy, scripted
from tests.sandbox.model.upstream import Fake, serving

MODEL = "amazon.nova-micro-v1:0"


@dataclass
class Reply:
    """An HTTP reply: of a stream, ``events`` holds (type, payload) of each message."""

    status: int
    body: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]

    @property
    def text(self) -> str:
        """The first text of a Converse answer."""
        return str(next(block["text"] for block in self.body["output"]["message"]["content"] if "text" in block))

    @property
    def error(self) -> str:
        """``code: message`` of an error."""
        return f"{self.body['__type']}: {self.body['message']}"


async def _collected(path: str, request: bytes) -> Reply:
    """Send a request and read its reply, in one event loop, as a server does."""
    status, _, body = await bedrock_runtime.handle_request("POST", path, {}, request, {})
    if not isinstance(body, StreamingResponse):
        return Reply(status, json.loads(body), [])
    sent: list[bytes] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["body"])

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    await body.runner(send, receive)
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(sent))
    events = []
    message: Any  # botocore's stubs take its headers for a number
    for message in buffer:
        kind = message.headers.get(":event-type") or message.headers.get(":exception-type")
        events.append((str(kind), json.loads(message.payload)))
    return Reply(status, {}, events)


@pytest.fixture(autouse=True)
def stand_in() -> Iterator[None]:
    """Install the model once and forget script, standings and stored resources after each test."""
    model.install()
    yield
    control.forget()
    bedrock.reset()


@pytest.fixture
def post() -> Callable[..., Reply]:
    """Call an operation of bedrock-runtime: ``post("converse", body, model=...)``."""

    def call(operation: str, body: dict[str, Any], model: str = MODEL) -> Reply:
        path = f"/model/{quote(model, safe='')}/{operation}"
        return asyncio.run(_collected(path, json.dumps(body).encode()))

    return call


@pytest.fixture
def ask(post: Callable[..., Reply]) -> Callable[..., Reply]:
    """Converse with one user message and any further members."""

    def call(text: str, model: str = MODEL, operation: str = "converse", **members: Any) -> Reply:
        messages = [{"role": "user", "content": [{"text": text}]}]
        return post(operation, {"messages": messages, **members}, model)

    return call


@pytest.fixture
def script() -> Callable[..., None]:
    """Make the given steps the script."""

    def put(*steps: dict[str, Any]) -> None:
        scripted.replace(scripted.parse(list(steps)))

    return put


@pytest.fixture
def guardrail() -> Callable[..., dict[str, Any]]:
    """Create a guardrail with the given policies and return a guardrailConfig for it, with trace."""

    def create(**policies: Any) -> dict[str, Any]:
        body = {"name": "g", "blockedInputMessaging": "Not that.", "blockedOutputsMessaging": "Not said.", **policies}
        made = json.loads(bedrock._create_guardrail(json.dumps(body).encode())[2])
        return {"guardrailIdentifier": made["guardrailId"], "guardrailVersion": "DRAFT", "trace": "enabled"}

    return create


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving() as found:
        proxy.use(found.upstream())
        yield found
        proxy.use(None)
