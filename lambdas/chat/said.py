"""Answers that no model gave: the same shapes as a model's, whole and streamed, with nothing used."""

from collections.abc import Iterator
from typing import Any, Final

from lambdas.chat.answers import StreamedCompletion
from lambdas.chat.candidates import Candidate
from lambdas.chat.conversation import Conversation
from lambdas.chat.service import ChatService
from lambdas.chat.spoken import Spoken
from lambdas.chat.stream import ToldStream
from lambdas.chat.told import Answered, Completion

_NOTHING_USED: Final = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


class Said:
    """Answers whatever is asked with one text, in the place of a ``ChatService``.

    The guardrail sees the question all the same: stored unseen in a session, it would stop every later turn.

    Args:
        question: the caller's own words.
        service: who would have been asked.
    """

    def __init__(self, text: str, *, question: str, service: ChatService) -> None:
        self._text = text
        self._question = question
        self._service = service

    def complete(self, asked: Conversation, _: Spoken, /) -> Completion:
        """Return the answer, whole.

        Raises:
            ApiError: the guardrail could not be asked.
        """
        text, stop_reason, candidate = self._judged(asked)
        reply = {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": stop_reason,
            "usage": _NOTHING_USED,
        }
        return self._service.completion(asked, _answered(asked, candidate), reply)

    def stream(self, asked: Conversation, _: Spoken, /) -> StreamedCompletion:
        """Return the same as a stream of one piece.

        Raises:
            ApiError: as ``complete``.
        """
        text, stop_reason, candidate = self._judged(asked)
        events = _Events(
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": text}}},
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {"messageStop": {"stopReason": stop_reason}},
        )
        state = ToldStream(self._service.telling(asked, candidate))
        # Known before the end, so that a caller who hangs up is charged nothing.
        state.usage = _NOTHING_USED
        return StreamedCompletion(
            answered=_answered(asked, candidate),
            events=events,
            first={"messageStart": {"role": "assistant"}},
            state=state,
        )

    def _judged(self, asked: Conversation) -> tuple[str, str, Candidate]:
        """Return what is said, Converse's stop reason for it, and who would have said it."""
        stopped = self._service.guardrail.stopped(self._question)
        candidate = self._service.candidates(asked.alias)[0]
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


def _answered(asked: Conversation, candidate: Candidate) -> Answered:
    return Answered(alias=asked.alias, candidate=candidate, fallbacks=0)
