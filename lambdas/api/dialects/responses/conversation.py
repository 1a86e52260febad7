"""From a Responses request to the conversation that is answered: what is said, with which tools, in which form."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.api.dialects.responses import filters, labels, parts, reading, thoughts
from lambdas.api.dialects.responses.items import (
    Compaction,
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCallItem,
    FunctionCallOutput,
    HostedCall,
    Item,
    ItemReference,
    MessageItem,
    ReasoningItem,
)
from lambdas.api.dialects.responses.output import ENCRYPTED, RESULTS
from lambdas.api.dialects.responses.request import FileSearch, JsonObjectText, JsonSchemaText, ResponsesRequest
from lambdas.api.dialects.responses.tools import Tools, called, tools_of
from lambdas.chat.blocks import Block, text
from lambdas.chat.conversation import AnswerFormat, AnyJson, Conversation, DocumentSearch, JsonOf, Names, Reasoning
from lambdas.chat.spoken import Call, Spoken, SpokenBuilder, Words
from lambdas.chat.tools import Toolbox
from lambdas.common.errors import InvalidRequestError, NotFoundError
from lambdas.sessions.summary import notes_text

WORDS: Final = Words(
    messages="input",
    call_id="call_id",
    arguments="arguments",
    result_of="call_id",
    unanswered="After it there has to be an item of the type `function_call_output` (or `custom_tool_call_output`) "
    "with its `call_id`, before anything else is said.",
)
NAMES: Final = {
    "alias": "model",
    "answer": "text.format",
    "max_tokens": "max_output_tokens",
    "top_k": "quarry.top_k",
    "reasoning": "reasoning.effort",
    "session": "previous_response_id",
    "documents": "quarry.knowledge",
    "guardrail_trace": "quarry.guardrail_trace",
}
# The stored items that a request refers to, by their ids.
Stored = Mapping[str, dict[str, Any]]


class Translated(Struct, frozen=True, kw_only=True):
    """A request in the core's words.

    Attributes:
        tools: by which calls are told.
        going_on: instructions that stand in the input: unlike ``instructions``, they go on with a stored response.
        dropped: what was left out or changed, as callers are told.
    """

    conversation: Conversation
    tools: Tools
    going_on: tuple[str, ...]
    dropped: tuple[str, ...]


def references(request: ResponsesRequest) -> list[str]:
    """Return the ids of stored items that a request refers to."""
    items = request.input if isinstance(request.input, list) else []
    return list(dict.fromkeys(item.id for item in items if isinstance(item, ItemReference)))


def to_conversation(
    request: ResponsesRequest,
    *,
    stored: Stored | None = None,
    dropped: Iterable[str] = (),
    strict: bool = False,
    answers: bool = True,
) -> Translated:
    """Return what a request asks.

    Args:
        stored: the items that it refers to, as far as they were found.
        dropped: what was left out of it so far.
        strict: whether what Bedrock does not take is refused.
        answers: whether it is to be answered; what goes on need not say anything to be counted or put into notes.

    Raises:
        InvalidRequestError: what is said makes no conversation, or what is asked for contradicts itself.
        NotFoundError: it refers to an item that is not there.
    """
    tools = tools_of(request)
    toolbox = tools.toolbox()
    left_out = [*dropped, *tools.dropped]
    if not answers and not request.input and request.previous_response_id is not None:
        spoken = Spoken(system=text(request.instructions or ""), turns=[], last_param="input")
    else:
        spoken = _spoken(request, toolbox, stored or {}, left_out)
    fitted, misfits = labels.of(request, strict=strict)
    if not {ENCRYPTED, RESULTS}.issuperset(request.include or ()):
        left_out.append("include")
    quarry = request.quarry
    conversation = Conversation(
        alias=request.model,
        spoken=spoken,
        toolbox=toolbox,
        tool_choice=tools.choice,
        parallel_tool_calls=request.parallel_tool_calls is not False,
        answer=_answer(request),
        max_tokens=request.max_output_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=quarry.top_k,
        reasoning=Reasoning(effort=request.reasoning.effort if request.reasoning else None, told=True),
        labels=fitted,
        goes_on=request.previous_response_id is not None,
        documents=_documents(tools, quarry.knowledge),
        guardrail_trace=quarry.guardrail_trace,
        names=_names(request),
    )
    own = int(bool(request.instructions and request.instructions.strip()))
    return Translated(
        conversation=conversation,
        tools=tools,
        going_on=tuple(block["text"] for block in spoken.system[own:] if "text" in block),
        dropped=tuple(dict.fromkeys([*left_out, *misfits])),
    )


def _answer(request: ResponsesRequest) -> AnswerFormat:
    match request.text and request.text.format:
        case JsonObjectText():
            return AnyJson()
        case JsonSchemaText(name=name, schema=schema, description=description):
            return JsonOf(name=name, schema=schema, description=description)
        case _:
            return None


def _names(request: ResponsesRequest) -> Names:
    """Return the core's words in the caller's: documents are asked by a tool, or as everywhere here."""
    for place, tool in enumerate(request.tools or ()):
        if isinstance(tool, FileSearch):
            return {**NAMES, "documents": "file_search", "filter": f"tools[{place}].filters"}
    return NAMES


def _documents(tools: Tools, knowledge: DocumentSearch | None) -> DocumentSearch | None:
    if tools.search is None:
        return knowledge
    return DocumentSearch(filter=filters.own(tools.search.filters), results=tools.search.max_num_results)


def _spoken(request: ResponsesRequest, toolbox: Toolbox, stored: Stored, dropped: list[str]) -> Spoken:
    builder = SpokenBuilder(toolbox, words=WORDS, goes_on=request.previous_response_id is not None)
    if request.instructions:
        builder.instruct(text(request.instructions))
    if isinstance(request.input, str):
        builder.user(text(request.input), param="input")
    else:
        _Telling(builder, stored, dropped).tell(request.input)
    return builder.spoken()


class _Telling:
    """Tells a builder items in their order: what the model made one after the other is one message of the model's."""

    def __init__(self, builder: SpokenBuilder, stored: Stored, dropped: list[str]) -> None:
        self._builder = builder
        self._stored = stored
        self._dropped = dropped
        self._said: list[Block | Call] = []
        self._since = ""

    def tell(self, items: list[Item]) -> None:
        for place, item in enumerate(items):
            param = f"input[{place}]"
            match item:
                case ItemReference(id=item_id):
                    found = self._found(item_id, param)
                    if found is not None:
                        self._one(found, param)
                case _:
                    self._one(item, param)
        self._end()

    def _one(self, item: Item, param: str) -> None:
        match item:
            case MessageItem(role="assistant"):
                self._say(param, *parts.assistant(item.content))
            case FunctionCallItem():
                name = called(item.name, item.namespace)
                self._say(param, Call(id=item.call_id, name=name, arguments=item.arguments, param=param))
            case CustomToolCall():
                name = called(item.name, item.namespace)
                self._say(param, Call(id=item.call_id, name=name, arguments=item.input, param=param, is_text=True))
            case ReasoningItem():
                block = thoughts.thinking(item.encrypted_content)
                if block is not None:
                    self._say(param, block)
            case FunctionCallOutput() | CustomToolCallOutput():
                self._end()
                self._builder.result(
                    item.call_id, list(parts.blocks(item.output or "", f"{param}.output")), param=param
                )
            case Compaction():
                self._end()
                self._builder.instruct(_notes(item, param))
            case HostedCall() | ItemReference():
                pass
            case MessageItem(role="user"):
                self._end()
                self._builder.user(list(parts.blocks(item.content, f"{param}.content")), param=param)
            case _:
                self._end()
                self._builder.instruct(parts.instructions(item.content, f"{param}.content"))

    def _say(self, param: str, *said: Block | Call) -> None:
        if not self._said:
            self._since = param
        self._said += said

    def _end(self) -> None:
        if self._said:
            self._builder.assistant(self._said, param=self._since)
            self._said = []

    def _found(self, item_id: str, param: str) -> Item | None:
        given = self._stored.get(item_id)
        if given is not None:
            items = [given]
            self._dropped += reading.completed({"input": items})
            found: Item = msgspec.convert(items[0], Item)
            return found
        if item_id.startswith("rs_"):
            # A thought that is gone: the model can do without.
            self._dropped.append("input[]")
            return None
        raise NotFoundError(
            f"There is no item `{item_id}`. Its response may have expired or been deleted, was not stored, or belongs "
            "to another key. Send the item itself.",
            param=f"{param}.id",
            code="item_not_found",
        )


def _notes(item: Compaction, param: str) -> list[Block]:
    found = thoughts.opened(item.encrypted_content)
    if not isinstance(found, thoughts.Notes):
        raise InvalidRequestError(
            "This is no compaction of POST /v1/responses/compact of this platform.", param=f"{param}.encrypted_content"
        )
    return text(notes_text(found.text))
