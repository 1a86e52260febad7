"""A session as an ingredient: its past goes before what is said now, and the turn is added to it."""

from concurrent.futures import Executor, Future

from msgspec.structs import replace

from lambdas.chat.completion import as_told
from lambdas.chat.converse import Spoken, to_turns
from lambdas.chat.side_calls import Expected
from lambdas.exchange.ingredient import Asked, Draft, Expectation, GivenAnswer, Ingredient, MakeIngredient, Message
from lambdas.sessions import history
from lambdas.sessions.service import Sessions, Turn
from lambdas.sessions.summary import AliasSummariser


def from_sessions(sessions: Sessions, *, history_tokens: int, summary_alias: str) -> MakeIngredient:
    """Return what makes the ingredient of requests that name a session.

    Args:
        history_tokens: how many tokens a session's history may add to a request.
        summary_alias: who writes the summaries of long sessions.
    """
    summary = Expected(
        alias=summary_alias, input_tokens=history_tokens, output_tokens=history.summary_tokens(history_tokens)
    )
    expectation = Expectation(input_tokens=history_tokens, side=(summary,))

    def make(asked: Asked) -> Ingredient | None:
        session_id = asked.request.quarry.session
        if session_id is None:
            return None
        summarise = AliasSummariser(complete=asked.side.complete, alias=summary.alias, max_tokens=summary.output_tokens)
        return SessionIngredient(asked, session_id, sessions=sessions, summarise=summarise, expectation=expectation)

    return make


class SessionIngredient(Ingredient):
    """The session that one request is part of."""

    stores = True

    def __init__(
        self,
        asked: Asked,
        session_id: str,
        *,
        sessions: Sessions,
        summarise: AliasSummariser,
        expectation: Expectation,
    ) -> None:
        self._request = asked.request
        self._owner = asked.caller.key_id
        self._session_id = session_id
        self._sessions = sessions
        self._summarise = summarise
        self._expectation = expectation
        self._reading: Future[Turn]
        self._turn: Turn
        self._said: list[Message]

    def expects(self) -> Expectation:
        """Return the history's tokens and the summary's."""
        return self._expectation

    def start(self, pool: Executor) -> None:
        """Read the session."""
        self._reading = pool.submit(self._sessions.begin, self._session_id, self._owner, summarise=self._summarise)

    def look_up(self, draft: Draft) -> Draft:
        """Put the past before the request, summarised first if it has grown too long."""
        self._turn = turn = self._reading.result()
        # Now it is known whose call a tool's result answers.
        own = to_turns(self._request, turn.open_calls)
        self._said = own.turns
        context = turn.context(own.turns, tools=bool(self._request.tools))
        spoken = Spoken(system=[*context.system, *own.system], turns=context.messages)
        return replace(draft, spoken=spoken, past=turn.past, notes=turn.notes)

    def store(self, answer: GivenAnswer) -> None:
        """Add the turn to the session: the messages as the caller sent them, the answer as the caller was told it."""
        parallel = self._request.parallel_tool_calls is not False
        told = {"role": "assistant", "content": as_told(answer.message["content"], parallel_tool_calls=parallel)}
        self._turn.commit(self._said, told, answer.usage, blocked=answer.blocked)
