"""From ConverseStream's events to neutral ones: one at a time, numbered as the caller is told them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdas.chat.events import (
    Began,
    BlockEnded,
    CallBegan,
    CallDelta,
    Ended,
    Event,
    ReasoningDelta,
    ReasoningRedacted,
    ReasoningSigned,
    TextDelta,
)
from lambdas.chat.telling import AS_IT_IS, Telling, input_of, json_text, stop_text, thought_tokens, visible, written
from lambdas.chat.tools import ANSWER_TOOL
from lambdas.common.tokens import likely_tokens

Block = dict[str, Any]
Events = Sequence[Event]

_NONE: Final[Events] = ()


class ToldStream:
    """Turns the events of one answer into neutral ones, and keeps what is known at its end.

    Attributes:
        stop_reason: Converse's, once it was sent.
        usage: Converse's token counts, once they were sent.
        guardrail: what the guardrail found, if its trace was asked for.
        trace: makes of that what the caller is told.
    """

    def __init__(
        self,
        telling: Telling = AS_IT_IS,
        *,
        trace: Callable[[Mapping[str, Any] | None], dict[str, Any]] = lambda converse: dict(converse or {}),
    ) -> None:
        self.telling = telling
        self.trace = trace
        self._has_call = False
        # Converse's index of a content block -> its place among those that are told, as long as it is not over.
        self._open: dict[int, int] = {}
        self._next = 0
        self._blocks: dict[int, Block] = {}
        self.stop_reason: str | None = None
        self.usage: dict[str, Any] = {}
        self.guardrail: dict[str, Any] | None = None

    def events(self, event: dict[str, Any]) -> Events:
        """Return what an event means to the caller: nothing, or one or more events."""
        # What comes once a token first.
        if "contentBlockDelta" in event:
            return self._delta(event["contentBlockDelta"])
        if "contentBlockStart" in event:
            return self._start(event["contentBlockStart"])
        if "contentBlockStop" in event:
            return self._stop(event["contentBlockStop"]["contentBlockIndex"])
        if "messageStart" in event:
            return (Began(),)
        if "messageStop" in event:
            self.stop_reason = reason = str(event["messageStop"]["stopReason"])
            rest = [told for index in list(self._open) for told in self._stop(index)]
            return (*rest, *self._unsaid(), Ended(reason, stop_text=stop_text(event["messageStop"])))
        if "metadata" in event:
            self.usage = event["metadata"].get("usage", {})
            self.guardrail = event["metadata"].get("trace", {}).get("guardrail")
        return _NONE

    def content(self) -> list[Block]:
        """Return what was said, as Converse's content blocks; a call's input is JSON text, which may have been cut."""
        return [self._blocks[index] for index in sorted(self._blocks)]

    def written(self) -> int:
        """Return the likely tokens of all that the model has written, told or not: text, tools' inputs, thoughts."""
        thoughts: list[str] = []
        others: list[str] = []
        for block in self.content():
            if "reasoningContent" in block:
                thoughts.append(written(block["reasoningContent"]))
            else:
                others.append(visible(block))
        return sum(map(likely_tokens, [*others, "".join(thoughts)]))

    def thought_tokens(self) -> int:
        """Return the likely tokens of what was thought."""
        return thought_tokens(self.content(), self.usage)

    def _delta(self, delta: dict[str, Any]) -> Events:
        index, given = delta["contentBlockIndex"], delta["delta"]
        if "text" in given:
            piece = given["text"]
            block = self._blocks.get(index)
            if block is None:
                self._blocks[index] = {"text": piece}
            else:
                block["text"] += piece
            return _NONE if self.telling.by_answer_tool or not piece else (TextDelta(self._place(index), piece),)
        if "toolUse" in given:
            return self._input(index, given["toolUse"]["input"])
        return self._thought(index, given["reasoningContent"]) if "reasoningContent" in given else _NONE

    def _start(self, start: dict[str, Any]) -> Events:
        use = start.get("start", {}).get("toolUse")
        if use is None:
            return _NONE
        index = start["contentBlockIndex"]
        self._blocks[index] = {"toolUse": {**use, "input": ""}}
        if use["name"] == ANSWER_TOOL:
            self._place(index)
            return _NONE
        if self._has_call and not self.telling.parallel_tool_calls:
            return _NONE
        self._has_call = True
        return (CallBegan(self._place(index), use["toolUseId"], self.telling.tools.told(use["name"])),)

    def _input(self, index: int, part: str) -> Events:
        if index not in self._blocks:
            return _NONE
        use = self._blocks[index]["toolUse"]
        use["input"] += part
        if not part or index not in self._open or self.telling.is_wrapped(use["name"]):
            return _NONE
        return (self._part(index, use["name"], part),)

    def _thought(self, index: int, given: dict[str, Any]) -> Events:
        block = self._blocks.setdefault(index, {"reasoningContent": {}})["reasoningContent"]
        told = self.telling.thoughts
        if "redactedContent" in given:
            block["redactedContent"] = data = given["redactedContent"]
            return (ReasoningRedacted(self._place(index), data),) if told else _NONE
        thought = block.setdefault("reasoningText", {"text": ""})
        if "signature" in given:
            thought["signature"] = given["signature"]
            return (ReasoningSigned(self._place(index), given["signature"]),) if told else _NONE
        piece = given.get("text", "")
        thought["text"] += piece
        return (ReasoningDelta(self._place(index), piece),) if told and piece else _NONE

    def _stop(self, index: int) -> Events:
        """Return what is told of a block once it is over.

        Of a call without input, which Bedrock leaves empty, that is an object. What stands inside of another object is
        told only now, whole.
        """
        if index not in self._open:
            return _NONE
        use = self._blocks[index].get("toolUse")
        rest: Events = _NONE
        if use is not None:
            if self.telling.is_wrapped(use["name"]):
                given = self.telling.given(use["name"], input_of(use["input"]))
                rest = (self._part(index, use["name"], json_text(given)),)
            elif not use["input"]:
                rest = (self._part(index, use["name"], "{}"),)
        return (*rest, BlockEnded(self._open.pop(index)))

    def _unsaid(self) -> Events:
        """Return what was kept back for an answer by the JSON tool that never came: the model has said it in words."""
        said = "".join(block.get("text", "") for block in self._blocks.values())
        if not self.telling.by_answer_tool or not said or any("toolUse" in block for block in self._blocks.values()):
            return _NONE
        place = self._next
        self._next += 1
        return TextDelta(place, said), BlockEnded(place)

    def _place(self, index: int) -> int:
        """Return a block's place among those that are told."""
        place = self._open.get(index)
        if place is None:
            place = self._open[index] = self._next
            self._next += 1
        return place

    def _part(self, index: int, called: str, part: str) -> Event:
        place = self._open[index]
        return TextDelta(place, part) if called == ANSWER_TOOL else CallDelta(place, part)
