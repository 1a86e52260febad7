"""What a session is made of. Messages have Converse's shape: ``{"role", "content": [blocks]}``."""

import os
import re
from dataclasses import dataclass
from typing import Any, Final

from lambdas.common.errors import NotFoundError

Message = dict[str, Any]

_ID: Final = re.compile(r"sess_[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What was said in turns 1 to ``up_to_turn``, in short."""

    text: str
    up_to_turn: int


@dataclass(frozen=True, kw_only=True)
class StoredTurn:
    """One request and its answer, as they were.

    Attributes:
        number: 1 for the first.
        messages: the user's, then the assistant's.
        usage: Converse's token counts: inputTokens, outputTokens, ...
        created_at: seconds since the epoch.
        blocked: whether the guardrail intervened; such a turn is kept and never sent again.
    """

    number: int
    messages: list[Message]
    usage: dict[str, int]
    created_at: int
    blocked: bool = False


@dataclass(frozen=True, kw_only=True)
class SessionHead:
    """What a list of sessions shows. Times are seconds since the epoch; after ``expires_at`` it is gone."""

    session_id: str
    created_at: int
    updated_at: int
    expires_at: int
    turn_count: int
    metadata: dict[str, str]
    alias: str | None


@dataclass(frozen=True, kw_only=True)
class Session(SessionHead):
    """A session without its turns.

    Attributes:
        version: changes with every turn; a turn is stored only on top of the version that it was made from.
        turns_kept_until: no stored turn expires before this.
        system: instructions for every turn.
        input_tokens: of all turns together, what the prompt cache gave or took included.
        output_tokens: likewise.
    """

    owner_key_id: str
    version: int
    turns_kept_until: int
    system: str | None = None
    summary: Summary | None = None
    input_tokens: int = 0
    output_tokens: int = 0


def new_session_id(now: float) -> str:
    """Return an id that sorts by the time of its making: ``sess_``, milliseconds in 12 hex digits, 20 random ones."""
    return f"sess_{int(now * 1000):012x}{os.urandom(10).hex()}"


def is_session_id(text: str) -> bool:
    """Whether ``text`` looks like a session's id."""
    return _ID.fullmatch(text) is not None


def no_such_session(session_id: str) -> NotFoundError:
    """Return the error for a session that is not there, expired, or somebody else's: callers cannot tell which."""
    return NotFoundError(
        f"There is no session `{session_id}`. It may have expired or been deleted, or belong to another key.",
        code="session_not_found",
    )
