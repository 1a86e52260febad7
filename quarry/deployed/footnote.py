"""What is told below an answer: who gave it, what it took, and why it ended early."""

from collections.abc import Mapping
from typing import Final

_STOPPED: Final = {"content_filter": "stopped by the guardrail", "length": "cut at the token limit"}


def footnote(
    model: str | None,
    *,
    usage: Mapping[str, int] | None,
    finish_reason: str | None,
    not_recorded: Mapping[str, str] | None = None,
) -> str:
    """Return, for example, "fast  12 + 40 tokens  cut at the token limit".

    Args:
        usage: as OpenAI counts tokens.
        not_recorded: what of the answer was not kept, and why: ``{"turn": "session_conflict"}``.
    """
    tokens = f"{usage['prompt_tokens']} + {usage['completion_tokens']} tokens" if usage else ""
    turn = (not_recorded or {}).get("turn")
    unkept = f"not kept in the session ({turn})" if turn else ""
    return "  ".join(filter(None, (model, tokens, _STOPPED.get(finish_reason or ""), unkept)))
