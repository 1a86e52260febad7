"""A whole answer as the caller is told it: in no API's words.

Blocks have the order in which the model gave them. Calls go by the caller's names, with inputs as the caller's schemas
have them; a JSON answer is text, whichever way the model gave it; of parallel calls that were not wanted only the first
is there; thoughts are there if they were asked for (``Reasoning.told``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from lambdas.chat.answers import Answered
from lambdas.chat.events import NOTHING


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
    """

    answered: Answered
    model: str
    blocks: Sequence[ToldBlock]
    stop_reason: str
    usage: Mapping[str, Any]
    reasoning_tokens: int = 0
    quarry: Mapping[str, Any] = NOTHING
    message: Mapping[str, Any]

    @property
    def text(self) -> str:
        """All that it says, in one text."""
        return "".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def calls(self) -> list[Called]:
        """The tools that it calls."""
        return [block for block in self.blocks if isinstance(block, Called)]
