"""The chat request, as OpenAI's API has it: types. ``reading`` makes them of a body.

msgspec parses and validates in one pass and imports in a tenth of the time that pydantic needs, which every cold start
would pay.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from lambdas.api.dialects.chat.messages import Instructions, Message
from lambdas.chat.conversation import DocumentSearch
from lambdas.chat.fields import JsonObject, Name, NonEmptyText, SessionId, StopText, Tokens


class Function(Struct, forbid_unknown_fields=True):
    """A tool's function. ``parameters`` is a JSON schema; one that is no object's is put into one for Bedrock."""

    name: Name
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None
    cache_control: JsonObject | None = None


class Tool(Struct, forbid_unknown_fields=True):
    """A tool that the model may call. `cache_control`: Bedrock keeps the tools up to here, where the model can."""

    function: Function
    type: Literal["function"] = "function"
    cache_control: JsonObject | None = None


class NamedFunction(Struct, forbid_unknown_fields=True):
    """A function's name."""

    name: Name


class NamedTool(Struct, forbid_unknown_fields=True):
    """The one tool that the model has to call."""

    function: NamedFunction
    type: Literal["function"] = "function"


class JsonSchema(Struct, forbid_unknown_fields=True):
    """The schema that the answer is to fit."""

    name: Name
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


ResponseFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat


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
    user: str | None = None
    metadata: JsonObject | None = None
    quarry: Extension = Extension()

    @property
    def answered(self) -> tuple[int, Message] | None:
        """The message that is answered, and its place: the last one that is no instruction; None if there is none."""
        for index in range(len(self.messages) - 1, -1, -1):
            if not isinstance(self.messages[index], Instructions):
                return index, self.messages[index]
        return None
