"""An example to learn from, whatever schema it was written in."""

from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

Role = Literal["user", "assistant"]
_SHAREGPT: Final[dict[str, Role]] = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}


class NoExampleError(ValueError):
    """A record has no example in any schema that is known; the message says why."""


class Example(Struct, frozen=True, kw_only=True):
    """Who says what, the user first and in turns; the last message of the assistant is what is to be learnt.

    Attributes:
        rest: keys beside, which a grader gets.
    """

    turns: tuple[tuple[Role, str], ...]
    system: str | None = None
    reference: Any = None
    rest: dict[str, Any] = {}

    @property
    def prompt(self) -> str:
        """All but the answer that is to be learnt."""
        told = [self.system] if self.system else []
        turns = self.turns[:-1] if self.turns[-1][0] == "assistant" else self.turns
        return "\n".join([*told, *(text for _, text in turns)])

    @property
    def answer(self) -> str:
        """What is to be learnt; "" if there is no answer."""
        role, text = self.turns[-1]
        if role == "assistant":
            return text
        return self.reference if isinstance(self.reference, str) else ""


def example_of(record: dict[str, Any], *, only_text: bool = True) -> Example:
    """Return the example of a record of Converse's, OpenAI's, Alpaca's or ShareGPT's schema, or of a pair of texts.

    Args:
        only_text: whether images and whatever else stands beside text is an error; else it is its JSON.

    Raises:
        NoExampleError: it is none of them.
    """
    if isinstance(record.get("messages"), list):
        return _of_messages(record, only_text=only_text)
    if isinstance(record.get("conversations"), list):
        turns = [
            {"role": _SHAREGPT.get(str(one.get("from")), one.get("from")), "content": one.get("value")}
            for one in record["conversations"]
            if isinstance(one, dict)
        ]
        return _of_messages({"messages": turns}, only_text=only_text)
    for prompt, completion in (("prompt", "completion"), ("instruction", "output")):
        if prompt in record and completion in record:
            asked = _text(record[prompt], prompt)
            if prompt == "instruction" and record.get("input"):
                asked = f"{asked}\n\n{_text(record['input'], 'input')}"
            system = record.get("system")
            return _example([("user", asked), ("assistant", _text(record[completion], completion))], system=system)
    for key in ("input", "text"):
        if record.keys() == {key}:
            return _example([("user", _text(record[key], key))])
    raise NoExampleError(
        f"it has the keys {', '.join(sorted(record)) or 'none'}, which belong to no schema that is known"
    )


def _of_messages(record: dict[str, Any], *, only_text: bool) -> Example:
    system = record.get("system")
    turns: list[tuple[Role, str]] = []
    for index, message in enumerate(record["messages"]):
        if not isinstance(message, dict):
            raise NoExampleError(f"messages[{index}] is no object")
        role = message.get("role")
        text = _content(message.get("content"), f"messages[{index}].content", only_text=only_text)
        if role in ("system", "developer"):
            system = text if system is None else f"{_content(system, 'system')}\n\n{text}"
        elif role in ("user", "assistant"):
            if turns and turns[-1][0] == role:
                turns[-1] = (role, f"{turns[-1][1]}\n\n{text}")
            else:
                turns.append((role, text))
        else:
            raise NoExampleError(f"messages[{index}] has the role {role!r}; known are system, user and assistant")
        if only_text and (message.get("tool_calls") or message.get("function_call")):
            raise NoExampleError(f"messages[{index}] calls a tool, which is not converted")
    rest = {
        key: value
        for key, value in record.items()
        if key not in ("messages", "system", "schemaVersion", "reference_answer")
    }
    return _example(turns, system=system, reference=record.get("reference_answer"), rest=rest)


def _example(
    turns: Iterable[tuple[Role, str]], *, system: Any = None, reference: Any = None, rest: dict[str, Any] | None = None
) -> Example:
    said = tuple(turns)
    if not said:
        raise NoExampleError("it has no message")
    if said[0][0] != "user":
        raise NoExampleError("its first message is the assistant's")
    told = _content(system, "system") if system else None
    return Example(turns=said, system=told, reference=reference, rest=rest or {})


def _content(value: Any, where: str, *, only_text: bool = True) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        texts = []
        for block in value:
            text = block.get("text") if isinstance(block, dict) else None
            if not isinstance(text, str) and not only_text:
                text = msgspec.json.encode(block, order="sorted").decode()
            if not isinstance(text, str):
                raise NoExampleError(f"{where} has something besides text, which is not converted")
            texts.append(text)
        return "\n\n".join(texts)
    raise NoExampleError(f"{where} is no text")


def _text(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise NoExampleError(f"{where} is no text")
