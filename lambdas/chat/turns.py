"""From the messages of OpenAI's chat request to Converse's system text and turns: what is said, for any model.

Converse wants the system text apart and turns that alternate, beginning with the user's, in which each call is answered
by the turn after it. OpenAI's list has no such rules: neighbouring messages of one role are joined, what is blank is
left out, and a conversation that begins with the assistant, or has only instructions, gets a short turn of the user's.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Final

from lambdas.chat.images import to_image
from lambdas.chat.messages import (
    AssistantMessage,
    DeveloperMessage,
    ImagePart,
    SystemMessage,
    TextPart,
    ToolCall,
    ToolMessage,
    UserMessage,
    assistant_text,
    plain_text,
)
from lambdas.chat.request import ChatRequest
from lambdas.chat.schemas import WRAPPED
from lambdas.chat.tools import CACHE_POINT, Toolbox, bedrock_id, bedrock_name
from lambdas.common.errors import InvalidRequestError
from lambdas.common.json_body import decode_text

Block = dict[str, Any]

# What the user says where nobody has said anything for the user.
BEGIN: Final = "Begin."
# What a tool said that gave nothing: Converse refuses empty text.
_NOTHING: Final = "(nothing)"


class _Anything(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


_ANY: Final = _Anything()


@dataclass(frozen=True)
class Spoken:
    """What is said to the model: Converse's ``system`` and ``messages``.

    Attributes:
        last: how many blocks of the last turn are the last message's own.
    """

    system: list[Block]
    turns: list[Block]
    last: int = 0


def to_turns(request: ChatRequest, open_calls: Container[str] | None = None) -> Spoken:
    """Return what the request says.

    Args:
        open_calls: ids of tool calls that were made before the first message and are not answered yet. Left out, there
            are none; of a session, which may have some, any may be meant: they are known once it was read.

    Raises:
        InvalidRequestError: a tool's result answers no call, a call has no result, or an image cannot be used;
            ``param`` names the message.
    """
    if open_calls is None:
        open_calls = _ANY if request.quarry.session is not None else frozenset()
    said = _Said(request.toolbox, open_calls)
    for index, message in enumerate(request.messages):
        path = f"messages[{index}]"
        match message:
            case SystemMessage() | DeveloperMessage():
                said.instruct(message)
            case UserMessage():
                said.all_answered()
                said.join("user", marked(_content(message.content, path), message.cache_control))
            case ToolMessage():
                said.join("user", marked(said.result(message, path), message.cache_control))
            case AssistantMessage():
                said.all_answered()
                said.join("assistant", said.assistant(message, path))
    said.all_answered()
    if not said.turns:
        if not said.system:
            raise InvalidRequestError("There is no message with any text.", param="messages")
        said.join("user", [{"text": BEGIN}])
    return Spoken(system=said.system, turns=said.turns, last=said.last)


class _Said:
    """What was said so far.

    Args:
        open_before: ids of calls that were open before the first message.
    """

    def __init__(self, toolbox: Toolbox, open_before: Container[str]) -> None:
        self._toolbox = toolbox
        self._open_before = open_before
        # Calls of the newest assistant's message that are not answered yet: (the caller's id, Bedrock's, path).
        self._open: list[tuple[str, str, str]] = []
        self._ids: set[str] = set()
        self._begun = False
        self.system: list[Block] = []
        self.turns: list[Block] = []
        self.last = 0

    def join(self, role: str, blocks: list[Block]) -> None:
        """Add blocks to the turn of a role."""
        if not blocks:
            return
        if not self.turns and role == "assistant":
            self.turns.append({"role": "user", "content": [{"text": BEGIN}]})
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["content"].extend(blocks)
        else:
            self.turns.append({"role": role, "content": blocks})
        self.last = len(blocks)

    def instruct(self, message: SystemMessage | DeveloperMessage) -> None:
        """Add to the system text."""
        if isinstance(message.content, str) or not any(part.cache_control for part in message.content):
            text = plain_text(message.content)
            blocks = [{"text": text}] if text.strip() else []
        else:
            blocks = [block for part in message.content for block in _part(part, "")]
        self.system += marked(blocks, message.cache_control)

    def assistant(self, message: AssistantMessage, path: str) -> list[Block]:
        """Return what the assistant said and called."""
        self._begun = True
        text = assistant_text(message)
        blocks: list[Block] = [{"text": text}] if text.strip() else []
        for position, call in enumerate(message.tool_calls or ()):
            blocks.append(self._call(call, f"{path}.tool_calls[{position}]"))
        return marked(blocks, _mark(message))

    def _call(self, call: ToolCall, path: str) -> Block:
        used = bedrock_id(call.id or path)
        # Some providers count anew in each answer.
        while used in self._ids:
            used = bedrock_id(f"{used} {path}")
        self._ids.add(used)
        self._open.append((call.id or "", used, path))
        if call.function is not None:
            name = bedrock_name(call.function.name)
            given = _arguments(call.function.arguments, wrapped=name in self._toolbox.wrapped, path=path)
        elif call.custom is not None:
            name, given = bedrock_name(call.custom.name), {WRAPPED: call.custom.input}
        else:
            raise InvalidRequestError(f"`{path}.function` is required and missing.", param=f"{path}.function")
        return {"toolUse": {"toolUseId": used, "name": name, "input": given}}

    def result(self, message: ToolMessage, path: str) -> list[Block]:
        """Return what a tool gave, as the answer to its call; marks of what is to be kept have no place inside."""
        answered = message.tool_call_id or ""
        given = _content(message.content, path)
        content = [block for block in given if "cachePoint" not in block] or [{"text": _NOTHING}]
        point = [CACHE_POINT] if len(content) < len(given) else []
        for place, (call_id, used, _) in enumerate(self._open):
            # Who was given no ids sends none: then the order tells.
            if answered in (call_id, used) or not answered:
                del self._open[place]
                return [_tool_result(used, content), *point]
        used = bedrock_id(answered or path)
        if self._begun or used not in self._open_before:
            raise InvalidRequestError(
                f"The result of `{answered}` answers no tool call of the assistant's before it that is open.",
                param=f"{path}.tool_call_id",
            )
        return [_tool_result(used, content), *point]

    def all_answered(self) -> None:
        """Refuse to go on while calls are open."""
        if self._open:
            call_id, _, path = self._open[0]
            raise InvalidRequestError(
                f"The call `{call_id}` has no result. After an assistant's message with `tool_calls` there has to be a "
                "message of the role `tool` for each of them.",
                param=f"{path}.id",
            )


def _tool_result(call_id: str, content: list[Block]) -> Block:
    return {"toolResult": {"toolUseId": call_id, "content": content}}


def _mark(message: AssistantMessage) -> dict[str, Any] | None:
    """Return the mark of what the assistant said, wherever it stands: its parts are one text. Others mean nothing."""
    parts = [part for part in message.content if isinstance(part, dict)] if isinstance(message.content, list) else []
    marks = [message.cache_control, *(part.get("cache_control") for part in parts)]
    return next((mark for mark in marks if mark and isinstance(mark, dict)), None)


def _content(content: str | list[TextPart | ImagePart] | None, path: str) -> list[Block]:
    if content is None or isinstance(content, str):
        return [{"text": content}] if content and content.strip() else []
    return [block for place, part in enumerate(content) for block in _part(part, f"{path}.content[{place}]")]


def _part(part: TextPart | ImagePart, path: str) -> list[Block]:
    if isinstance(part, ImagePart):
        blocks = [to_image(part.image_url.url, param=f"{path}.image_url.url")]
    else:
        blocks = [{"text": part.text}] if part.text.strip() else []
    return marked(blocks, part.cache_control)


def marked(blocks: list[Block], control: dict[str, Any] | None) -> list[Block]:
    """Return blocks with the mark that Bedrock is to keep what is up to their end, where the caller has it so.

    Args:
        control: Anthropic's ``cache_control``, which other gateways have taken over.
    """
    if not blocks or control is None or "cachePoint" in blocks[-1]:
        return blocks
    return [*blocks, CACHE_POINT]


def _arguments(given: Any, *, wrapped: bool, path: str) -> dict[str, Any]:
    """Return a call's input. What is no JSON object, as an answer that was cut leaves it, is taken for an empty one."""
    if isinstance(given, str):
        given = decode_text(given, param=f"{path}.function.arguments")
    if wrapped:
        return {} if given is None else {WRAPPED: given}
    return given if isinstance(given, dict) else {}
