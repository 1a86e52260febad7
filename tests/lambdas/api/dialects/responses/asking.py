"""Requests for tests."""

import json
from typing import Any

from lambdas.api.dialects.responses.conversation import Translated, to_conversation
from lambdas.api.dialects.responses.identity import ResponseId
from lambdas.api.dialects.responses.reading import read
from lambdas.api.dialects.responses.request import ResponsesRequest
from lambdas.api.dialects.responses.response import Head, head_of
from lambdas.api.dialects.responses.tools import tools_of

WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
PATCH = {"type": "custom", "name": "apply_patch", "description": "Edit files"}


def request(given: Any = "How deep?", **members: Any) -> ResponsesRequest:
    """Return a request as it is read."""
    return read(json.dumps({"model": "fast", "input": given, **members}).encode()).body


def asked(given: Any = "How deep?", *, stored: Any = None, **members: Any) -> Translated:
    """Return what a request asks."""
    return to_conversation(request(given, **members), stored=stored)


def head(model: str = "fast", **members: Any) -> Head:
    """Return what is known of a request's response before it is answered."""
    wanted = request(**members)
    return head_of(wanted, ResponseId(f"resp_{'0' * 32}"), tools_of(wanted), model=model, now=1_800_000_000.0)


def sent(frames: bytes) -> list[dict[str, Any]]:
    """Return the events of frames, each of which has its own name in it."""
    found = []
    for frame in frames.decode().removesuffix("\n\n").split("\n\n"):
        name, data = frame.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found
