"""A whole answer as the caller is told it: in no API's words.

Blocks have the order in which the model gave them. Calls go by the caller's names, with inputs as the caller's schemas
have them; a JSON answer is text, whichever way the model gave it; of parallel calls that were not wanted only the first
is there; thoughts are there if they were asked for (``Reasoning.told``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import Struct

from lambdas.chat.candidates import Candidate
from lambdas.chat.events import NOTHING


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Who answers, and what headers, log and metrics are told about it.

    Attributes:
        alias: what was asked for.
        candidate: who answered.
        fallbacks: how many candidates were asked in vain before.
        dropped: parameters, in the caller's words, that the model does not take and was not given.
    """

    alias: str
    candidate: Candidate
    fallbacks: int
    dropped: list[str] = field(default_factory=list)


# Converse's stop reasons of an answer that was not let through.
STOPPED: Final = frozenset({"guardrail_intervened", "content_filtered"})
# And of one that is not complete.
CUT: Final = frozenset({"max_tokens", "model_context_window_exceeded"})


class Text(Struct, frozen=True):
    """What the model says."""

    text: str


class Thought(Struct, frozen=True):
    """What the model thought. It has to come back, unchanged, with the results of the calls that follow it.

    Attributes:
        text: empty where it is redacted.
        signature: proves that it was not changed; None of families that sign nothing.
        redacted: a thought that nobody may read, in place of ``text``.
    """

    text: str = ""
    signature: str | None = None
    redacted: bytes | None = None


class Called(Struct, frozen=True):
    """A call of a tool.

    Attributes:
        id: Bedrock's.
        name: the caller's.
        input: JSON: an object, or whatever the caller's schema is.
    """

    id: str
    name: str
    input: Any


ToldBlock = Text | Thought | Called


class Completion(Struct, frozen=True, kw_only=True):
    """A whole answer.

    Attributes:
        answered: who answered, and what was dropped.
        model: what it is said to be from: the alias, or who answered, as the environment has it.
        blocks: what the caller is told.
        stop_reason: Converse's; as ``lambdas.chat.events.Ended`` has it.
        usage: Converse's token counts: inputTokens, outputTokens, cacheReadInputTokens, cacheWriteInputTokens.
        reasoning_tokens: as ``lambdas.chat.events.Counted`` has them.
        quarry: what is told that no API has a word for: ``guardrail``, ``citations``, ...
        message: the assistant's with Converse's blocks, as the model gave it: for a session to keep.
        stop_text: as ``lambdas.chat.events.Ended`` has it.
    """

    answered: Answered
    model: str
    blocks: Sequence[ToldBlock]
    stop_reason: str
    usage: Mapping[str, Any]
    reasoning_tokens: int = 0
    quarry: Mapping[str, Any] = NOTHING
    message: Mapping[str, Any]
    stop_text: str | None = None

    @property
    def blocked(self) -> bool:
        """Whether the guardrail intervened: what it says then is the policy's own words."""
        return self.stop_reason == "guardrail_intervened"

    @property
    def text(self) -> str:
        """All that it says, in one text."""
        return "".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def was_stopped(self) -> bool:
        """Whether the guardrail, or the model's provider, stopped it."""
        return self.stop_reason in STOPPED

    @property
    def was_cut(self) -> bool:
        """Whether it ends where it may not be longer."""
        return self.stop_reason in CUT

    @property
    def calls(self) -> list[Called]:
        """The tools that it calls."""
        return [block for block in self.blocks if isinstance(block, Called)]
