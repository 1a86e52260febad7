"""What the command line meets: CloudFormation and API Gateway of an account, and the deployed endpoint.

Fakes and not mocks: they keep their behaviour in one place, and tests say what is there instead of what is returned.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from lambdas.authorizer.keys import KeyStore

BASE_URL = "https://api.test/v1"
BLOCKED = "This request was stopped."


@dataclass
class FakeEndpoint:
    """The endpoint.

    Attributes:
        keys: those that it lets in; None lets all in.
        asked: bodies of the chat requests that it got.
        urls: of all requests.
        fails: what it answers or raises instead.
    """

    keys: set[str] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    fails: httpx.Response | Exception | None = None

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
        body = json.loads(request.content)
        self.asked.append(body)
        return _completion(body)


@dataclass
class FakeAws:
    """Stacks, and the stages whose memory of keys was emptied. DynamoDB is moto's."""

    keys: KeyStore
    stacks: dict[str, dict[str, str] | None] = field(default_factory=dict)
    flushed: list[dict[str, str]] = field(default_factory=list)

    def get_paginator(self, _operation: str) -> Self:
        """CloudFormation's DescribeStacks."""
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        """Yield a page per stack; one without outputs has no such member."""
        for name, outputs in self.stacks.items():
            stack: dict[str, Any] = {"StackName": name}
            if outputs is not None:
                stack["Outputs"] = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
            yield {"Stacks": [stack]}

    def flush_stage_authorizers_cache(self, **stage: str) -> None:
        """API Gateway's operation."""
        self.flushed.append(stage)


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
