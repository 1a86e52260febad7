"""In-memory stand-ins that implement our protocols.

Fakes and not mocks: they keep their behaviour in one place, have types, and need no knowledge of who calls them.
"""

from typing import Any

from botocore.exceptions import ClientError

from lambdas.inference.settings import InferenceSettings

HAIKU_ID = "anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA_MICRO = {
    "model_id": "amazon.nova-micro-v1:0",
    "base_model_id": "amazon.nova-micro-v1:0",
    "price_scope": "in_region",
}
NOVA_LITE = {
    "model_id": "us.amazon.nova-lite-v1:0",
    "base_model_id": "amazon.nova-lite-v1:0",
    "price_scope": "geography",
}
HAIKU = {"model_id": f"us.{HAIKU_ID}", "base_model_id": HAIKU_ID, "price_scope": "geography"}
TITAN = {
    "model_id": "amazon.titan-embed-text-v2:0",
    "base_model_id": "amazon.titan-embed-text-v2:0",
    "price_scope": "in_region",
}

SETTINGS = InferenceSettings(
    aliases={"fast": [NOVA_MICRO, NOVA_LITE], "smart": [HAIKU], "embed": [TITAN]},
    guardrail_id="gr123",
    guardrail_version="2",
    model_access_parameter="/quarry/test/model-access",
    max_body_bytes=1024,
    read_timeout_seconds=24.0,
    max_attempts=3,
)


def client_error(code: str, message: str = "AWS says so") -> ClientError:
    """Return the error that botocore raises for AWS's ``code``."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Converse")


class FakeConverse:
    """A Bedrock that answers ``replies`` in turn, raising those that are exceptions, and remembers its calls."""

    def __init__(self, *replies: dict[str, Any] | Exception) -> None:
        self._replies = list(replies)
        self.calls: list[dict[str, Any]] = []

    def converse(self, **kwargs: Any) -> dict[str, Any]:
        self.calls.append(kwargs)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply


def converse_reply(text: str = "An open pit.", *, stop_reason: str = "end_turn") -> dict[str, Any]:
    """Return what Converse answers."""
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 7, "outputTokens": 4, "totalTokens": 11},
        "metrics": {"latencyMs": 1},
    }
