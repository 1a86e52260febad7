"""What the command line meets: CloudFormation and API Gateway of an account, and the deployed endpoint.

Fakes and not mocks: they keep their behaviour in one place, and tests say what is there instead of what is returned.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

import httpx

from lambdas.allowances.ledger import Ledger
from lambdas.authorizer.keys import KeyStore
from quarry.deployed.deployment import FLUSH_AGAIN_SECONDS

BASE_URL = "https://api.test/v1"
BLOCKED = "This request was stopped."
SESSION = "sess_0123456789abcdef0123456789abcdef"
NO_LIMIT = {"requests": None, "tokens": None, "micro_dollars": None}
_TODAY = {"day": "2026-11-21", "requests": 3, "input_tokens": 900, "output_tokens": 100, "micro_dollars": 4200}
_CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"location": "Toronto"}'}}
_TOOL_CALL = {
    "model": "fast",
    "choices": [
        {"message": {"role": "assistant", "content": None, "tool_calls": [_CALL]}, "finish_reason": "tool_calls"}
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
}


@dataclass
class FakeEndpoint:
    """The endpoint.

    Attributes:
        keys: those that it lets in; None lets all in.
        asked: bodies of the chat requests that it got, without what makes them streams.
        streamed: whether each of them was to be streamed.
        filled_in: values that the prompt was called with.
        urls: of all requests.
        fails: what it answers or raises instead.
        breaks_off: what comes after the first word of a stream: an exception, or the rest as text.
    """

    keys: set[str] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    streamed: list[bool] = field(default_factory=list)
    filled_in: list[dict[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    fails: httpx.Response | Exception | None = None
    breaks_off: BaseException | str | None = None
    usage: dict[str, Any] = field(
        default_factory=lambda: {"today": _TODAY, "total": {"micro_dollars": 1_500_000}, "remaining": NO_LIMIT}
    )

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.urls.append(str(request.url))
        if isinstance(self.fails, Exception):
            raise self.fails
        if self.fails is not None:
            return self.fails
        key = request.headers["Authorization"].removeprefix("Bearer ")
        if self.keys is not None and key not in self.keys:
            return refusal(401, "This API key is not known here.")
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"object": "list", "data": [{"id": "fast"}, {"id": "smart"}]})
        body = json.loads(request.content or b"{}")
        match request.method, request.url.path.removeprefix("/v1"):
            case "POST", "/sessions":
                return httpx.Response(201, json={"id": SESSION, "object": "session", "turns": 0})
            case "GET", path if path.startswith("/sessions/"):
                if path != f"/sessions/{SESSION}":
                    return refusal(404, f"There is no session `{path.rpartition('/')[2]}`.")
                return httpx.Response(200, json={"id": SESSION, "object": "session", "turns": 2})
            case "GET", "/prompts":
                prompt = {"name": "weather", "description": "Answers", "variables": [{"name": "question"}]}
                return httpx.Response(200, json={"object": "list", "data": [prompt]})
            case "POST", "/prompts/weather":
                self.filled_in.append(body["variables"])
                return httpx.Response(200, json=_TOOL_CALL)
            case "POST", path if path.startswith("/prompts/"):
                return refusal(404, f"There is no prompt `{path.rpartition('/')[2]}`.")
            case "GET", "/usage":
                return httpx.Response(200, json=self.usage)
        return self._chat(body)

    def _chat(self, body: dict[str, Any]) -> httpx.Response:
        streamed = body.pop("stream", False)
        options = body.pop("stream_options", None)
        self.asked.append(body)
        self.streamed.append(streamed)
        answer = _completion(body)
        if not streamed or answer.is_error:
            return answer
        assert options == {"include_usage": True}
        return httpx.Response(
            200, headers={"content-type": "text/event-stream"}, stream=Events(answer.json(), self.breaks_off)
        )


@dataclass
class Events(httpx.SyncByteStream):
    """An answer as OpenAI streams it, a word at a time."""

    completion: dict[str, Any]
    breaks_off: BaseException | str | None

    def __iter__(self) -> Iterator[bytes]:
        """Yield an event after the other."""
        head = {"model": self.completion["model"]}
        (choice,) = self.completion["choices"]
        first, *words = choice["message"]["content"].split(" ")
        yield event({**head, "choices": [_choice({"role": "assistant", "content": ""})]})
        yield event({**head, "choices": [_choice({"content": first})]})
        if isinstance(self.breaks_off, BaseException):
            raise self.breaks_off
        if self.breaks_off is not None:
            yield self.breaks_off.encode()
            return
        for word in words:
            yield event({**head, "choices": [_choice({"content": f" {word}"})]})
        yield event({**head, "choices": [_choice({}, choice["finish_reason"])]})
        yield event({**head, "choices": [], "usage": self.completion["usage"]})
        yield b"data: [DONE]\n\n"


def event(data: dict[str, Any]) -> bytes:
    """Return a server-sent event."""
    return f"data: {json.dumps(data)}\n\n".encode()


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


_STAGE: Final = {"restApiId": "api123", "stageName": "api"}
# The memory of keys is emptied twice, so far apart.
EMPTIED: Final = [_STAGE, float(FLUSH_AGAIN_SECONDS), _STAGE]


@dataclass
class FakeAws:
    """Stacks, and the stages whose memory of keys was emptied, with the seconds waited between. DynamoDB is moto's."""

    keys: KeyStore
    ledger: Ledger
    stacks: dict[str, dict[str, str] | None] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    flushed: list[dict[str, str] | float] = field(default_factory=list)

    def get_paginator(self, _operation: str) -> Self:
        """CloudFormation's DescribeStacks."""
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        """Yield a page per stack; one without outputs has no such member."""
        for name, outputs in self.stacks.items():
            stack: dict[str, Any] = {"StackName": name, "StackStatus": self.statuses.get(name, "CREATE_COMPLETE")}
            if outputs is not None:
                stack["Outputs"] = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
            yield {"Stacks": [stack]}

    def get_stage(self, **_: str) -> dict[str, Any]:
        """API Gateway's operation."""
        return {"accessLogSettings": {"destinationArn": "arn:aws:logs:us-east-1:111122223333:log-group:access"}}

    def flush_stage_authorizers_cache(self, **stage: str) -> None:
        """API Gateway's operation."""
        self.flushed.append(stage)

    def sleep(self, seconds: float) -> None:
        """Wait between two of them."""
        self.flushed.append(seconds)


def refusal(status: int, message: str) -> httpx.Response:
    """An error in OpenAI's shape."""
    return httpx.Response(status, json={"error": {"message": message, "type": "x", "param": None, "code": None}})


def _completion(body: dict[str, Any]) -> httpx.Response:
    if body["model"] not in {"fast", "smart"}:
        return refusal(404, f"There is no model `{body['model']}`.")
    said = body["messages"][-1]["content"]
    blocked = "nightshade" in said
    message = {"role": "assistant", "content": BLOCKED if blocked else f"You said {said}"}
    choice = {"index": 0, "message": message, "finish_reason": "content_filter" if blocked else "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    return httpx.Response(200, json={"model": body["model"], "choices": [choice], "usage": usage})
