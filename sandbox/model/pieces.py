"""What a model writes, piece by piece, as it is read from an OpenAI-compatible server's event stream."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

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


class _Function(Struct):
    name: str | None = None
    # Some servers send the input as an object.
    arguments: str | dict[str, Any] | None = None


class _ToolCall(Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(Struct):
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None
    stop_reason: str | int | None = None  # vLLM: the sequence, or a token's number


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Verbose(Struct):
    stop_type: str | None = None


class _Chunk(Struct):
    """One event of a chat completion's stream: what is read of it."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None
    verbose: _Verbose | None = msgspec.field(default=None, name="__verbose")  # llama.cpp


@dataclass
class Reader:
    """Reads the lines of one answer's event stream, as an answer to what was asked."""

    asked: Asked
    _finished: str | None = None
    _counts: tuple[int | None, int | None] = (None, None)
    _calls: set[tuple[int, str | None]] = field(default_factory=set)
    _written: str = ""
    _said: str = ""

    def begin(self) -> Iterator[Piece]:
        """Yield what is known before the model has written anything."""
        if self.asked.form == "input":
            yield _call(self.asked.tool)

    def read(self, line: str) -> Iterator[Piece]:
        """Yield what a line adds: nothing, where it is blank or a comment.

        Raises:
            AwsError: ModelErrorException, the server reports a failure, or sends what is no chat completion.
        """
        name, _, value = line.partition(":")
        if name not in ("data", "error") or not value.strip():
            return
        if value.strip() == "[DONE]":
            self._finished = self._finished or "end_turn"
            return
        try:
            chunk = msgspec.json.decode(value, type=_Chunk)
        except (msgspec.DecodeError, RecursionError) as error:
            raise AwsError(
                "ModelErrorException", f"The model's server sent no chat completion: {line[:200]!r}: {error}"
            ) from error
        if name == "error" or chunk.error:
            raise AwsError("ModelErrorException", f"The model's server failed: {_message(chunk.error or value)}")
        yield from self._chunk(chunk)

    def end(self) -> Iterator[Piece]:
        """Yield what is left when the server has sent everything.

        Raises:
            AwsError: ModelErrorException, it stopped before the answer's end.
        """
        if self._finished is None:
            raise AwsError("ModelErrorException", "The model's server broke off in the middle of the answer.")
        if self.asked.form == "either":
            yield from self._either()
        if (self._calls or self.asked.form == "input") and self._finished == "end_turn":
            self._finished = "tool_use"
        yield End(self._finished, *self._counts)

    def _chunk(self, chunk: _Chunk) -> Iterator[Piece]:
        if chunk.usage is not None:
            self._counts = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in chunk.choices or []:
            if choice.finish_reason:
                self._finished = _STOP_REASONS.get(choice.finish_reason, "end_turn")
                if _stopped_at_a_sequence(choice, chunk):
                    self._finished = "stop_sequence"
            delta = choice.delta or _Delta()
            if delta.content:
                yield from self._text(delta.content)
            for call in delta.tool_calls or []:
                yield from self._tool_call(call)

    def _text(self, text: str) -> Iterator[Piece]:
        if self.asked.form == "text":
            yield Text(text)
        elif self.asked.form == "input":
            yield Input(text)
        else:
            self._written += text
            yield from self._words(final=False)

    def _tool_call(self, call: _ToolCall) -> Iterator[Piece]:
        function = call.function or _Function()
        # Some servers number all calls of an answer 0; a call's later parts have no id, or the same.
        place = (call.index or 0, call.id)
        is_new = place not in self._calls if call.id else not any(index == place[0] for index, _ in self._calls)
        if is_new:
            self._calls.add(place)
            yield _call(function.name or "")
        if arguments := function.arguments:
            yield Input(arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False))

    def _words(self, *, final: bool) -> Iterator[Piece]:
        """Yield what there is to add of ``{"text"}``, up to a stop text; what may become one waits."""
        said = _begun(self._written).get("text")
        if not isinstance(said, str):
            return
        places = [place for stop in self.asked.stops if (place := said.find(stop)) >= 0]
        if places:
            said = said[: min(places)]
            self._finished = "stop_sequence" if final else self._finished
        elif not final:
            said = said[: len(said) - _may_stop(said, self.asked.stops)]
        new, self._said = said[len(self._said) :], said
        if new:
            yield Text(new)

    def _either(self) -> Iterator[Piece]:
        answer = _loaded(self._written)
        if isinstance(answer.get("call"), dict):
            self._calls.add((0, None))
            yield _call(str(answer["call"].get("name") or ""))
            yield Input(json.dumps(answer["call"].get("arguments") or {}, ensure_ascii=False))
            return
        yield from self._words(final=True)
        # A call that the token limit cut is left out. What is no JSON at all is the server's own idea of an answer.
        if self._written and not self._written.lstrip().startswith("{"):
            yield Text(self._written)


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
            inputs[max(inputs)].append(piece.json)
    for place, parts in inputs.items():
        is_cut = stop_reason == "max_tokens"
        given = _loaded("".join(parts) or ("" if is_cut else "{}"), None)
        if given is None and not is_cut:
            raise AwsError("ModelErrorException", "The model called a tool with input that is no JSON object.")
        made[place]["toolUse"]["input"] = given
    return [block for block in made if "text" in block or block["toolUse"]["input"] is not None]


def _call(name: str) -> Call:
    return Call(name, f"tooluse_{secrets.token_hex(11)}")


def _stopped_at_a_sequence(choice: _Choice, chunk: _Chunk) -> bool:
    """vLLM names the sequence in the choice, llama.cpp when it is asked to be verbose; others do not tell."""
    told = chunk.verbose is not None and chunk.verbose.stop_type == "word"
    return told or isinstance(choice.stop_reason, str)


def _message(error: Any) -> str:
    return str(error.get("message") or error) if isinstance(error, dict) else str(error).strip()


def _begun(text: str) -> Json:
    """Return the object that ``text`` is the beginning of; {} where it is none."""
    from pydantic_core import from_json  # here: only a model whose template knows no tools needs it

    try:
        found = from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _may_stop(text: str, stops: tuple[str, ...]) -> int:
    """Return how many of the last characters may be the beginning of a stop text."""
    lengths = (length for stop in stops for length in range(1, len(stop)) if text.endswith(stop[:length]))
    return max(lengths, default=0)


def _loaded(text: str, otherwise: Any = ()) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else (dict(otherwise) if otherwise is not None else None)
