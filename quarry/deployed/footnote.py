"""What is told below an answer: who gave it, what it took, and why it ended early."""

from collections.abc import Mapping
from typing import Final

_STOPPED: Final = {"content_filter": "stopped by the guardrail", "length": "cut at the token limit"}


def footnote(model: str | None, *, usage: Mapping[str, int] | None, finish_reason: str | None) -> str:
    """Return, for example, "fast  12 + 40 tokens  cut at the token limit"; ``usage`` as OpenAI counts tokens."""
    tokens = f"{usage['prompt_tokens']} + {usage['completion_tokens']} tokens" if usage else ""
    return "  ".join(filter(None, (model, tokens, _STOPPED.get(finish_reason or ""))))
