"""A turn of a session: what is sent before it, what is stored after it.

turn = sessions.begin(session_id, owner_key_id, summarise=...)
context = turn.context(new_messages, tools=False)      # may summarise; send context.system and context.messages
turn.commit(new_messages, answer, usage)               # only when the call succeeded: a failed one stores nothing
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.common.errors import ApiError
from lambdas.common.observability import logger
from lambdas.common.tokens import cut_text, text_tokens
from lambdas.sessions import history, items
from lambdas.sessions.contents import sendable, storable, tool_calls
from lambdas.sessions.session import Message, Session, StoredTurn, Summary, is_session_id, no_such_session
from lambdas.sessions.store import SessionStore
from lambdas.sessions.summary import Summarise, SummaryError, notes_text


@dataclass(frozen=True)
class Context:
    """What is sent to the model: Converse's ``system`` blocks (maybe none) and ``messages``, the new ones included."""

    system: list[dict[str, Any]]
    messages: list[Message]


class Sessions:
    """Begins turns.

    Args:
        budget_tokens: what is sent of the past, together with the session's system text and the present (the new
            messages, and the tool calls that they answer), stays within this many tokens by ``history``'s estimate;
            new images come on top.
            Where these leave less than half, the past has half. At least 1,000.
    """

    def __init__(self, *, store: SessionStore, budget_tokens: int) -> None:
        self._store = store
        self._budget = budget_tokens

    def begin(self, session_id: str, owner_key_id: str, *, summarise: Summarise) -> "Turn":
        """Read what a turn needs. Two reads, side by side; may run beside others of the request.

        Args:
            summarise: makes notes of what no longer fits.

        Raises:
            NotFoundError: there is no such session of this owner.
        """
        if not is_session_id(session_id):
            raise no_such_session(session_id)
        session, turns = self._store.open(session_id, owner_key_id)
        return Turn(session=session, turns=turns, store=self._store, budget_tokens=self._budget, summarise=summarise)


class Turn:
    """One turn of a session that was read before.

    Attributes:
        session: as it was read.
    """

    def __init__(
        self,
        *,
        session: Session,
        turns: Sequence[StoredTurn],
        store: SessionStore,
        budget_tokens: int,
        summarise: Summarise,
    ) -> None:
        self.session = session
        self._turns = turns
        self._store = store
        self._budget = budget_tokens
        self._summarise = summarise
        self._summary = session.summary

    @property
    def open_calls(self) -> set[str]:
        """Ids of the tool calls that the newest turn made and nobody answered yet: the results that may be sent now."""
        sent = [turn for turn in self._turns if not turn.blocked]
        return tool_calls(sent[-1].messages[-1]) if sent else set()

    @property
    def past(self) -> list[Message]:
        """What was said since the notes were made, oldest first, without what the guardrail blocked."""
        return [message for turn in self._turns if not turn.blocked for message in turn.messages]

    @property
    def notes(self) -> str | None:
        """The summary of what was said before ``past``; ``context`` may have made it longer."""
        return self._summary.text if self._summary else None

    def context(self, new: Sequence[Message], *, tools: bool) -> Context:
        """Return what is sent for the new messages, which begin with the user's; summarises first if it has to.

        Args:
            tools: whether the request brings tools; without, earlier tool calls are sent in words.

        Raises:
            RequestTooLargeError: the new messages are too large to be stored.
        """
        stored = [storable(message) for message in new]
        items.check_size(stored)
        past, current = history.open_exchange(self._turns, new)
        begun = [message for turn in current for message in turn.messages]
        fixed = text_tokens(self.session.system or "") + sum(map(history.count_message, [*begun, *stored]))
        budget = max(self._budget // 2, self._budget - fixed)
        limit = history.summary_tokens(budget) - text_tokens(notes_text(""))
        known = cut_text(self._summary.text, limit) if self._summary else None
        planned = history.plan(notes_text(known) if known else None, past, budget_tokens=budget, tools=tools)
        if planned.to_summarise:
            known = self._summarised(known, planned.to_summarise, limit=limit)
        system = [self.session.system] if self.session.system else []
        system += [notes_text(known)] if known else []
        return Context(
            system=[{"text": text} for text in system],
            messages=sendable([*planned.context_messages, *begun, *new], tools=tools),
        )

    def commit(
        self,
        user_messages: Sequence[Message],
        assistant_message: Message,
        usage: dict[str, Any],
        *,
        blocked: bool = False,
    ) -> Session:
        """Store the turn, and the new summary if one was made, and return the session.

        Args:
            usage: Converse's, of the answer.
            blocked: whether the guardrail intervened; the turn is stored and never sent again.

        Raises:
            ConflictError: another turn was stored meanwhile.
            NotFoundError: the session was deleted meanwhile.
            RequestTooLargeError: the answer is too large to be stored.
        """
        return self._store.append(
            self.session,
            [storable(message) for message in (*user_messages, assistant_message)],
            {name: value for name, value in usage.items() if isinstance(value, int)},
            blocked=blocked,
            summary=self._summary,
        )

    def _summarised(self, known: str | None, turns: Sequence[StoredTurn], *, limit: int) -> str | None:
        """Return the summary with these turns in it; without it, should that fail: then they are left out this time."""
        messages = [message for turn in turns for message in turn.messages]
        try:
            written = self._summarise(known, messages)
        except (ApiError, SummaryError) as error:
            reason = error.code if isinstance(error, ApiError) else str(error)
            logger.warning(
                "history cut without a summary",
                extra={"session_id": self.session.session_id, "reason": reason, "turns": len(turns)},
            )
            return known
        text = cut_text(written, limit)
        if text != written:
            logger.warning("summary cut", extra={"session_id": self.session.session_id, "tokens": limit})
        self._summary = Summary(text=text, up_to_turn=turns[-1].number)
        return text
