"""From neutral events to the Responses API's server-sent events: one object per answer.

    response.created, response.in_progress
    for each item: response.output_item.added, ..., response.output_item.done
    response.completed | response.incomplete | error, response.failed

A token's event is most of what is sent: its frame is put together of bytes, and only the token is encoded.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from lambdas.api.dialects.responses.output import Item, Status, annotations, custom_input, text_part
from lambdas.api.dialects.responses.response import INCOMPLETE, Head, told_error
from lambdas.api.dialects.responses.wire import error_members
from lambdas.api.dialects.server_sent import frame
from lambdas.chat.events import (
    Began,
    BlockEnded,
    CallBegan,
    CallDelta,
    Counted,
    Ended,
    Event,
    ReasoningDelta,
    ReasoningRedacted,
    ReasoningSigned,
    TextDelta,
)
from lambdas.chat.told import Thought
from lambdas.common.errors import ApiError

_encoder: Final = msgspec.json.Encoder()


class _Block:
    """One item while it is given.

    Attributes:
        place: where it stands in the output.
        parts: its text so far: what is said, thought, or a call's input.
        delta: the bytes before a piece of it.
    """

    def __init__(self, kind: str, place: int, item_id: str) -> None:
        self.kind = kind
        self.place = place
        self.item_id = item_id
        self.parts: list[str] = []
        self.call_id = self.name = ""
        self.signature: str | None = None
        self.delta = b""

    @property
    def text(self) -> str:
        return "".join(self.parts)


class ResponseEvents:
    """The table: what is sent of each neutral event.

    Args:
        head: what is known of the response.

    Attributes:
        output: the items so far, as they are kept.
    """

    def __init__(self, head: Head) -> None:
        self._head = head
        self._number = 0
        self._blocks: dict[int, _Block] = {}
        self._ended: Ended | None = None
        # With a search of the documents its item stands first, and what is cited is known at the end only.
        self._before = int(head.output.tools.search is not None)
        # Blocks that have ended and are not told so yet: whether the last one was cut, the next event tells.
        self._waiting: list[_Block] = []
        self.output: list[Item] = []
        self._table: dict[type, Callable[[Any], Iterator[bytes]]] = {
            Began: self._began,
            TextDelta: self._text,
            ReasoningDelta: self._thought,
            ReasoningSigned: self._signed,
            ReasoningRedacted: self._redacted,
            CallBegan: self._call,
            CallDelta: self._input,
            BlockEnded: self._block_ended,
            Ended: self._end,
            Counted: self._counted,
        }

    def told(self, event: Event) -> bytes:
        """Return the frames of an event."""
        held = b"".join(self._released()) if self._waiting and not (self._before or type(event) is Ended) else b""
        return held + b"".join(self._table[type(event)](event))

    def broken(self, error: ApiError, *, request_id: str) -> bytes:  # noqa: ARG002
        """Return the frames of a stream that fails: the error, which SDKs raise, and the response that failed."""
        held = b"".join(() if self._before else self._released())
        failed = self._head.told(status="failed", output=self.output, error=told_error(error))
        return held + self._frame("error", **error_members(error)) + self._frame("response.failed", response=failed)

    def _frame(self, kind: str, /, **members: Any) -> bytes:
        made = frame({"type": kind, "sequence_number": self._number, **members}, name=kind)
        self._number += 1
        return made

    def _began(self, _: Began) -> Iterator[bytes]:
        begun = self._head.told(status="in_progress")
        yield self._frame("response.created", response=begun)
        yield self._frame("response.in_progress", response=begun)
        if self._before:
            search = self._head.output.search(0, {}, status="in_progress")
            where = {"output_index": 0, "item_id": search["id"]}
            yield self._frame("response.output_item.added", output_index=0, item=search)
            for state in ("in_progress", "searching", "completed"):
                yield self._frame(f"response.file_search_call.{state}", **where)

    def _text(self, event: TextDelta) -> Iterator[bytes]:
        block = self._blocks.get(event.index)
        if block is None:
            block = self._open(event.index, "message", "msg")
            yield self._frame(
                "response.output_item.added",
                output_index=block.place,
                item=self._head.output.empty_message(block.place),
            )
            yield self._frame("response.content_part.added", **_at(block), part=text_part(""))
            block.delta = _opening("response.output_text.delta", **_at(block), logprobs=[])
        yield self._piece(block, event.text)

    def _thought(self, event: ReasoningDelta) -> Iterator[bytes]:
        block = self._blocks.get(event.index)
        if block is None:
            block = self._open(event.index, "reasoning", "rs")
            yield self._thought_added(block)
            if self._head.output.wanted.summary:
                part = {"type": "summary_text", "text": ""}
                yield self._frame("response.reasoning_summary_part.added", **_summary(block), part=part)
                block.delta = _opening("response.reasoning_summary_text.delta", **_summary(block))
        if block.delta:
            yield self._piece(block, event.text)
        else:
            block.parts.append(event.text)

    def _thought_added(self, block: _Block) -> bytes:
        item = {"id": block.item_id, "type": "reasoning", "summary": []}
        return self._frame("response.output_item.added", output_index=block.place, item=item)

    def _signed(self, event: ReasoningSigned) -> Iterator[bytes]:
        block = self._blocks.get(event.index)
        if block is None:
            # A thought without words, which has to come back all the same.
            block = self._open(event.index, "reasoning", "rs")
            yield self._thought_added(block)
        block.signature = event.signature

    def _redacted(self, event: ReasoningRedacted) -> Iterator[bytes]:
        place = event.index + self._before
        self._blocks[event.index] = _Block("redacted", place, self._head.response.item("rs", place))
        yield self._thought_added(self._blocks[event.index])
        yield self._done(place, self._head.output.reasoning(place, Thought(redacted=event.data)))

    def _call(self, event: CallBegan) -> Iterator[bytes]:
        custom = self._head.output.is_custom(event.name)
        block = self._open(event.index, "custom" if custom else "call", "ctc" if custom else "fc")
        block.call_id, block.name = event.id, event.name
        item = self._head.output.call(block.place, event.id, event.name, "{}" if custom else "", status="in_progress")
        yield self._frame("response.output_item.added", output_index=block.place, item=item)
        block.delta = _opening(
            "response.function_call_arguments.delta", item_id=block.item_id, output_index=block.place
        )

    def _input(self, event: CallDelta) -> Iterator[bytes]:
        block = self._blocks[event.index]
        if block.kind == "custom":
            # Of a custom tool the text inside of the JSON is told, which is known at its end.
            block.parts.append(event.part)
        else:
            yield self._piece(block, event.part)

    def _piece(self, block: _Block, text: str) -> bytes:
        block.parts.append(text)
        made = b'%b%b,"sequence_number":%d}\n\n' % (block.delta, _encoder.encode(text), self._number)
        self._number += 1
        return made

    def _block_ended(self, event: BlockEnded) -> Iterator[bytes]:
        block = self._blocks[event.index]
        match block.kind:
            case "message" | "call" | "custom":
                self._waiting.append(block)
            case "reasoning":
                yield from self._reasoning_done(block)

    def _released(self, last: Status = "completed", quarry: Mapping[str, Any] = {}) -> Iterator[bytes]:
        """Tell those that wait, of which the last one may have been cut."""
        waiting, self._waiting = self._waiting, []
        for block in waiting:
            status = last if block is waiting[-1] else "completed"
            if block.kind == "message":
                yield from self._message_done(block, annotations(block.text, quarry), status)
            else:
                yield from self._call_done(block, status)

    def _message_done(self, block: _Block, cited: list[Item], status: Status) -> Iterator[bytes]:
        text = block.text
        for place, citation in enumerate(cited):
            yield self._frame(
                "response.output_text.annotation.added", **_at(block), annotation_index=place, annotation=citation
            )
        yield self._frame("response.output_text.done", **_at(block), text=text, logprobs=[])
        yield self._frame("response.content_part.done", **_at(block), part=text_part(text, cited))
        item = self._head.output.message(block.place, text, status=status, annotations=cited)
        yield self._done(block.place, item)

    def _reasoning_done(self, block: _Block) -> Iterator[bytes]:
        text = block.text
        if block.delta:
            yield self._frame("response.reasoning_summary_text.done", **_summary(block), text=text)
            part = {"type": "summary_text", "text": text}
            yield self._frame("response.reasoning_summary_part.done", **_summary(block), part=part)
        thought = Thought(text=text, signature=block.signature)
        yield self._done(block.place, self._head.output.reasoning(block.place, thought))

    def _call_done(self, block: _Block, status: Status) -> Iterator[bytes]:
        given = block.text
        where = {"item_id": block.item_id, "output_index": block.place}
        item = self._head.output.call(block.place, block.call_id, block.name, given, status=status)
        if block.kind == "custom":
            text = custom_input(given)
            if text:
                yield self._frame("response.custom_tool_call_input.delta", **where, delta=text)
            yield self._frame("response.custom_tool_call_input.done", **where, input=text)
        else:
            yield self._frame("response.function_call_arguments.done", **where, name=item["name"], arguments=given)
        yield self._done(block.place, item)

    def _end(self, event: Ended) -> Iterator[bytes]:
        self._ended = event
        if self._before:
            search = self._head.output.search(0, event.quarry)
            self.output.insert(0, search)
            yield self._frame("response.output_item.done", output_index=0, item=search)
        yield from self._released(_status(event), event.quarry)

    def _counted(self, event: Counted) -> Iterator[bytes]:
        assert self._ended is not None, "an answer ends before it is counted"
        whole = self._whole(self._ended, event)
        yield self._frame(f"response.{whole['status']}", response=whole)

    def _whole(self, ended: Ended, counted: Counted) -> dict[str, Any]:
        """Return the response as it is at its end."""
        quarry = {
            **ended.quarry,
            **counted.quarry,
            **({"not_recorded": dict(counted.not_recorded)} if counted.not_recorded else {}),
        }
        return self._head.told(
            status=_status(ended),
            output=self.output,
            usage=counted.usage,
            reasoning_tokens=counted.reasoning_tokens,
            stop_reason=ended.stop_reason,
            quarry=quarry,
        )

    def _open(self, index: int, kind: str, prefix: str) -> _Block:
        place = index + self._before
        block = _Block(kind, place, self._head.response.item(prefix, place))
        self._blocks[index] = block
        return block

    def _done(self, place: int, item: Item) -> bytes:
        self.output.append(item)
        return self._frame("response.output_item.done", output_index=place, item=self._head.output.shown(item))


def _status(ended: Ended) -> Status:
    return "incomplete" if ended.stop_reason in INCOMPLETE else "completed"


def _at(block: _Block) -> dict[str, Any]:
    return {"item_id": block.item_id, "output_index": block.place, "content_index": 0}


def _summary(block: _Block) -> dict[str, Any]:
    return {"item_id": block.item_id, "output_index": block.place, "summary_index": 0}


def _opening(name: str, **members: Any) -> bytes:
    """Return the frame of a piece up to the piece."""
    return frame({"type": name, **members}, name=name).removesuffix(b"}\n\n") + b',"delta":'
