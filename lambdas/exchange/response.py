"""A stored response as an ingredient: what it says goes before the request, and the new one is stored beside it.

Which responses go before another one, and how they are told, ``lambdas.sessions.responses`` and the dialect know.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from lambdas.chat.told import Completion
from lambdas.common.errors import InvalidRequestError
from lambdas.exchange.ingredient import Asked, Draft, Ingredient, MakeIngredient
from lambdas.exchange.session import SessionIngredient
from lambdas.sessions import history
from lambdas.sessions.contents import storable
from lambdas.sessions.keeping import Keeping
from lambdas.sessions.responses import Past, ResponseStore
from lambdas.sessions.service import Turn
from lambdas.sessions.summary import AliasSummariser


class Recording(Struct, frozen=True, kw_only=True):
    """What is kept of one response, and what goes before it.

    Attributes:
        previous: id of the response that it goes on from.
        keeps: whether it is stored.
        whole: whether what goes before has to be sent word by word, and nothing of it as notes.
        system: instructions that go on with it.
        told: returns it as it is told, of its answer.
    """

    response_id: str
    previous: str | None
    keeps: bool
    whole: bool = False
    system: Sequence[str]
    told: Callable[[Completion], dict[str, Any]]


class Responses(Struct, frozen=True, kw_only=True):
    """Makes the ingredients of responses.

    Attributes:
        history_tokens: how many tokens what goes before a request may add to it.
        summary_alias: who writes the notes of long conversations.
    """

    store: ResponseStore
    history_tokens: int
    summary_alias: str

    def ingredient(self, recording: Recording) -> MakeIngredient:
        """Return what makes the ingredient of a request."""

        def make(asked: Asked) -> Ingredient | None:
            if recording.previous is not None:
                return GoingOn(asked, recording, self)
            return Beginning(asked, recording, self.store) if recording.keeps else None

        return make


class Beginning(Ingredient):
    """A response that nothing goes before."""

    stores = True

    def __init__(self, asked: Asked, recording: Recording, store: ResponseStore) -> None:
        self._asked = asked
        self._recording = recording
        self._store = store

    def look_up(self, draft: Draft) -> Draft:
        """Return the draft: there is nothing to look up."""
        return draft

    def store(self, answer: Completion) -> None:
        """Store the response."""
        own = self._asked.conversation.spoken.said
        kept = self._asked.service.telling(self._asked.conversation, answer.answered.candidate).kept
        told = {"role": "assistant", "content": kept(answer.message["content"])}
        usage = {name: value for name, value in answer.usage.items() if isinstance(value, int)}
        keeping = _keeping(self._recording, self._store, self._asked, None, lambda: answer)
        keeping.keep([storable(message) for message in (*own, told)], usage, blocked=answer.blocked)


class GoingOn(SessionIngredient):
    """A response that goes on from another one: what was said until then is a session's past."""

    def __init__(self, asked: Asked, recording: Recording, responses: Responses) -> None:
        longest = history.summary_tokens(responses.history_tokens)
        summarise = AliasSummariser(complete=asked.side.complete, alias=responses.summary_alias, max_tokens=longest)
        self._answer: Completion

        def begin() -> Turn:
            assert recording.previous is not None, "something goes before"
            past = responses.store.past(recording.previous, asked.caller.key_id)
            return Turn(
                session=past.session,
                turns=past.turns,
                store=_keeping(recording, responses.store, asked, past, lambda: self._answer),
                budget_tokens=responses.history_tokens,
                summarise=summarise,
            )

        super().__init__(asked, begin=begin, summarise=summarise)
        self.stores = recording.keeps
        self._whole = recording.whole

    def plan(self, draft: Draft) -> Draft:
        """Put what was said before the request.

        Raises:
            InvalidRequestError: it does not fit, and nothing of it may become notes.
        """
        planned = super().plan(draft)
        if self._whole and self._planned.due:
            raise InvalidRequestError(
                "What was said before is too long to be sent word by word, and `truncation` is `disabled`. Leave it "
                "out or send `auto`, which puts the oldest into notes; or have them made: POST /v1/responses/compact.",
                param="truncation",
                code="context_length_exceeded",
            )
        return planned

    def store(self, answer: Completion) -> None:
        """Store the response, with what was put into notes on the way."""
        self._answer = answer
        super().store(answer)


def _keeping(
    recording: Recording, store: ResponseStore, asked: Asked, past: Past | None, answer: Callable[[], Completion]
) -> Keeping:
    return Keeping(
        store,
        response_id=recording.response_id,
        owner_key_id=asked.caller.key_id,
        past=past,
        system=recording.system,
        told=lambda: recording.told(answer()),
    )
