"""What tests of routes share: the stores behind them, and calls as API Gateway makes them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.api import composition, handler
from tests import events
from tests.lambdas.fakes import SETTINGS
from tests.lambdas.sessions.conftest import clock, dynamodb, store

__all__ = ["clock", "dynamodb", "store"]

# Returns (status, body, headers).
Send = Callable[..., tuple[int, Any, dict[str, list[str]]]]


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Send:
    """Return what sends a request to the inference function, which takes bodies of 100 KB."""
    settings = replace(SETTINGS, max_body_bytes=100_000)
    monkeypatch.setattr(composition, "settings", lambda: settings)

    def send(
        method: str, path: str, body: Any = None, *, key: str | None = "key_ann", **query: str
    ) -> tuple[int, Any, dict[str, list[str]]]:
        event = events.load("chat_completion") | {
            "httpMethod": method,
            "path": path,
            "body": json.dumps(body) if body is not None else None,
            "queryStringParameters": query or None,
        }
        event["requestContext"]["authorizer"] = {"key_id": key} if key else {}
        reply = handler.app.resolve(event, LambdaContext())
        return reply["statusCode"], json.loads(reply["body"]), reply["multiValueHeaders"]

    return send
