"""From a Messages request to a ``Conversation``: what is asked, in no API's words."""

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any, Final

from lambdas.api.dialects.messages import documents, thoughts
from lambdas.api.dialects.messages.blocks import (
    AssistantTurn,
    DocumentBlock,
    ImageBlock,
    RedactedThinkingBlock,
    SaidTextBlock,
    SearchResultBlock,
    SystemTurn,
    TextBlock,
    ThinkingBlock,
    ToolReferenceBlock,
    ToolResultBlock,
    ToolUseBlock,
    UserTurn,
)
from lambdas.api.dialects.messages.documents import image
from lambdas.api.dialects.messages.request import (
    ClientTool,
    CountTokensRequest,
    MessagesRequest,
    NoChoice,
    OneChoice,
    SomeChoice,
    ThinkingDisabled,
    ThinkingEnabled,
)
from lambdas.chat.blocks import Block, marked, text
from lambdas.chat.conversation import AnswerFormat, Conversation, JsonOf, NamedTool, Names, Reasoning, ToolChoice
from lambdas.chat.spoken import Call, Spoken, SpokenBuilder, Words
from lambdas.chat.tools import NO_TOOLS, Toolbox

NAMES: Final[Names] = MappingProxyType(
    {
        "alias": "model",
        "answer": "output_config.format",
        "stop": "stop_sequences",
        "reasoning": "thinking",
        "session": "quarry.session",
        "documents": "quarry.knowledge",
        "guardrail_trace": "quarry.guardrail_trace",
    }
)
WORDS: Final = Words(
    messages="messages",
    call_id="id",
    arguments="input",
    result_of="tool_use_id",
    unanswered="After an assistant's message with `tool_use` there has to be a `tool_result` for each of them.",
)
# A parameter of Anthropic's own, which clients send whoever answers.
_WAIVED: Final = frozenset({"top_k"})
# What callers know a JSON answer's schema by: nothing.
_ANSWER: Final = "answer"


def to_conversation(request: MessagesRequest) -> Conversation:
    """Return what is asked.

    Raises:
        InvalidRequestError: a result answers no call, a call has no result, or an image or a document cannot be used;
            ``param`` names the place.
    """
    extension = request.quarry
    counted = to_counted(request, goes_on=extension.session is not None)
    label = request.metadata.user_id if request.metadata else None
    return Conversation(
        alias=counted.alias,
        spoken=counted.spoken,
        toolbox=counted.toolbox,
        tool_choice=counted.tool_choice,
        parallel_tool_calls=not getattr(request.tool_choice, "disable_parallel_tool_use", None),
        answer=counted.answer,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop=tuple(request.stop_sequences or ()),
        tells_stop=True,
        reasoning=counted.reasoning,
        labels={"user": label} if label else {},
        session=extension.session,
        documents=extension.knowledge,
        guardrail_trace=extension.guardrail_trace,
        waived=_WAIVED,
        names=NAMES,
    )


def to_counted(request: CountTokensRequest, *, goes_on: bool = False) -> Conversation:
    """Return what the model would read, as far as a request to count tells it.

    Args:
        goes_on: whether the request is part of a session, whose calls may be answered by it.

    Raises:
        InvalidRequestError: as ``to_conversation``.
    """
    tools = list(_known_tools(request))
    toolbox = _toolbox(tools)
    return Conversation(
        alias=request.model,
        spoken=_Said(toolbox, goes_on=goes_on).spoken(request),
        toolbox=toolbox,
        tool_choice=_tool_choice(request) if tools else "auto",
        answer=_answer(request),
        reasoning=_reasoning(request),
        names=NAMES,
    )


def omits_thoughts(request: CountTokensRequest) -> bool:
    """Return whether the caller wants what was thought sealed, and not told."""
    return getattr(request.thinking, "display", None) == "omitted"


def not_taken(request: CountTokensRequest) -> Sequence[str]:
    """Return what of a request means nothing without another part of it."""
    config = request.output_config
    return ["output_config.effort"] if config and config.effort and _reasoning(request) is None else []


def _known_tools(request: CountTokensRequest) -> Iterator[ClientTool]:
    """Yield the tools that the model may know of: those kept back only once a result or the choice names them."""
    named = set(_referred(request))
    if isinstance(request.tool_choice, OneChoice):
        named.add(request.tool_choice.name)
    for tool in request.tools or ():
        if not tool.defer_loading or tool.name in named:
            yield tool


def _referred(request: CountTokensRequest) -> Iterator[str]:
    for turn in request.messages:
        if not isinstance(turn, UserTurn) or isinstance(turn.content, str):
            continue
        for block in turn.content:
            if isinstance(block, ToolResultBlock) and isinstance(block.content, list):
                yield from (part.tool_name for part in block.content if isinstance(part, ToolReferenceBlock))


def _toolbox(tools: Sequence[ClientTool]) -> Toolbox:
    if not tools:
        return NO_TOOLS
    return Toolbox((one.name, one.description, one.input_schema, one.cache_control is not None) for one in tools)


def _tool_choice(request: CountTokensRequest) -> ToolChoice:
    match request.tool_choice:
        case SomeChoice():
            return "required"
        case OneChoice(name=name):
            return NamedTool(name)
        case NoChoice():
            return "none"
        case _:
            return "auto"


def _answer(request: CountTokensRequest) -> AnswerFormat:
    wanted = (request.output_config.format if request.output_config else None) or request.output_format
    return None if wanted is None else JsonOf(name=_ANSWER, schema=wanted.schema)


def _reasoning(request: CountTokensRequest) -> Reasoning | None:
    thinking = request.thinking
    if thinking is None or isinstance(thinking, ThinkingDisabled):
        return None
    effort = request.output_config.effort if request.output_config else None
    if isinstance(thinking, ThinkingEnabled):
        return Reasoning(effort=effort, budget=thinking.budget_tokens, told=True)
    # Anthropic's default.
    return Reasoning(effort=effort or "high", told=True)


class _Said:
    """What one request says, on its way to Converse's blocks."""

    def __init__(self, toolbox: Toolbox, *, goes_on: bool) -> None:
        self._builder = SpokenBuilder(toolbox, words=WORDS, goes_on=goes_on)

    def spoken(self, request: CountTokensRequest) -> Spoken:
        """Return all of it."""
        self._instruct(request.system)
        last = len(request.messages) - 1
        for index, turn in enumerate(request.messages):
            kept = request.cache_control is not None and index == last
            param = f"messages[{index}]"
            match turn:
                case SystemTurn():
                    self._instruct(turn.content)
                case AssistantTurn():
                    self._assistant(turn, param=param, begun=index == last)
                case UserTurn():
                    self._user(turn, param=param, kept=kept)
        return self._builder.spoken()

    def _instruct(self, content: str | list[TextBlock] | None) -> None:
        if isinstance(content, str):
            self._builder.instruct(text(content))
        for block in content if isinstance(content, list) else ():
            self._builder.instruct(text(block.text), kept=block.cache_control is not None)

    def _assistant(self, turn: AssistantTurn, *, param: str, begun: bool) -> None:
        """Add what the model said, or, at the end, what is begun for it: Claude refuses white space there."""
        said: list[Block | Call] = []
        for place, block in enumerate([SaidTextBlock(turn.content)] if isinstance(turn.content, str) else turn.content):
            where = f"{param}.content[{place}]"
            match block:
                case SaidTextBlock():
                    words = block.text.rstrip() if begun else block.text
                    said += marked(text(words), block.cache_control is not None)
                case ThinkingBlock():
                    said += thoughts.opened(block.thinking, block.signature, param=where)
                case RedactedThinkingBlock():
                    said += thoughts.hidden(block.data, param=where)
                case ToolUseBlock():
                    said.append(Call(id=block.id, name=block.name, arguments=block.input, param=where))
        self._builder.assistant(said, param=param)

    def _user(self, turn: UserTurn, *, param: str, kept: bool) -> None:
        """Add what tools gave, which has to come first, and what the user says."""
        blocks: list[Block] = []
        results: list[tuple[ToolResultBlock, str]] = []
        for place, block in enumerate([TextBlock(turn.content)] if isinstance(turn.content, str) else turn.content):
            where = f"{param}.content[{place}]"
            if isinstance(block, ToolResultBlock):
                results.append((block, where))
            else:
                blocks += self._given(block, param=where)
        for block, where in results:
            self._result(block, param=where, kept=kept and not blocks and block is results[-1][0])
        if blocks or not results:
            self._builder.user(blocks, param=param, kept=kept)

    def _result(self, block: ToolResultBlock, *, param: str, kept: bool) -> None:
        if isinstance(block.content, str):
            given = text(block.content)
        else:
            parts = enumerate(block.content or ())
            given = [made for place, part in parts for made in self._given(part, param=f"{param}.content[{place}]")]
        self._builder.result(
            block.tool_use_id,
            given,
            param=param,
            failed=block.is_error is True,
            kept=kept or block.cache_control is not None,
        )

    def _given(self, block: Any, *, param: str) -> list[Block]:
        match block:
            case TextBlock():
                made = text(block.text)
            case ImageBlock():
                made = image(block, param=param)
            case DocumentBlock():
                made = documents.blocks(block, param=param)
            case ToolReferenceBlock():
                made = text(f"There is a tool `{block.tool_name}` now.")
            case SearchResultBlock():
                found = "\n".join(part.text for part in block.content)
                made = text(f"{block.title} ({block.source}):\n{found}")
            case _:
                raise AssertionError(type(block))
        return marked(made, block.cache_control is not None)
