"""The storing of one response, whether others went before it or not."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from lambdas.sessions.response_items import Kept
from lambdas.sessions.responses import Past, ResponseStore
from lambdas.sessions.session import Message, Session, Summary
from lambdas.sessions.turn_store import TurnStore

# What goes before a response is read anew with it; of more, the oldest are left out.
MOST_BEFORE: Final = 300


class Keeping(TurnStore):
    """Stores the turn of a response, for ``lambdas.sessions.service.Turn``.

    Args:
        past: what goes before it; None where nothing does.
        told: returns the response as it is told.
    """

    def __init__(
        self,
        store: ResponseStore,
        *,
        response_id: str,
        owner_key_id: str,
        past: Past | None,
        system: Sequence[str],
        told: Callable[[], dict[str, Any]],
    ) -> None:
        self._store = store
        self._response_id = response_id
        self._owner = owner_key_id
        self._past = past
        self._system = system
        self._told = told

    def append(
        self,
        session: Session,
        messages: Sequence[Message],
        usage: dict[str, int],
        *,
        blocked: bool = False,
        summary: Summary | None = None,
    ) -> Session:
        """Store the response, and return the session as it was: what is stored is never changed."""
        self.keep(messages, usage, blocked=blocked, summary=summary)
        return session

    def keep(
        self, messages: Sequence[Message], usage: dict[str, int], *, blocked: bool, summary: Summary | None = None
    ) -> None:
        """Store the response.

        Args:
            usage: Converse's token counts.
            summary: notes of what went before, if there are any.

        Raises:
            RequestTooLargeError: it is more than is stored.
        """
        before = [one.response_id for one in self._past.responses] if self._past is not None else []
        if summary is not None:
            before = before[summary.up_to_turn :]
        kept = Kept(
            told=self._told(),
            messages=list(messages),
            system=list(self._system),
            usage=usage,
            blocked=blocked,
            before=before[-MOST_BEFORE:],
            notes=summary.text if summary is not None else None,
        )
        self._store.put(self._response_id, self._owner, kept)
