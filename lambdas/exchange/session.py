"""A session as an ingredient: its past goes before what is said now, and the turn is added to it."""

from collections.abc import Callable
from concurrent.futures import Executor, Future

from msgspec.structs import replace

from lambdas.chat.spoken import Spoken
from lambdas.chat.told import Completion
from lambdas.common.tokens import BYTES_PER_TOKEN, Tokens
from lambdas.exchange.ingredient import Asked, Draft, Expectation, Ingredient, MakeIngredient
from lambdas.sessions import history
from lambdas.sessions.service import Context, Planned, Sessions, Turn
from lambdas.sessions.summary import AliasSummariser


def from_sessions(sessions: Sessions, *, history_tokens: int, summary_alias: str) -> MakeIngredient:
    """Return what makes the ingredient of requests that name a session.

    Args:
        history_tokens: how many tokens a session's history may add to a request.
        summary_alias: who writes the summaries of long sessions.
    """

    def make(asked: Asked) -> Ingredient | None:
        session_id = asked.conversation.session
        if session_id is None:
            return None
        longest = history.summary_tokens(history_tokens)
        summarise = AliasSummariser(complete=asked.side.complete, alias=summary_alias, max_tokens=longest)

        def begin() -> Turn:
            return sessions.begin(session_id, asked.caller.key_id, summarise=summarise)

        return SessionIngredient(asked, begin=begin, summarise=summarise)

    return make


class SessionIngredient(Ingredient):
    """The session that one request is part of.

    Args:
        begin: reads it.
    """

    stores = True

    def __init__(
        self,
        asked: Asked,
        *,
        begin: Callable[[], Turn],
        summarise: AliasSummariser,
    ) -> None:
        self._asked = asked.conversation
        self._service = asked.service
        self._begin = begin
        self._summarise = summarise
        self._reading: Future[Turn]
        self._turn: Turn
        self._own: Spoken
        self._planned: Planned

    def start(self, pool: Executor) -> None:
        """Read the session."""
        self._reading = pool.submit(self._begin)

    def plan(self, draft: Draft) -> Draft:
        """Put the past before the request, without notes that are due."""
        self._turn = turn = self._reading.result()
        self._own = own = self._asked.spoken
        # Now it is known whose call a tool's result answers.
        own.check_answers(turn.open_calls)
        self._planned = planned = turn.plan(own.turns, tools=bool(self._asked.toolbox.specs))
        return self._drafted(draft, planned.context(None if planned.due else planned.known))

    def expects(self) -> Expectation:
        """Return the notes' tokens, and what writing them takes, where they are due."""
        planned = self._planned
        if not planned.due:
            return Expectation()
        summary = self._summarise.expected(planned.known, planned.due_messages)
        notes = Tokens(most=planned.notes_tokens * BYTES_PER_TOKEN, likely=planned.notes_tokens)
        return Expectation(input_tokens=notes, side=(summary,))

    def look_up(self, draft: Draft) -> Draft:
        """Put the past before the request, summarised first if it has grown too long."""
        return self._drafted(draft, self._turn.context(self._planned))

    def _drafted(self, draft: Draft, context: Context) -> Draft:
        spoken = Spoken(system=[*context.system, *self._own.system], turns=context.messages)
        return replace(draft, spoken=spoken, past=self._turn.past, notes=self._turn.notes)

    def store(self, answer: Completion) -> None:
        """Add the turn to the session: the messages as the caller sent them, the answer as the caller was told it."""
        telling = self._service.telling(self._asked, answer.answered.candidate)
        told = {"role": "assistant", "content": telling.kept(answer.message["content"])}
        self._turn.commit(self._own.said, told, answer.usage, blocked=answer.blocked)
