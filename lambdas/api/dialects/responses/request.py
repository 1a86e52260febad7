"""The body of ``POST /v1/responses``, as OpenAI's API has it: types. ``reading.py`` makes them of a body."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from lambdas.api.dialects.responses.items import Item
from lambdas.chat.conversation import DocumentSearch
from lambdas.chat.fields import JsonObject, Name, NonEmptyText, Results, Tokens


class FunctionTool(Struct, tag_field="type", tag="function", forbid_unknown_fields=True):
    """A function that the model may call. ``parameters`` is a JSON schema."""

    name: Name
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None


class CustomTool(Struct, tag_field="type", tag="custom", forbid_unknown_fields=True):
    """A tool whose input is text. A grammar in ``format`` is told to the model; nobody enforces it."""

    name: Name
    description: str | None = None
    format: JsonObject | None = None


class Namespace(Struct, tag_field="type", tag="namespace", forbid_unknown_fields=True):
    """Tools under one name, as agents group them."""

    name: Name
    tools: list[FunctionTool | CustomTool]
    description: str | None = None


class FileSearch(Struct, tag_field="type", tag="file_search", forbid_unknown_fields=True):
    """Answer from the documents of the environment's knowledge base, which is searched whatever the ids are.

    Attributes:
        filters: only documents whose own fields are so: OpenAI's comparisons.
        max_num_results: how many passages are looked for; the environment's number by default.
    """

    vector_store_ids: list[str] = []
    filters: JsonObject | None = None
    max_num_results: Results | None = None


class WebSearch(Struct, tag_field="type", tag="web_search"):
    """OpenAI's search of the web. It does not run here: beside other tools it is left out, and named; alone refused."""


Tool = FunctionTool | CustomTool | Namespace | FileSearch | WebSearch


class ChosenFunction(Struct, tag_field="type", tag="function", forbid_unknown_fields=True):
    """The one function that the model has to call."""

    name: Name


class ChosenCustom(Struct, tag_field="type", tag="custom", forbid_unknown_fields=True):
    """The one custom tool that the model has to call."""

    name: Name


class AllowedTools(Struct, tag_field="type", tag="allowed_tools", forbid_unknown_fields=True):
    """Those of the tools that the model may call this time."""

    tools: list[JsonObject]
    mode: Literal["auto", "required"] = "auto"


class ChosenSearch(Struct, tag_field="type", tag="file_search"):
    """Search the documents: what is done anyway where there is such a tool."""


ToolChoice = Literal["none", "auto", "required"] | ChosenFunction | ChosenCustom | AllowedTools | ChosenSearch


class PlainTextFormat(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """Plain text: the default."""


class JsonObjectText(Struct, tag_field="type", tag="json_object", forbid_unknown_fields=True):
    """Any JSON object."""


class JsonSchemaText(Struct, tag_field="type", tag="json_schema", forbid_unknown_fields=True):
    """JSON that fits a schema."""

    name: Name
    schema: JsonObject
    description: str | None = None
    strict: bool | None = None


class TextOptions(Struct, forbid_unknown_fields=True):
    """What form the answer has. ``verbosity`` is accepted as ``medium``, and else left out and named."""

    format: PlainTextFormat | JsonObjectText | JsonSchemaText | None = None


class ReasoningOptions(Struct, forbid_unknown_fields=True):
    """How hard the model thinks, and whether ``summary`` of the reasoning items tells what it thought."""

    effort: Literal["low", "medium", "high"] | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None


class ResponsesStreamOptions(Struct, forbid_unknown_fields=True):
    """How to stream. Events are never padded."""

    include_obfuscation: bool = False


class ResponsesExtension(Struct, frozen=True, forbid_unknown_fields=True):
    """What OpenAI's API has no word for: the request's ``quarry`` object.

    Attributes:
        top_k: sample from this many tokens only, where the family has it.
        guardrail_trace: tell in the answer's ``quarry.guardrail`` what the guardrail found.
        knowledge: answer from the documents, with their own filter; as a tool ``file_search``.
    """

    top_k: Annotated[int, Meta(ge=1, le=500)] | None = None
    guardrail_trace: bool = False
    knowledge: DocumentSearch | None = None


class ResponsesRequest(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/responses``. Ranges are those of Bedrock's InferenceConfiguration.

    Attributes:
        input: what is said: a text, or items.
        instructions: for this answer alone; a conversation that goes on does not keep them.
        store: keep the response, so that it can be read, and be gone on from with ``previous_response_id``. The
            default is OpenAI's: it is kept.
        previous_response_id: a stored response: what was said until then goes before the input.
        include: what is told besides.
        max_tool_calls: accepted: there is one search of the documents at most.
        truncation: what becomes of what was said before where it does not fit: the oldest is put into notes, or with
            `disabled` the request is refused.
    """

    model: NonEmptyText
    input: str | Annotated[list[Item], Meta(max_length=2000)] = ""
    instructions: str | None = None
    previous_response_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    store: bool = True
    stream: bool | None = None
    stream_options: ResponsesStreamOptions | None = None
    max_output_tokens: Tokens | None = None
    max_tool_calls: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    tools: Annotated[list[Tool], Meta(max_length=128)] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    text: TextOptions | None = None
    reasoning: ReasoningOptions | None = None
    include: list[str] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    metadata: JsonObject | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    quarry: ResponsesExtension = ResponsesExtension()


class CompactionRequest(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/responses/compact``.

    Attributes:
        model: alias that writes the notes.
        input: what is put into notes, after what the stored response says that is named.
        instructions: accepted: they are sent anew with every request, and no part of what was said.
    """

    model: NonEmptyText
    input: str | Annotated[list[Item], Meta(max_length=2000)] = ""
    instructions: str | None = None
    previous_response_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    prompt_cache_key: str | None = None
