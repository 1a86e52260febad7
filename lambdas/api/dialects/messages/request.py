"""The request of Anthropic's Messages API: types. ``reading`` makes them of a body."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from lambdas.api.dialects.messages.blocks import CacheControl, JsonObject, Name, TextBlock, Turn
from lambdas.chat.conversation import DocumentSearch

NonEmptyText = Annotated[str, Meta(pattern=r"\S")]


class ClientTool(Struct, forbid_unknown_fields=True):
    """A tool that the caller runs. `defer_loading`: the model learns of it when a `tool_reference` names it."""

    name: Name
    input_schema: JsonObject
    description: str | None = None
    type: Literal["custom"] | None = None
    cache_control: CacheControl | None = None
    defer_loading: bool | None = None


class AnyChoice(Struct, tag_field="type", tag="auto", forbid_unknown_fields=True):
    """The model calls a tool or none."""

    disable_parallel_tool_use: bool | None = None


class SomeChoice(Struct, tag_field="type", tag="any", forbid_unknown_fields=True):
    """The model has to call a tool."""

    disable_parallel_tool_use: bool | None = None


class OneChoice(Struct, tag_field="type", tag="tool", forbid_unknown_fields=True):
    """The model has to call this tool."""

    name: Name
    disable_parallel_tool_use: bool | None = None


class NoChoice(Struct, tag_field="type", tag="none", forbid_unknown_fields=True):
    """The model calls no tool."""


class ThinkingEnabled(Struct, tag_field="type", tag="enabled", forbid_unknown_fields=True):
    """The model thinks first, for so many tokens at most. `omitted`: what it thought is not told, only sealed."""

    budget_tokens: Annotated[int, Meta(ge=1_024, le=1_000_000)]
    display: Literal["summarized", "omitted"] | None = None


class ThinkingAdaptive(Struct, tag_field="type", tag="adaptive", forbid_unknown_fields=True):
    """The model thinks as much as it finds fit; `output_config.effort` says how hard."""

    display: Literal["summarized", "omitted"] | None = None


class ThinkingBetweenTools(Struct, tag_field="type", tag="between_tools", forbid_unknown_fields=True):
    """As `adaptive`, which is the nearest that Bedrock has."""


class ThinkingDisabled(Struct, tag_field="type", tag="disabled", forbid_unknown_fields=True):
    """The model answers at once."""


class JsonSchemaOutput(Struct, tag_field="type", tag="json_schema", forbid_unknown_fields=True):
    """JSON that fits a schema."""

    schema: JsonObject


class OutputConfig(Struct, forbid_unknown_fields=True):
    """How the answer is to be. `effort` counts where the model thinks."""

    effort: Literal["low", "medium", "high"] | None = None
    format: JsonSchemaOutput | None = None


class MessagesMetadata(Struct, forbid_unknown_fields=True):
    """A label of the call."""

    user_id: str | None = None


class MessagesExtension(Struct, frozen=True, forbid_unknown_fields=True):
    """What Anthropic's API has no word for: the request's ``quarry`` object.

    Attributes:
        guardrail_trace: tell in the answer's ``quarry.guardrail`` what the guardrail found.
        session: id of a session: its history goes before the messages, and the turn is added to it.
        knowledge: answer the last message from the documents, with citations in the answer's ``quarry``.
    """

    guardrail_trace: bool = False
    session: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    knowledge: DocumentSearch | None = None


MaxTokens = Annotated[int, Meta(ge=1, le=1_000_000)]
StopSequence = Annotated[str, Meta(max_length=500)]
ToolChoices = AnyChoice | SomeChoice | OneChoice | NoChoice
Thinking = ThinkingEnabled | ThinkingAdaptive | ThinkingBetweenTools | ThinkingDisabled


class CountTokensRequest(Struct, forbid_unknown_fields=True, kw_only=True):
    """Body of ``POST /v1/messages/count_tokens``: what the model would read."""

    model: NonEmptyText
    messages: Annotated[list[Turn], Meta(min_length=1, max_length=2000)]
    system: str | list[TextBlock] | None = None
    tools: Annotated[list[ClientTool], Meta(min_length=1, max_length=256)] | None = None
    tool_choice: ToolChoices | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: JsonSchemaOutput | None = None
    cache_control: CacheControl | None = None


class MessagesRequest(CountTokensRequest, forbid_unknown_fields=True, kw_only=True):
    """Body of ``POST /v1/messages``. Ranges are those of Bedrock's InferenceConfiguration.

    Attributes:
        stop_sequences: texts that end the answer; a model that takes fewer is given the first ones.
    """

    max_tokens: MaxTokens
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=1, le=500)] | None = None
    stop_sequences: Annotated[list[StopSequence], Meta(max_length=2_500)] | None = None
    stream: bool | None = None
    metadata: MessagesMetadata | None = None
    quarry: MessagesExtension = MessagesExtension()
