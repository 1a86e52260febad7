"""Answers that no model gave: the same shapes as a model's, whole and streamed, with nothing used."""

from lambdas.chat.answers import StreamedCompletion
from lambdas.chat.candidates import Candidate
from lambdas.chat.conversation import Conversation
from lambdas.chat.service import ChatService
from lambdas.chat.spoken import Spoken
from lambdas.chat.told import Answered, Completion


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
        return self._service.said(text, asked, _answered(asked, candidate), stop_reason=stop_reason)

    def stream(self, asked: Conversation, _: Spoken, /) -> StreamedCompletion:
        """Return the same as a stream of one piece.

        Raises:
            ApiError: as ``complete``.
        """
        text, stop_reason, candidate = self._judged(asked)
        return StreamedCompletion.of_text(
            text,
            answered=_answered(asked, candidate),
            stop_reason=stop_reason,
            telling=self._service.telling(asked, candidate),
        )

    def _judged(self, asked: Conversation) -> tuple[str, str, Candidate]:
        """Return what is said, Converse's stop reason for it, and who would have said it."""
        stopped = self._service.guardrail.stopped(self._question)
        candidate = self._service.candidates(asked.alias)[0]
        if stopped is None:
            return self._text, "end_turn", candidate
        return stopped, "guardrail_intervened", candidate


def _answered(asked: Conversation, candidate: Candidate) -> Answered:
    return Answered(alias=asked.alias, candidate=candidate, fallbacks=0)
