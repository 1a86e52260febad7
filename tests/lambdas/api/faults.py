"""The faults that every dialect has to tell in its own shape, and how each dialect's clients read them.

A new dialect is one more row of ``SPOKEN``; ``test_faults.py`` tries every fault on each.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.testclient import TestClient

from lambdas.api import app
from tests import events

CONTEXT = events.load("chat_completion")["requestContext"]
QUESTION = "What is a quarry?"
TOOL = {"name": "mail", "description": "Sends mail."}
PARAMETERS: dict[str, Any] = {"type": "object", "properties": {"to": {"type": "string"}}}

# The data of a stream's events, parsed, in order, without what means nothing ("[DONE]", pings).
Sent = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A dialect as its clients speak it.

    Attributes:
        body: a question; ``tools`` are those of one that may be answered by a call of ``mail``.
        error: the error's type and code in the body of a response.
        broken: the same in the last event of a stream that failed.
        stopped: why an answer ended, of its body.
        ended: the same, of a stream's events.
        text: what a stream said.
        intervened: what ``stopped`` and ``ended`` are where the guardrail intervened.
        throttled: the error's type of a throttled call.
    """

    name: str
    path: str
    body: dict[str, Any]
    tools: dict[str, Any] = field(default_factory=dict)
    error: Callable[[Any], tuple[str, str]]
    broken: Callable[[Sent], tuple[str, str]]
    stopped: Callable[[Any], str]
    ended: Callable[[Sent], str]
    text: Callable[[Sent], str]
    intervened: str
    throttled: str = "rate_limit_error"
    used_up: str = "rate_limit_error"
    upstream: str = "api_error"


def ask(spoken: Spoken, *, stream: bool = False, context: Any = CONTEXT, **fields: Any) -> Any:
    """Return the response to a dialect's question."""
    body = {**spoken.body, **fields, **({"stream": True} if stream else {})}
    return post(spoken, json.dumps(body).encode(), context=context)


def post(spoken: Spoken, body: bytes, *, context: Any = CONTEXT) -> Any:
    """Return the response to any body."""
    headers = {b"x-amzn-request-context": json.dumps(context).encode(), b"content-type": b"application/json"}
    return TestClient(app.app, raise_server_exceptions=False).post(spoken.path, content=body, headers=headers)


def sent(response: Any) -> Sent:
    """Return the data of a stream's events."""
    lines = (line for line in response.text.split("\n") if line.startswith("data: {"))
    return [data for data in map(json.loads, (line.removeprefix("data: ") for line in lines)) if _means(data)]


def _means(data: dict[str, Any]) -> bool:
    return data.get("type") != "ping"


def _openai_error(body: Any) -> tuple[str, str]:
    return body["error"]["type"], body["error"]["code"]


def _chat_text(told: Sent) -> str:
    return "".join(choice["delta"].get("content") or "" for chunk in told for choice in chunk.get("choices", []))


def _completions_text(told: Sent) -> str:
    return "".join(choice.get("text") or "" for chunk in told for choice in chunk.get("choices", []))


def _finish(told: Sent) -> str:
    reasons = [choice["finish_reason"] for chunk in told for choice in chunk.get("choices", [])]
    return str(next(reason for reason in reversed(reasons) if reason))


def _response_end(response: Any) -> str:
    return str((response.get("incomplete_details") or {}).get("reason") or response["status"])


_MESSAGES = [{"role": "user", "content": QUESTION}]

CHAT = Spoken(
    name="chat",
    path="/v1/chat/completions",
    body={"model": "fast", "messages": _MESSAGES},
    tools={"tools": [{"type": "function", "function": {**TOOL, "parameters": PARAMETERS}}]},
    error=_openai_error,
    broken=lambda told: _openai_error(told[-1]),
    stopped=lambda body: str(body["choices"][0]["finish_reason"]),
    ended=_finish,
    text=_chat_text,
    intervened="content_filter",
)
RESPONSES = Spoken(
    name="responses",
    path="/v1/responses",
    body={"model": "fast", "input": QUESTION},
    tools={"tools": [{"type": "function", **TOOL, "parameters": PARAMETERS}]},
    error=_openai_error,
    broken=lambda told: _openai_error(next(data for data in told if data["type"] == "error")),
    stopped=_response_end,
    ended=lambda told: _response_end(told[-1]["response"]),
    text=lambda told: "".join(data["delta"] for data in told if data["type"] == "response.output_text.delta"),
    intervened="content_filter",
)
MESSAGES = Spoken(
    name="messages",
    path="/v1/messages",
    body={"model": "fast", "max_tokens": 100, "messages": _MESSAGES},
    tools={"tools": [{**TOOL, "input_schema": PARAMETERS}]},
    error=lambda body: (body["error"]["type"], body["error"]["code"]),
    broken=lambda told: (told[-1]["error"]["type"], told[-1]["error"]["code"]),
    stopped=lambda body: str(body["stop_reason"]),
    ended=lambda told: next(str(data["delta"]["stop_reason"]) for data in told if data["type"] == "message_delta"),
    text=lambda told: "".join(data["delta"].get("text", "") for data in told if data["type"] == "content_block_delta"),
    intervened="refusal",
)
COMPLETIONS = Spoken(
    name="completions",
    path="/v1/completions",
    body={"model": "fast", "prompt": QUESTION},
    error=_openai_error,
    broken=lambda told: _openai_error(told[-1]),
    stopped=lambda body: str(body["choices"][0]["finish_reason"]),
    ended=_finish,
    text=_completions_text,
    intervened="content_filter",
)

SPOKEN = (CHAT, RESPONSES, MESSAGES, COMPLETIONS)
WITH_TOOLS = tuple(spoken for spoken in SPOKEN if spoken.tools)
