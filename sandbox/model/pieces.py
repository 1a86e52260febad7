"""What a model writes, piece by piece, as it is read from an OpenAI-compatible server's event stream."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.model.errors import AwsError, Json
from sandbox.model.openai_chat import Asked

_STOP_REASONS = {"length": "max_tokens", "tool_calls": "tool_use", "content_filter": "content_filtered"}


@dataclass(frozen=True)
class Text:
    """Some words."""

    text: str


@dataclass(frozen=True)
class Call:
    """A tool call begins; its input follows, as JSON in pieces."""

    name: str
    tool_use_id: str


@dataclass(frozen=True)
class Input:
    """Some of the JSON that is the input of the call before it."""

    json: str


@dataclass(frozen=True)
class End:
    """The answer is complete. Tokens are the model's own counts; None where the server sent none."""

    stop_reason: str
    input_tokens: int | None = None
    output_tokens: int | None = None


Piece = Text | Call | Input | End


@dataclass
class Reader:
    """Reads the chunks of one answer to what was asked."""

    asked: Asked
    _finished: str = "end_turn"
    _counts: tuple[int | None, int | None] = (None, None)
    _written: list[str] = field(default_factory=list)
    _calls: set[int] = field(default_factory=set)

    def begin(self) -> Iterator[Piece]:
        """Yield what is known before the model has written anything."""
        if self.asked.form == "input":
            yield _call(self.asked.tool)

    def read(self, chunk: Json) -> Iterator[Piece]:
        """Yield what a chunk adds.

        Raises:
            AwsError: ModelErrorException, the server reports a failure.
        """
        if error := chunk.get("error"):
            raise AwsError("ModelErrorException", str(error.get("message") if isinstance(error, dict) else error))
        if usage := chunk.get("usage"):
            self._counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
        for choice in chunk.get("choices") or []:
            if reason := choice.get("finish_reason"):
                self._finished = _STOP_REASONS.get(reason, "end_turn")
                if _stopped_at_a_sequence(choice, chunk):
                    self._finished = "stop_sequence"
            delta = choice.get("delta") or {}
            if text := delta.get("content"):
                yield from self._text(text)
            for call in delta.get("tool_calls") or []:
                yield from self._tool_call(call)

    def end(self) -> Iterator[Piece]:
        """Yield what is left when the server has sent everything."""
        finished = self._finished
        if self.asked.form == "either":
            yield from self._either("".join(self._written))
        if (self._calls or self.asked.form == "input") and finished == "end_turn":
            finished = "tool_use"
        yield End(finished, *self._counts)

    def _text(self, text: str) -> Iterator[Piece]:
        if self.asked.form == "text":
            yield Text(text)
        elif self.asked.form == "input":
            yield Input(text)
        else:
            self._written.append(text)

    def _tool_call(self, call: Json) -> Iterator[Piece]:
        place, function = call.get("index", 0), call.get("function") or {}
        if place not in self._calls:
            self._calls.add(place)
            yield _call(function.get("name") or "")
        if arguments := function.get("arguments"):
            # Some servers send the input as an object.
            yield Input(arguments if isinstance(arguments, str) else json.dumps(arguments))

    def _either(self, written: str) -> Iterator[Piece]:
        answer = _loaded(written)
        if isinstance(answer.get("call"), dict):
            self._calls.add(0)
            yield _call(answer["call"].get("name") or "")
            yield Input(json.dumps(answer["call"].get("arguments") or {}, ensure_ascii=False))
        else:  # cut off by the token limit, it is no JSON
            yield Text(str(answer.get("text") or written))


def blocks(written: list[Piece], stop_reason: str) -> list[Json]:
    """Return a whole answer as content blocks. A call that the token limit cut is left out.

    Raises:
        AwsError: ModelErrorException, the input of a call is no JSON object.
    """
    made: list[Json] = []
    inputs: dict[int, list[str]] = {}
    for piece in written:
        if isinstance(piece, Text):
            if made and "text" in made[-1]:
                made[-1]["text"] += piece.text
            else:
                made.append({"text": piece.text})
        elif isinstance(piece, Call):
            inputs[len(made)] = []
            made.append({"toolUse": {"toolUseId": piece.tool_use_id, "name": piece.name}})
        elif isinstance(piece, Input):
            inputs[len(made) - 1].append(piece.json)
    for place, parts in inputs.items():
        given = _loaded("".join(parts) or "{}", None)
        if given is None and stop_reason != "max_tokens":
            raise AwsError("ModelErrorException", "The model called a tool with input that is no JSON object.")
        made[place]["toolUse"]["input"] = given
    return [block for block in made if "text" in block or block["toolUse"]["input"] is not None]


def _call(name: str) -> Call:
    return Call(name, f"tooluse_{secrets.token_hex(11)}")


def _stopped_at_a_sequence(choice: Json, chunk: Json) -> bool:
    """vLLM names the sequence in the choice, llama.cpp when it is asked to be verbose; others do not tell."""
    told = (chunk.get("__verbose") or {}).get("stop_type") == "word"
    return told or isinstance(choice.get("stop_reason"), str)


def _loaded(text: str, otherwise: Any = ()) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else (dict(otherwise) if otherwise is not None else None)
