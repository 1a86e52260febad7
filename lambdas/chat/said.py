"""Answers that no model gave: the same shapes as a model's, whole and streamed, with nothing used."""

from collections.abc import Iterator
from typing import Any, Final

from lambdas.chat.answers import Answered, Completion, StreamedCompletion, new_id
from lambdas.chat.candidates import Candidate
from lambdas.chat.completion import to_openai
from lambdas.chat.request import ChatRequest
from lambdas.chat.service import ChatService
from lambdas.chat.stream import ChunkStream
from lambdas.chat.turns import Spoken

_NOTHING_USED: Final = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


class Said:
    """Answers any request with one text, in the place of a ``ChatService``.

    The guardrail sees the question all the same: stored unseen in a session, it would stop every later turn.

    Args:
        question: the caller's own words.
        service: who would have been asked.
    """

    def __init__(self, text: str, *, question: str, service: ChatService) -> None:
        self._text = text
        self._question = question
        self._service = service

    def complete(self, request: ChatRequest, _: Spoken, /) -> Completion:
        """Return the answer, whole.

        Raises:
            ApiError: the guardrail could not be asked.
        """
        text, stop_reason, candidate = self._judged(request)
        reply = {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": stop_reason,
            "usage": _NOTHING_USED,
        }
        body = to_openai(reply, completion_id=new_id(), **self._service.telling(request, candidate))
        if request.quarry.guardrail_trace:
            body["quarry"] = {"guardrail": {}}
        return Completion(answered=_answered(request, candidate), body=body, reply=reply)

    def stream(self, request: ChatRequest, _: Spoken, /) -> StreamedCompletion:
        """Return the same as a stream of one piece.

        Raises:
            ApiError: as ``complete``.
        """
        text, stop_reason, candidate = self._judged(request)
        events = _Events(
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": text}}},
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {"messageStop": {"stopReason": stop_reason}},
        )
        state = ChunkStream(completion_id=new_id(), **self._service.telling(request, candidate))
        # Known before the end, so that a caller who hangs up is charged nothing.
        state.usage = _NOTHING_USED
        return StreamedCompletion(
            answered=_answered(request, candidate),
            events=events,
            first={"messageStart": {"role": "assistant"}},
            state=state,
        )

    def _judged(self, request: ChatRequest) -> tuple[str, str, Candidate]:
        """Return what is said, Converse's stop reason for it, and who would have said it."""
        stopped = self._service.guardrail.stopped(self._question)
        candidate = self._service.candidates(request.model)[0]
        if stopped is None:
            return self._text, "end_turn", candidate
        return stopped, "guardrail_intervened", candidate


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
