"""Records of a test set as questions: what the model is told, and the answer that was wanted.

The formats are those that are trained with: the conversation schema, whose last message is the answer; prompt and
completion; messages in OpenAI's shape, with a reference answer or the answer as their last.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct


class ExampleError(ValueError):
    """The line is no question with an answer."""


class Example(Struct, frozen=True, kw_only=True):
    """A question. ``system`` and ``messages`` are as Converse takes them, ``reference`` is the answer wanted."""

    system: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    reference: str

    @property
    def asked(self) -> str:
        """The last thing that the user said."""
        return _text_of(self.messages[-1]["content"])


def parse(line: bytes) -> Example:
    """Return the example of a line.

    Raises:
        ExampleError: it is none.
    """
    try:
        record = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise ExampleError(f"no JSON: {error}") from error
    if not isinstance(record, dict):
        raise ExampleError("no JSON object")
    if isinstance(record.get("prompt"), str) and isinstance(record.get("completion"), str):
        return Example(system=[], messages=[_said("user", record["prompt"])], reference=record["completion"])
    messages = record.get("messages")
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise ExampleError("neither prompt and completion nor messages")
    system = [*record.get("system", [])] if isinstance(record.get("system"), list) else []
    system += [{"text": _text_of(one.get("content"))} for one in messages if one.get("role") == "system"]
    talk = [one for one in messages if one.get("role") in ("user", "assistant")]
    reference = record.get("reference_answer")
    if reference is None:
        if not talk or talk[-1]["role"] != "assistant":
            raise ExampleError("the last message is not the assistant's")
        reference = _text_of(talk.pop().get("content"))
    elif not isinstance(reference, str):
        reference = msgspec.json.encode(reference).decode()
    if not talk or talk[-1]["role"] != "user":
        raise ExampleError("the user asks nothing")
    return Example(system=system, messages=[_message(one) for one in talk], reference=reference)


def _message(one: Mapping[str, Any]) -> dict[str, Any]:
    content = one.get("content")
    return _said(one["role"], content) if isinstance(content, str) else {"role": one["role"], "content": content}


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"text": text}]}


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts: Sequence[Any] = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))
