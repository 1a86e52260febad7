"""An answer while it is given: what happens, in no API's words. ``StreamedExchange`` yields these, in this order:

    Began
    for each block: ( TextDelta... | ReasoningDelta... ReasoningSigned? | ReasoningRedacted | CallBegan CallDelta... )
                    BlockEnded
    Ended
    Counted

Blocks come one after the other. Their indexes count from 0 what the caller is told, without gaps: what is not told (a
second call where one was wanted, words beside a JSON answer, thoughts that nobody asked for) has no index. A block of
text or thoughts begins with its first delta; a block that has begun ends, even when the answer is cut in it. A call's
parts together are JSON of an object, or of whatever its schema is; a call without input has one part, ``{}``. A JSON
answer is a block of text, whichever way the model gave it. After ``Ended`` comes nothing but ``Counted``. A failure
in mid-stream is an exception of the iteration, after which nothing comes.

They are made once a token: slotted, not tracked by the garbage collector, and told apart by their class.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Began(Struct, frozen=True, gc=False):
    """Bedrock has begun to answer."""


class TextDelta(Struct, frozen=True, gc=False):
    """A piece of text; never empty."""

    index: int
    text: str


class ReasoningDelta(Struct, frozen=True, gc=False):
    """A piece of what the model thinks; never empty."""

    index: int
    text: str


class ReasoningSigned(Struct, frozen=True, gc=False):
    """The signature of a block of thoughts: it has to come back with them, unchanged, when the tool's result does."""

    index: int
    signature: str


class ReasoningRedacted(Struct, frozen=True, gc=False):
    """A whole block of thoughts that nobody may read, in bytes that have to come back as they are."""

    index: int
    data: bytes


class CallBegan(Struct, frozen=True, gc=False):
    """A call of a tool. ``id`` is Bedrock's, ``name`` the caller's."""

    index: int
    id: str
    name: str


class CallDelta(Struct, frozen=True, gc=False):
    """A piece of a call's input, which is JSON once all of them are there; never empty."""

    index: int
    part: str


class BlockEnded(Struct, frozen=True, gc=False):
    """A block is complete, or the answer was cut in it."""

    index: int


class Ended(Struct, frozen=True):
    """The answer is complete.

    Attributes:
        stop_reason: Converse's; ``guardrail_intervened`` and ``content_filtered`` are results like others. Where it is
            ``tool_use`` and no call was told, the answer was given by the tool for JSON: it is at its ordinary end.
        quarry: what is told of it that no API has a word for: citations of an answer from documents.
        stop_text: which of several stop texts it was, where the model told (``Conversation.tells_stop``).
    """

    stop_reason: str
    quarry: Mapping[str, Any] = NOTHING
    stop_text: str | None = None


class Counted(Struct, frozen=True):
    """What the answer took. It comes for every answer that was given to its end, as the last event.

    Attributes:
        usage: Converse's token counts; estimated where Bedrock did not tell them.
        reasoning_tokens: of its output, those that were thought, estimated: Converse does not tell them apart.
        guardrail: what the guardrail found, if the caller asked for it; else None.
        not_recorded: what of the answer was not stored (``turn``) or settled (``charge``), and the code that says why.
        micro_dollars: what the key is charged for it, with what was asked besides; None where no price is known.
        answered_by: base id of the model that answered, which the headers of a stream that was opened early have not.
    """

    usage: Mapping[str, Any]
    reasoning_tokens: int = 0
    guardrail: Mapping[str, Any] | None = None
    not_recorded: Mapping[str, str] = NOTHING
    micro_dollars: int | None = None
    answered_by: str | None = None

    @property
    def charged(self) -> dict[str, Any]:
        """What a whole answer's headers tell of its model and its cost, and a stream's cannot: they come first."""
        told = {"answered_by": self.answered_by, "micro_dollars": self.micro_dollars}
        return {name: value for name, value in told.items() if value is not None}

    @property
    def quarry(self) -> dict[str, Any]:
        """The same, and what the guardrail found, if the caller asked for it."""
        return {**self.charged, **({"guardrail": dict(self.guardrail)} if self.guardrail is not None else {})}


Event = (
    Began
    | TextDelta
    | ReasoningDelta
    | ReasoningSigned
    | ReasoningRedacted
    | CallBegan
    | CallDelta
    | BlockEnded
    | Ended
    | Counted
)
