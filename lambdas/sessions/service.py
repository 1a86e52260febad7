"""A turn of a session: what is sent before it, what is stored after it.

turn = sessions.begin(session_id, owner_key_id, summarise=...)
planned = turn.plan(new_messages, tools=False)   # what will be sent, but for notes that are due
context = turn.context(planned)                  # may summarise; send context.system and context.messages
turn.commit(new_messages, answer, usage)         # only when the call succeeded: a failed one stores nothing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.common.errors import ApiError
from lambdas.common.observability import logger
from lambdas.common.tokens import text_tokens
from lambdas.sessions import history, items
from lambdas.sessions.contents import sendable, storable, tool_calls
from lambdas.sessions.session import Message, Session, StoredTurn, Summary, is_session_id, no_such_session
from lambdas.sessions.store import SessionStore
from lambdas.sessions.summary import Summarise, SummaryError, cut_notes, notes_text

if TYPE_CHECKING:
    from lambdas.sessions.turn_store import TurnStore


@dataclass(frozen=True)
class Context:
    """What is sent to the model: Converse's ``system`` blocks (maybe none) and ``messages``, the new ones included."""

    system: list[dict[str, Any]]
    messages: list[Message]


@dataclass(frozen=True)
class Planned:
    """What will be sent, as far as it is known before anything costs.

    Attributes:
        known: the notes of what was said before, as they are.
        due: messages that new notes have to take in; none while everything fits.
        notes_tokens: the size of the new notes, with all around them, at most.
    """

    session_system: str | None
    known: str | None
    messages: list[Message]
    due: Sequence[StoredTurn]
    notes_tokens: int

    @property
    def due_messages(self) -> list[Message]:
        """What ``due`` says."""
        return [message for turn in self.due for message in turn.messages]

    def context(self, notes: str | None) -> Context:
        """Return what is sent with these notes."""
        system = [self.session_system] if self.session_system else []
        system += [notes_text(notes)] if notes else []
        return Context(system=[{"text": text} for text in system], messages=self.messages)


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
        store: "TurnStore",
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

    def plan(self, new: Sequence[Message], *, tools: bool) -> Planned:
        """Return what will be sent for the new messages, which begin with the user's.

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
        limit = history.summary_tokens(budget)
        known = cut_notes(self._summary.text, limit) if self._summary else None
        planned = history.plan(notes_text(known) if known else None, past, budget_tokens=budget, tools=tools)
        return Planned(
            session_system=self.session.system,
            known=known,
            messages=sendable([*planned.context_messages, *begun, *new], tools=tools),
            due=planned.to_summarise,
            notes_tokens=limit,
        )

    def context(self, planned: Planned) -> Context:
        """Return what is sent; summarises first if that is due."""
        return planned.context(self._summarised(planned) if planned.due else planned.known)

    def commit(
        self,
        user_messages: Sequence[Message],
        assistant_message: Message,
        usage: Mapping[str, Any],
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

    def _summarised(self, planned: Planned) -> str | None:
        """Return the notes with what is due in them; without it, should that fail: then it is left out this time."""
        try:
            written = self._summarise(planned.known, planned.due_messages)
        except (ApiError, SummaryError) as error:
            reason = error.code if isinstance(error, ApiError) else str(error)
            logger.warning(
                "history cut without a summary",
                extra={"session_id": self.session.session_id, "reason": reason, "turns": len(planned.due)},
            )
            return planned.known
        text = cut_notes(written, planned.notes_tokens)
        if text != written:
            logger.warning("summary cut", extra={"session_id": self.session.session_id, "tokens": planned.notes_tokens})
        self._summary = Summary(text=text, up_to_turn=planned.due[-1].number)
        return text
