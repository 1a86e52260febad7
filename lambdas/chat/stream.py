"""From ConverseStream's events to OpenAI's ``chat.completion.chunk`` objects: shapes only, one event at a time."""

import json
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from lambdas.chat.completion import AS_IT_IS, Telling, finish_reason, input_of, to_usage
from lambdas.chat.tools import ANSWER_TOOL
from lambdas.common.tokens import likely_tokens

Chunk = dict[str, Any]

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class ChunkStream:
    """Turns the events of one answer into chunks, and keeps what is known at its end.

    Attributes:
        stop_reason: Converse's, once it was sent.
        usage: Converse's token counts, once they were sent.
        guardrail: what the guardrail found, if its trace was asked for.
    """

    def __init__(
        self,
        *,
        model: str,
        completion_id: str,
        parallel_tool_calls: bool = True,
        only_answer_tool: bool = False,
        telling: Telling = AS_IT_IS,
    ) -> None:
        self._head = {
            "id": completion_id,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._parallel = parallel_tool_calls
        self._telling = telling
        # What a model says beside a JSON answer would break its JSON.
        self._silent = only_answer_tool
        self._calls = 0
        # Content block index -> index of the caller's tool call; None for the tool that carries a JSON answer.
        self._blocks: dict[int, int | None] = {}
        self.blocks: dict[int, dict[str, Any]] = {}
        self.stop_reason: str | None = None
        self.usage: dict[str, Any] = {}
        # What the model thought, which is written, and paid for, but not told.
        self._thoughts: list[str] = []
        self.guardrail: dict[str, Any] | None = None

    def chunks(self, event: dict[str, Any]) -> list[Chunk]:
        """Return the chunks for one event: none, one, or (at the end of the message) one with the finish reason."""
        if "messageStart" in event:
            return [self._chunk({"role": "assistant", "content": "", "refusal": None})]
        if "contentBlockStart" in event:
            return self._start(event["contentBlockStart"])
        if "contentBlockDelta" in event:
            return self._delta(event["contentBlockDelta"])
        if "contentBlockStop" in event:
            return self._rest(event["contentBlockStop"]["contentBlockIndex"])
        if "messageStop" in event:
            self.stop_reason = event["messageStop"]["stopReason"]
            rest = [chunk for index in list(self._blocks) for chunk in self._rest(index)]
            return [*rest, self._chunk({}, finish=finish_reason(self.stop_reason, has_calls=self._calls > 0))]
        if "metadata" in event:
            self.usage = event["metadata"].get("usage", {})
            self.guardrail = event["metadata"].get("trace", {}).get("guardrail")
        return []

    def last_chunk(self, *, usage: bool, guardrail: bool = False, not_recorded: Mapping[str, str] = NOTHING) -> Chunk:
        """Return the chunk after the answer: the token counts, and what the guardrail found, as far as asked for.

        Args:
            not_recorded: what of the answer was not stored or settled, and the code that says why.
        """
        chunk: Chunk = {**self._head, "choices": []}
        if usage:
            chunk["usage"] = to_usage(self.usage)
        if guardrail:
            chunk["quarry"] = {"guardrail": self.guardrail or {}}
        if not_recorded:
            chunk["quarry"] = {**chunk.get("quarry", {}), "not_recorded": dict(not_recorded)}
        return chunk

    def content(self) -> list[dict[str, Any]]:
        """Return what was said, as Converse's content blocks."""
        return [self.blocks[index] for index in sorted(self.blocks)]

    def written(self) -> int:
        """Return the likely tokens of all that the model has written, told or not: text, tools' inputs, thoughts."""
        parts = [block["toolUse"]["input"] if "toolUse" in block else block["text"] for block in self.content()]
        return sum(map(likely_tokens, [*parts, "".join(self._thoughts)]))

    def _start(self, start: dict[str, Any]) -> list[Chunk]:
        use = start.get("start", {}).get("toolUse")
        if use is None:
            return []
        index = start["contentBlockIndex"]
        self.blocks[index] = {"toolUse": {**use, "input": ""}}
        if use["name"] == ANSWER_TOOL:
            self._blocks[index] = None
            return []
        if self._calls and not self._parallel:
            return []
        self._blocks[index] = self._calls
        self._calls += 1
        call = {
            "index": self._blocks[index],
            "id": use["toolUseId"],
            "type": "function",
            "function": {"name": self._telling.tools.told(use["name"]), "arguments": ""},
        }
        return [self._chunk({"tool_calls": [call]})]

    def _delta(self, delta: dict[str, Any]) -> list[Chunk]:
        index, given = delta["contentBlockIndex"], delta["delta"]
        if "text" in given:
            block = self.blocks.setdefault(index, {"text": ""})
            block["text"] += given["text"]
            return [] if self._silent else [self._chunk({"content": given["text"]})]
        if "reasoningContent" in given:
            thought = given["reasoningContent"]
            # What is redacted is bytes without meaning, about as long as the thought.
            self._thoughts.append(thought.get("text", "") + "x" * len(thought.get("redactedContent", b"")))
            return []
        if "toolUse" not in given or index not in self.blocks:
            return []
        part = given["toolUse"]["input"]
        self.blocks[index]["toolUse"]["input"] += part
        if index not in self._blocks or self._telling.is_wrapped(self.blocks[index]["toolUse"]["name"]):
            return []
        return [self._input(self._blocks[index], part)] if part else []

    def _rest(self, index: int) -> list[Chunk]:
        """Return what is told of a call once it is over: of one without input, which Bedrock leaves empty, an object.

        What stands inside of another object is told then too, whole.
        """
        if index not in self._blocks:
            return []
        call, use = self._blocks.pop(index), self.blocks[index]["toolUse"]
        if self._telling.is_wrapped(use["name"]):
            given = self._telling.given(use["name"], input_of(use["input"]))
            return [self._input(call, json.dumps(given, ensure_ascii=False))]
        return [] if use["input"] else [self._input(call, "{}")]

    def _input(self, call: int | None, part: str) -> Chunk:
        if call is None:
            return self._chunk({"content": part})
        return self._chunk({"tool_calls": [{"index": call, "function": {"arguments": part}}]})

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> Chunk:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self._head, "choices": [choice]}
