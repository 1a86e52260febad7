"""From OpenAI's chat request to a conversation: what is said, with what tools, and how the answer is to be."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lambdas.api.dialects.chat.messages import (
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
from lambdas.api.dialects.chat.request import (
    ChatRequest,
    JsonObjectFormat,
    JsonSchemaFormat,
    NamedTool,
    Tool,
)
from lambdas.chat import conversation
from lambdas.chat.blocks import Block, marked, text, thought
from lambdas.chat.conversation import AnswerFormat, AnyJson, Conversation, JsonOf, Names, Reasoning, ToolChoice
from lambdas.chat.images import to_image
from lambdas.chat.spoken import Call, Spoken, SpokenBuilder, Words
from lambdas.chat.tools import NO_TOOLS, Toolbox
from lambdas.common.errors import InvalidRequestError

NAMES: Final[Names] = MappingProxyType(
    {
        "alias": "model",
        "answer": "response_format",
        "reasoning": "reasoning_effort",
        "top_k": "quarry.top_k",
        "session": "quarry.session",
        "documents": "quarry.knowledge",
        "guardrail_trace": "quarry.guardrail_trace",
    }
)
WORDS: Final = Words(
    messages="messages",
    call_id="id",
    arguments="function.arguments",
    result_of="tool_call_id",
    unanswered=(
        "After an assistant's message with `tool_calls` there has to be a message of the role `tool` for each of them."
    ),
)


def to_conversation(request: ChatRequest) -> Conversation:
    """Return what a request asks.

    Raises:
        InvalidRequestError: a tool's result answers no call, a call has no result, or an image cannot be used;
            ``param`` names the message.
    """
    toolbox = _toolbox(request.tools)
    stop = [request.stop] if isinstance(request.stop, str) else request.stop
    return Conversation(
        alias=request.model,
        spoken=_spoken(request, toolbox),
        toolbox=toolbox,
        tool_choice=_tool_choice(request.tool_choice),
        parallel_tool_calls=request.parallel_tool_calls is not False,
        answer=_answer(request),
        max_tokens=request.max_completion_tokens or request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.quarry.top_k,
        stop=tuple(stop or ()),
        reasoning=Reasoning(effort=request.reasoning_effort, told=True) if request.reasoning_effort else None,
        labels={**(request.metadata or {}), **({"user": request.user} if request.user else {})},
        session=request.quarry.session,
        documents=request.quarry.knowledge,
        guardrail_trace=request.quarry.guardrail_trace,
        names=NAMES,
    )


def _toolbox(tools: list[Tool] | None) -> Toolbox:
    if not tools:
        return NO_TOOLS
    return Toolbox(
        (one.function.name, one.function.description, one.function.parameters, _is_kept(one)) for one in tools
    )


def _is_kept(tool: Tool) -> bool:
    return tool.cache_control is not None or tool.function.cache_control is not None


def _tool_choice(given: str | NamedTool | None) -> ToolChoice:
    match given:
        case NamedTool(function=function):
            return conversation.NamedTool(function.name)
        case "none" | "required":
            return given
        case _:
            return "auto"


def _answer(request: ChatRequest) -> AnswerFormat:
    match request.response_format:
        case JsonObjectFormat():
            return AnyJson()
        case JsonSchemaFormat(json_schema=wanted):
            return JsonOf(name=wanted.name, schema=wanted.schema, description=wanted.description)
        case _:
            return None


def _spoken(request: ChatRequest, toolbox: Toolbox) -> Spoken:
    said = SpokenBuilder(toolbox, words=WORDS, goes_on=request.quarry.session is not None)
    for index, message in enumerate(request.messages):
        path = f"messages[{index}]"
        kept = message.cache_control is not None
        match message:
            case SystemMessage() | DeveloperMessage():
                said.instruct(_instructions(message), kept=kept)
            case UserMessage():
                said.user(_content(message.content, path), param=path, kept=kept)
            case ToolMessage():
                said.result(message.tool_call_id, _content(message.content, path), param=path, kept=kept)
            case AssistantMessage():
                said.assistant(_assistant(message, path), param=path, kept=_is_marked(message))
    return said.spoken()


def _instructions(message: SystemMessage | DeveloperMessage) -> list[Block]:
    if isinstance(message.content, str) or not any(part.cache_control for part in message.content):
        return text(plain_text(message.content))
    return [block for part in message.content for block in _part(part, "")]


def _assistant(message: AssistantMessage, path: str) -> list[Block | Call]:
    calls = (_call(call, f"{path}.tool_calls[{place}]") for place, call in enumerate(message.tool_calls or ()))
    said: list[Block | Call] = [*text(assistant_text(message)), *calls]
    # A turn of thoughts alone would be none to who does not take them.
    return [*_thoughts(message), *said] if said else []


def _thoughts(message: AssistantMessage) -> list[Block]:
    """Return what the model thought before it said that; what is no text means nothing."""
    given = message.reasoning_content or message.reasoning
    return [thought(given, None)] if isinstance(given, str) and given.strip() else []


def _call(call: ToolCall, path: str) -> Call:
    if call.function is not None:
        return Call(id=call.id, name=call.function.name, arguments=call.function.arguments, param=path)
    if call.custom is not None:
        return Call(id=call.id, name=call.custom.name, arguments=call.custom.input, is_text=True, param=path)
    raise InvalidRequestError(f"`{path}.function` is required and missing.", param=f"{path}.function")


def _is_marked(message: AssistantMessage) -> bool:
    """Whether what the assistant said is marked, wherever: its parts are one text. Other marks mean nothing."""
    if not isinstance(message.content, list):
        return bool(message.cache_control) and isinstance(message.cache_control, Mapping)
    parts = (part for part in message.content if isinstance(part, dict))
    marks = [message.cache_control, *(part.get("cache_control") for part in parts)]
    return any(mark and isinstance(mark, Mapping) for mark in marks)


def _content(content: str | list[TextPart | ImagePart] | None, path: str) -> list[Block]:
    if content is None or isinstance(content, str):
        return text(content or "")
    return [block for place, part in enumerate(content) for block in _part(part, f"{path}.content[{place}]")]


def _part(part: TextPart | ImagePart, path: str) -> list[Block]:
    if isinstance(part, ImagePart):
        blocks = [to_image(part.image_url.url, param=f"{path}.image_url.url")]
    else:
        blocks = text(part.text)
    return marked(blocks, part.cache_control is not None)
