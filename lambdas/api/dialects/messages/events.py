"""Events of a streamed answer of the Messages API, made of the neutral ones: one table.

message_start, ping, then for each block content_block_start, content_block_delta..., content_block_stop; at the end
message_delta with the reason and the count, and message_stop. A ping breaks silence. An error is the last event, if
there is one. Source: Anthropic's API reference, "Streaming messages".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from lambdas.api.dialects.messages import thoughts
from lambdas.api.dialects.messages.answer import (
    AnswerBlock,
    AnswerRedactedThinking,
    AnswerText,
    AnswerThinking,
    AnswerToolUse,
    MessagesAnswer,
    MessagesUsage,
    Refusal,
    StopReason,
    new_id,
    refusal,
    stop_reason,
    stop_sequence,
    usage,
)
from lambdas.api.dialects.messages.wire import MessagesError, error_of
from lambdas.api.dialects.server_sent import frame
from lambdas.chat import events as neutral
from lambdas.common.errors import ApiError


class MessageStart(Struct, tag_field="type", tag="message_start", frozen=True):
    """The answer begins. What it reads is an estimate, until its end tells what it was."""

    message: MessagesAnswer


class Ping(Struct, tag_field="type", tag="ping", frozen=True):
    """Nothing: it breaks silence."""


class BlockStart(Struct, tag_field="type", tag="content_block_start", frozen=True, gc=False):
    """A block begins: empty, or a call without its input, or a whole redacted thought."""

    index: int
    content_block: AnswerBlock


class TextPiece(Struct, tag_field="type", tag="text_delta", frozen=True, gc=False):
    """A piece of text."""

    text: str


class ThinkingPiece(Struct, tag_field="type", tag="thinking_delta", frozen=True, gc=False):
    """A piece of what the model thinks."""

    thinking: str


class SignaturePiece(Struct, tag_field="type", tag="signature_delta", frozen=True, gc=False):
    """The signature of a block of thinking."""

    signature: str


class InputPiece(Struct, tag_field="type", tag="input_json_delta", frozen=True, gc=False):
    """A piece of a call's input, which is JSON once all of them are there."""

    partial_json: str


class BlockDelta(Struct, tag_field="type", tag="content_block_delta", frozen=True, gc=False):
    """A block goes on."""

    index: int
    delta: TextPiece | ThinkingPiece | SignaturePiece | InputPiece


class BlockStop(Struct, tag_field="type", tag="content_block_stop", frozen=True, gc=False):
    """A block is complete."""

    index: int


class Ending(Struct, frozen=True, kw_only=True):
    """Why the answer ends."""

    stop_reason: StopReason
    stop_sequence: str | None = None
    stop_details: Refusal | None = None


class MessageDelta(Struct, tag_field="type", tag="message_delta", frozen=True):
    """The answer's end, and what it took. ``quarry`` as in a whole answer, with what its headers would tell."""

    delta: Ending
    usage: MessagesUsage
    quarry: Mapping[str, Any] | UnsetType = UNSET


class MessageStop(Struct, tag_field="type", tag="message_stop", frozen=True):
    """The last event."""


MessagesEvent = MessageStart | Ping | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop | MessagesError

_PING: Final = frame(Ping(), name="ping")
_STOP: Final = frame(MessageStop(), name="message_stop")


class MessagesEvents:
    """What is sent of one answer.

    Args:
        model: what it is said to be from.
        omits_thoughts: whether the caller wants what is thought sealed, and not told.
        stops: the request's stop texts.
        reads: about how many tokens the model reads: all that is known at the beginning.
    """

    def __init__(self, *, model: str, omits_thoughts: bool = False, stops: Sequence[str] = (), reads: int = 0) -> None:
        self._model = model
        self._omits = omits_thoughts
        self._stops = stops
        self._reads = reads
        # The block at hand that has begun, by its index.
        self._open: int | None = None
        self._has_calls = False
        # Of a thought that is not told: its text, and whether its signature has come.
        self._unsaid: list[str] | None = None
        self._ended = neutral.Ended("end_turn")

    def told(self, event: neutral.Event) -> bytes:
        """Return the frames of an event."""
        return _TABLE[type(event)](self, event)

    def broken(self, error: ApiError, *, request_id: str) -> bytes:
        """Return the frame of an error."""
        return frame(error_of(error, request_id=request_id), name="error")

    def _began(self, _: neutral.Began) -> bytes:
        reads = MessagesUsage(input_tokens=self._reads, output_tokens=0)
        message = MessagesAnswer(id=new_id(), model=self._model, content=(), stop_reason=None, usage=reads)
        return frame(MessageStart(message), name="message_start") + _PING

    def _text(self, event: neutral.TextDelta) -> bytes:
        return self._opened(event.index, AnswerText("")) + _piece(event.index, TextPiece(event.text))

    def _thinking(self, event: neutral.ReasoningDelta) -> bytes:
        opened = self._opened(event.index, AnswerThinking("", ""))
        if self._omits:
            self._unsaid = [*(self._unsaid or ()), event.text]
            return opened
        return opened + _piece(event.index, ThinkingPiece(event.text))

    def _signed(self, event: neutral.ReasoningSigned) -> bytes:
        opened = self._opened(event.index, AnswerThinking("", ""))
        if not self._omits:
            return opened + _piece(event.index, SignaturePiece(event.signature))
        return opened + self._seal(event.index, event.signature)

    def _seal(self, index: int, signature: str | None) -> bytes:
        said, self._unsaid = "".join(self._unsaid or ()), None
        return _piece(index, SignaturePiece(thoughts.sealed(said, signature)))

    def _redacted(self, event: neutral.ReasoningRedacted) -> bytes:
        return self._opened(event.index, AnswerRedactedThinking(thoughts.shown(event.data)))

    def _call(self, event: neutral.CallBegan) -> bytes:
        self._has_calls = True
        return self._opened(event.index, AnswerToolUse(event.id, event.name, {}))

    def _input(self, event: neutral.CallDelta) -> bytes:
        return _piece(event.index, InputPiece(event.part))

    def _stopped(self, event: neutral.BlockEnded) -> bytes:
        # A thought that nobody signs is sealed all the same: it has to come back too.
        sealed = self._seal(event.index, None) if self._unsaid is not None else b""
        self._open = None
        return sealed + frame(BlockStop(event.index), name="content_block_stop")

    def _end(self, event: neutral.Ended) -> bytes:
        # The count goes with it, and comes next.
        self._ended = event
        return b""

    def _counted(self, event: neutral.Counted) -> bytes:
        converse = self._ended.stop_reason
        ending = Ending(
            stop_reason=stop_reason(converse, has_calls=self._has_calls),
            stop_sequence=stop_sequence(converse, self._stops, self._ended.stop_text),
            stop_details=refusal(converse),
        )
        besides = {**self._ended.quarry, **event.quarry}
        if event.not_recorded:
            besides["not_recorded"] = dict(event.not_recorded)
        taken = usage(event.usage, reasoning_tokens=event.reasoning_tokens)
        return frame(MessageDelta(ending, taken, besides or UNSET), name="message_delta") + _STOP

    def _opened(self, index: int, block: AnswerBlock) -> bytes:
        if self._open == index:
            return b""
        self._open = index
        return frame(BlockStart(index, block), name="content_block_start")


def _piece(index: int, delta: TextPiece | ThinkingPiece | SignaturePiece | InputPiece) -> bytes:
    return frame(BlockDelta(index, delta), name="content_block_delta")


_TABLE: Final[Mapping[type[Any], Callable[[MessagesEvents, Any], bytes]]] = {
    neutral.Began: MessagesEvents._began,
    neutral.TextDelta: MessagesEvents._text,
    neutral.ReasoningDelta: MessagesEvents._thinking,
    neutral.ReasoningSigned: MessagesEvents._signed,
    neutral.ReasoningRedacted: MessagesEvents._redacted,
    neutral.CallBegan: MessagesEvents._call,
    neutral.CallDelta: MessagesEvents._input,
    neutral.BlockEnded: MessagesEvents._stopped,
    neutral.Ended: MessagesEvents._end,
    neutral.Counted: MessagesEvents._counted,
}
