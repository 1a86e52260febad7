"""Answers that no model gave: the same shapes as a model's, whole and streamed, with nothing used."""

from collections.abc import Iterator
from typing import Any, Final

from lambdas.chat.candidates import Candidate
from lambdas.chat.completion import to_openai
from lambdas.chat.request import ChatRequest
from lambdas.chat.service import Answered, Completion, StreamedCompletion, new_id
from lambdas.chat.stream import ChunkStream

_NOTHING_USED: Final = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


def whole(text: str, request: ChatRequest, candidate: Candidate, *, stop_reason: str) -> Completion:
    """Return a whole answer; ``candidate`` is who would have been asked."""
    reply = {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": stop_reason,
        "usage": _NOTHING_USED,
    }
    body = to_openai(reply, model=candidate.base_model_id, completion_id=new_id())
    if request.quarry.guardrail_trace:
        body["quarry"] = {"guardrail": {}}
    return Completion(answered=_answered(request, candidate), body=body, reply=reply)


def streamed(text: str, request: ChatRequest, candidate: Candidate, *, stop_reason: str) -> StreamedCompletion:
    """Return the same as a stream of one piece."""
    events = _Events(
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": text}}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"messageStop": {"stopReason": stop_reason}},
        {"metadata": {"usage": _NOTHING_USED}},
    )
    return StreamedCompletion(
        answered=_answered(request, candidate),
        events=events,
        first={"messageStart": {"role": "assistant"}},
        state=ChunkStream(model=candidate.base_model_id, completion_id=new_id()),
    )


class _Events:
    """Events as ConverseStream sends them; there is nothing to close."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._events)

    def close(self) -> None:
        """Do nothing."""


def _answered(request: ChatRequest, candidate: Candidate) -> Answered:
    return Answered(alias=request.model, candidate=candidate, fallbacks=0)
