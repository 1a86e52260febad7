"""In-memory stand-ins that implement our protocols.

Fakes and not mocks: they keep their behaviour in one place, have types, and need no knowledge of who calls them.
"""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from lambdas.api.settings import InferenceSettings
from lambdas.chat.aliases import Aliases
from lambdas.common.deadline import Deadline
from lambdas.knowledge.settings import KnowledgeSettings
from tests.lambdas import service_model

HAIKU_ID = "anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA_MICRO = "amazon.nova-micro-v1:0"
NOVA_LITE = "us.amazon.nova-lite-v1:0"
HAIKU = f"us.{HAIKU_ID}"
TITAN = "amazon.titan-embed-text-v2:0"

KNOWLEDGE = KnowledgeSettings(
    id="KBTEST0001",
    alias="fast",
    results=5,
    search="semantic",
    score_threshold=0.4,
    metadata={"department": "string", "year": "number", "public": "boolean"},
    reranking=None,
    grounding_check=False,
    passage_tokens=300,
)

SETTINGS = InferenceSettings(
    aliases={"fast": (NOVA_MICRO, NOVA_LITE), "smart": (HAIKU,), "embed": (TITAN,)},
    guardrail_id="gr123",
    guardrail_version="2",
    model_access_parameter="/quarry/test/model-access",
    max_body_bytes=1024,
    keep_alive_seconds=10.0,
    read_timeout_seconds=24.0,
    max_attempts=3,
    call_seconds=28,
    allowances_table="allowances",
    sessions_table="sessions",
    session_ttl_seconds=86_400,
    default_max_tokens=4_096,
    default_max_tokens_of={},
    strict=False,
    reply_model="asked",
    prompt_caching="asked",
    judge_tool_descriptions=True,
    history_token_budget=4_000,
    summary_alias="fast",
    knowledge=KNOWLEDGE,
)
ALIASES = Aliases(lambda: SETTINGS.aliases)


def client_error(code: str, message: str = "AWS says so") -> ClientError:
    """Return the error that botocore raises for AWS's ``code``."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Converse")


class FakeEvents:
    """A stream of events as botocore gives it; an exception among them is raised in its place."""

    def __init__(self, events: list[dict[str, Any] | Exception]) -> None:
        self._events = iter(events)
        self.closed = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for event in self._events:
            if isinstance(event, Exception):
                raise event
            yield event

    def close(self) -> None:
        self.closed = True


class FakeConverse:
    """A Bedrock that answers ``replies`` in turn, raising those that are exceptions, and remembers its calls.

    A reply that is a list is a stream's events. Calls that AWS would refuse for their shape are refused.

    Attributes:
        stops: texts that the guardrail stops when it is asked by itself, or parts of them; an exception is raised.
        masks: text -> what it is masked by.
        judged: texts that it was asked about; ``sources`` as what, INPUT or OUTPUT.
        deadlines: those that it was given, in order.
    """

    def __init__(self, *replies: dict[str, Any] | list[dict[str, Any] | Exception] | Exception) -> None:
        self._replies = list(replies)
        self.calls: list[dict[str, Any]] = []
        self.streams: list[FakeEvents] = []
        self.stops: set[str] | Exception = set()
        self.masks: dict[str, str] = {}
        self.judged: list[str] = []
        self.sources: list[str] = []
        self.deadlines: list[Deadline] = []

    def _next(self, arguments: dict[str, Any]) -> dict[str, Any] | list[dict[str, Any] | Exception]:
        self.calls.append(arguments)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def until(self, deadline: Deadline) -> "FakeConverse":
        self.deadlines.append(deadline)
        return self

    def converse(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock-runtime", "Converse", kwargs)
        reply = self._next(kwargs)
        assert isinstance(reply, dict)
        return reply

    def converse_stream(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock-runtime", "ConverseStream", kwargs)
        events = self._next(kwargs)
        assert isinstance(events, list)
        self.streams.append(FakeEvents(events))
        return {"stream": self.streams[-1]}

    def apply_guardrail(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock-runtime", "ApplyGuardrail", kwargs)
        if isinstance(self.stops, Exception):
            raise self.stops
        texts = [block["text"]["text"] for block in kwargs["content"]]
        self.judged += texts
        self.sources += [kwargs["source"]] * len(texts)
        stopped = any(bad in text for bad in self.stops for text in texts)
        masked = [_replaced(text, self.masks) for text in texts]
        outputs = ["Stopped by policy."] if stopped else masked if masked != texts else []
        found = [{"match": "x", "action": "BLOCKED" if stopped else "NONE"}]
        return {
            "action": "GUARDRAIL_INTERVENED" if outputs else "NONE",
            "outputs": [{"text": text} for text in outputs],
            "assessments": [{"wordPolicy": {"customWords": found}}],
            "usage": {"contentPolicyUnits": sum(-(-len(text) // 1_000) for text in texts)},
        }


def _replaced(text: str, masks: dict[str, str]) -> str:
    for name, mask in masks.items():
        text = text.replace(name, mask)
    return text


def stream_events(*texts: str, stop_reason: str = "end_turn") -> list[dict[str, Any] | Exception]:
    """Return what ConverseStream sends for these pieces of text."""
    return [
        {"messageStart": {"role": "assistant"}},
        *({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": text}}} for text in texts),
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"messageStop": {"stopReason": stop_reason}},
        {"metadata": {"usage": {"inputTokens": 7, "outputTokens": len(texts), "totalTokens": 7 + len(texts)}}},
    ]


def converse_reply(text: str = "An open pit.", *, stop_reason: str = "end_turn") -> dict[str, Any]:
    """Return what Converse answers."""
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 7, "outputTokens": 4, "totalTokens": 11},
        "metrics": {"latencyMs": 1},
    }
