"""What becomes of a finished answer: Converse's document or ConverseStream's events, at the pace that a script says."""

from __future__ import annotations

import functools
import itertools
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.model import conversation, scripted, stream, tokens
from sandbox.model.errors import Json, Response
from sandbox.model.guarded import Guard
from sandbox.model.scripted import Step

_DELAY = float(os.environ.get("SANDBOX_MODEL_TOKEN_DELAY_MS", "0")) / 1000  # before each token of a stream
_ASYNC_LEAK = 20  # tokens that an asynchronous guardrail is behind: they reach the client before it stops the stream


@dataclass
class Outcome:
    """A finished answer: what the client is sent, and for how much.

    ``echo`` is what AWS repeats of the request, ``fields`` what it asked for of the model's own answer.
    """

    blocks: list[Json]
    stop_reason: str
    usage: Json
    trace: Json | None = None
    echo: Json = field(default_factory=dict)
    fields: Json = field(default_factory=dict)

    @property
    def model_fields(self) -> Json:
        """The member of an answer that has what was asked for of the model's own, if anything was."""
        return {"additionalModelResponseFields": self.fields} if self.fields else {}


def whole(outcome: Outcome, started: float) -> Response:
    """Return Converse's answer to a request of that time."""
    document: Json = {
        "output": {"message": {"role": "assistant", "content": outcome.blocks}},
        "stopReason": outcome.stop_reason,
        "usage": outcome.usage,
        "metrics": {"latencyMs": _milliseconds(started)},
        **outcome.echo,
        **outcome.model_fields,
    }
    if outcome.trace:
        document["trace"] = outcome.trace
    return 200, {"Content-Type": "application/json"}, json.dumps(document, ensure_ascii=False).encode()


def _milliseconds(started: float) -> int:
    return max(1, int((time.time() - started) * 1000))


def pace(step: Step | None) -> stream.Pace:
    """Return how fast a stream goes, and where it waits or ends too early."""
    if step is None:
        return stream.Pace(_DELAY)
    if step.do == "hold":
        held = functools.partial(scripted.is_in_force, step)
        return stream.Pace(step.delay_ms / 1000, hold_after=step.after_tokens, held=held)
    if step.do == "break_off":
        return stream.Pace(step.delay_ms / 1000, step.after_tokens, step.how)
    if step.do != "error_mid_stream":
        return stream.Pace(step.delay_ms / 1000)
    return stream.Pace(step.delay_ms / 1000, step.after_tokens, error=step.error, message=step.message)


def events(outcome: Outcome, guard: Guard | None, started: float) -> Iterator[tuple[bytes, bool]]:
    """Yield ConverseStream's events; a guardrail that judges meanwhile lets some of what it blocks through."""
    # Lazily, so that latencyMs is the time at the end of the stream, which is what AWS reports.
    if guard is None or not guard.asynchronous:
        yield from _with_metadata(outcome, started)
        return
    blocks, blocked = guard.check_output(outcome.blocks, mask=False)
    if blocked:
        leaked = "".join(itertools.islice(tokens.pieces(conversation.text_of(outcome.blocks)), _ASYNC_LEAK))
        outcome.blocks = [{"text": leaked + blocks[0]["text"]}]
        outcome.stop_reason = "guardrail_intervened"
    outcome.trace = guard.trace()
    yield from _with_metadata(outcome, started)


def _with_metadata(outcome: Outcome, started: float) -> Iterator[tuple[bytes, bool]]:
    *before, _ = stream.events(outcome.blocks, {"stopReason": outcome.stop_reason, **outcome.model_fields}, {})
    yield from before
    yield stream.event("metadata", metadata(outcome, started)), False


def metadata(outcome: Outcome, started: float) -> Json:
    """Return the last event of a stream."""
    metrics = {"latencyMs": _milliseconds(started)}
    told: Json = {"usage": outcome.usage, "metrics": metrics, **outcome.echo}
    return told | ({"trace": outcome.trace} if outcome.trace else {})


def echo(request: Json) -> Json:
    """Return what AWS repeats of a request."""
    return {name: request[name] for name in ("performanceConfig", "serviceTier") if name in request}
