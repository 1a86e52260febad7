"""The chat request, as OpenAI's API has it, and what of it Quarry accepts. Other fields are refused by name.

msgspec parses and validates in one pass and imports in a tenth of the time that pydantic needs, which every cold start
would pay.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from lambdas.common.errors import InvalidRequestError
from lambdas.common.json_body import decode

# Bedrock refuses text that is only white space, so it is refused here, where the field can be named.
NonEmptyText = Annotated[str, Meta(pattern=r"\S")]
# Source: Converse's ToolSpecification.
ToolName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
JsonObject = dict[str, Any]
SessionId = Annotated[str, Meta(min_length=1, max_length=64)]
Results = Annotated[int, Meta(ge=1, le=100)]


class TextPart(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """Text of a message."""

    text: NonEmptyText


class ImageUrl(Struct, forbid_unknown_fields=True):
    """Where an image is: a data URL. ``detail`` is accepted and has no counterpart in Bedrock."""

    url: Annotated[str, Meta(min_length=1)]
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(Struct, tag_field="type", tag="image_url", forbid_unknown_fields=True):
    """An image of a user's message."""

    image_url: ImageUrl


# No pattern here: msgspec (0.22.0 and before) frees a pattern's memory wrongly where the same union has a list, and the
# process dies at its end. ``_check_relations`` refuses empty text instead.
TextContent = str | Annotated[list[TextPart], Meta(min_length=1)]
UserContent = str | Annotated[list[TextPart | ImagePart], Meta(min_length=1)]


class SystemMessage(Struct, tag_field="role", tag="system", forbid_unknown_fields=True):
    """Instructions; anywhere in the list, as OpenAI allows."""

    content: TextContent
    name: str | None = None


class DeveloperMessage(Struct, tag_field="role", tag="developer", forbid_unknown_fields=True):
    """OpenAI's newer word for ``system``."""

    content: TextContent
    name: str | None = None


class UserMessage(Struct, tag_field="role", tag="user", forbid_unknown_fields=True):
    """What the user says."""

    content: UserContent
    name: str | None = None


class FunctionCall(Struct, forbid_unknown_fields=True):
    """What the model called; ``arguments`` is a JSON object as text."""

    name: ToolName
    arguments: str


class ToolCall(Struct, forbid_unknown_fields=True):
    """One call that the model made."""

    id: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_.:-]{1,64}$")]
    function: FunctionCall
    type: Literal["function"] = "function"


class AssistantMessage(Struct, tag_field="role", tag="assistant", forbid_unknown_fields=True):
    """What the model said before, as clients send it back: ``refusal`` and the empty fields have no meaning here."""

    content: TextContent | None = None
    tool_calls: Annotated[list[ToolCall], Meta(min_length=1)] | None = None
    name: str | None = None
    refusal: str | None = None
    annotations: list[Any] | None = None
    audio: None = None
    function_call: None = None


class ToolMessage(Struct, tag_field="role", tag="tool", forbid_unknown_fields=True):
    """What a tool gave."""

    tool_call_id: Annotated[str, Meta(min_length=1)]
    content: str | Annotated[list[TextPart], Meta(min_length=1)]
    name: str | None = None


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage


class Function(Struct, forbid_unknown_fields=True):
    """A tool's function. ``parameters`` is a JSON schema whose root is an object."""

    name: ToolName
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None


class Tool(Struct, forbid_unknown_fields=True):
    """A tool that the model may call."""

    function: Function
    type: Literal["function"] = "function"


class NamedFunction(Struct, forbid_unknown_fields=True):
    """A function's name."""

    name: ToolName


class NamedTool(Struct, forbid_unknown_fields=True):
    """The one tool that the model has to call."""

    function: NamedFunction
    type: Literal["function"] = "function"


class JsonSchema(Struct, forbid_unknown_fields=True):
    """The schema that the answer is to fit."""

    name: ToolName
    schema: JsonObject
    description: str | None = None
    strict: bool | None = None


class TextFormat(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """Plain text: the default."""


class JsonObjectFormat(Struct, tag_field="type", tag="json_object", forbid_unknown_fields=True):
    """Any JSON object."""


class JsonSchemaFormat(Struct, tag_field="type", tag="json_schema", forbid_unknown_fields=True):
    """JSON that fits a schema."""

    json_schema: JsonSchema


class StreamOptions(Struct, forbid_unknown_fields=True):
    """How to stream. ``include_usage``: one more event before the end, with the token counts."""

    include_usage: bool = False
    include_obfuscation: bool = False


class DocumentSearch(Struct, frozen=True, forbid_unknown_fields=True):
    """What of the documents is searched; `{}` is everything.

    Attributes:
        filter: only documents whose own fields are so.
        results: how many passages are looked for; the environment's number by default.
    """

    filter: JsonObject | None = None
    results: Results | None = None


class Extension(Struct, frozen=True, forbid_unknown_fields=True):
    """What OpenAI's API has no word for: the request's ``quarry`` object.

    Attributes:
        top_k: sample from this many tokens only, where the family has it.
        guardrail_trace: tell in the answer's ``quarry.guardrail`` what the guardrail found.
        session: id of a session: its history goes before the messages, and the turn is added to it.
        knowledge: answer the last message from the documents, with citations in the answer's ``quarry``.
    """

    top_k: Annotated[int, Meta(ge=1, le=500)] | None = None
    guardrail_trace: bool = False
    session: SessionId | None = None
    knowledge: DocumentSearch | None = None


Tokens = Annotated[int, Meta(ge=1, le=1_000_000)]
StopText = Annotated[str, Meta(min_length=1, max_length=500)]
ResponseFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat
# Sources: Converse's requestMetadata (1 to 16 pairs, 256 characters), ToolConfiguration.
MetadataText = Annotated[str, Meta(max_length=256)]


class ChatRequest(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/chat/completions``. Ranges are those of Bedrock's InferenceConfiguration."""

    model: NonEmptyText
    messages: Annotated[list[Message], Meta(min_length=1, max_length=2000)]
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    stop: StopText | Annotated[list[StopText], Meta(max_length=4)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: Annotated[list[Tool], Meta(min_length=1, max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Literal["low", "medium", "high"] | None = None
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    user: Annotated[str, Meta(max_length=256)] | None = None
    metadata: Annotated[dict[str, MetadataText], Meta(max_length=15)] | None = None
    quarry: Extension = Extension()


_decoder: Final = msgspec.json.Decoder(ChatRequest)


def parse(body: bytes) -> ChatRequest:
    """Parse and validate a request body.

    Raises:
        InvalidRequestError: with ``param`` naming the field, as ``messages[0].role``.
    """
    try:
        request = decode(body, _decoder)
    except InvalidRequestError as error:
        if error.param and error.param.endswith("role"):
            error.message += " Accepted are `system`, `developer`, `user`, `assistant` and `tool`."
        raise
    _check_relations(request)
    return request


def _check_relations(request: ChatRequest) -> None:
    for index, message in enumerate(request.messages):
        may_be_empty = isinstance(message, AssistantMessage | ToolMessage)
        if isinstance(message.content, str) and not message.content.strip() and not may_be_empty:
            path = f"messages[{index}].content"
            raise InvalidRequestError(f"`{path}`: must not be empty.", param=path)
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        raise InvalidRequestError(
            "Give `max_tokens` or `max_completion_tokens`, not both: they mean the same.", param="max_tokens"
        )
    if not isinstance(request.messages[-1], UserMessage | ToolMessage):
        raise InvalidRequestError(
            "The last message must have the role `user` or `tool`: it is the one that gets answered.",
            param=f"messages[{len(request.messages) - 1}].role",
        )
    names = [tool.function.name for tool in request.tools or []]
    if len(set(names)) < len(names):
        raise InvalidRequestError("Two tools have the same name.", param="tools")
    if isinstance(request.tool_choice, NamedTool) and request.tool_choice.function.name not in names:
        raise InvalidRequestError(
            f"`tools` has no `{request.tool_choice.function.name}`.", param="tool_choice.function.name"
        )
    if request.tool_choice == "required" and not names:
        raise InvalidRequestError("A tool is required and `tools` has none.", param="tool_choice")


def plain_text(content: str | list[TextPart]) -> str:
    """Return the content as one text; parts are joined by line feeds."""
    return content if isinstance(content, str) else "\n".join(part.text for part in content)
