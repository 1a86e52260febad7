"""Where a turn is stored: a session of its own (``store``), or a response that may be gone on from (``responses``)."""

from collections.abc import Sequence
from typing import Protocol

from lambdas.sessions.session import Message, Session, Summary


class TurnStore(Protocol):
    """What ``lambdas.sessions.service.Turn`` asks to keep it."""

    def append(
        self,
        session: Session,
        messages: Sequence[Message],
        usage: dict[str, int],
        *,
        blocked: bool = False,
        summary: Summary | None = None,
    ) -> Session:
        """Store one turn, and the new summary if there is one, and return the session as it is then.

        Args:
            usage: Converse's token counts.

        Raises:
            ApiError: it could not be stored; nothing of it is.
        """
        ...
