"""What stands in a request's ``input``: messages, calls, results, thoughts, as the Responses API has them.

Items that the model made come back as clients hold them, with whatever other gateways and SDKs have put there, so that
items may have members that nobody knows.
"""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from lambdas.chat.fields import JsonObject, Name


class InputText(Struct, tag_field="type", tag="input_text"):
    """Text of a message. Text of only white space is left out."""

    text: str


class OutputText(Struct, tag_field="type", tag="output_text"):
    """Text that the model said."""

    text: str


class PlainText(Struct, tag_field="type", tag="text"):
    """Text, as the chat API calls it."""

    text: str


class RefusalPart(Struct, tag_field="type", tag="refusal"):
    """Why the model refused."""

    refusal: str


class InputImage(Struct, tag_field="type", tag="input_image"):
    """An image: a data URL. ``detail`` is accepted and has no counterpart in Bedrock."""

    image_url: str | JsonObject | None = None
    file_id: str | None = None
    detail: str | None = None


class InputFile(Struct, tag_field="type", tag="input_file"):
    """A file's bytes, as a data URL or base64. What kind it is, its name or the URL tells."""

    file_data: str | None = None
    filename: str | None = None
    file_url: str | None = None
    file_id: str | None = None


Part = InputText | OutputText | PlainText | RefusalPart | InputImage | InputFile
# No pattern here: see lambdas.chat.messages.
Content = str | list[Part]


class MessageItem(Struct, tag_field="type", tag="message"):
    """What somebody said. ``type`` may be left out."""

    role: Literal["user", "assistant", "system", "developer"]
    content: Content


class FunctionCallItem(Struct, tag_field="type", tag="function_call"):
    """A function that the model called. ``arguments`` is a JSON object as text."""

    call_id: Name
    name: Name
    arguments: Any = ""
    namespace: str | None = None


class FunctionCallOutput(Struct, tag_field="type", tag="function_call_output"):
    """What the function gave; it may be nothing."""

    call_id: str | None = None
    output: str | list[Part] | None = None


class CustomToolCall(Struct, tag_field="type", tag="custom_tool_call"):
    """A custom tool that the model called with text of its own."""

    call_id: Name
    name: Name
    input: str = ""
    namespace: str | None = None


class CustomToolCallOutput(Struct, tag_field="type", tag="custom_tool_call_output"):
    """What the custom tool gave."""

    call_id: str | None = None
    output: str | list[Part] | None = None


class ReasoningItem(Struct, tag_field="type", tag="reasoning"):
    """What the model thought. Only what is in ``encrypted_content`` can be given back to it."""

    encrypted_content: str | None = None


class Compaction(Struct, tag_field="type", tag="compaction"):
    """What was said before, in short, as ``POST /v1/responses/compact`` gave it."""

    encrypted_content: str


class ItemReference(Struct, tag_field="type", tag="item_reference"):
    """An item of a stored response, by its id. ``type`` may be left out."""

    id: Annotated[str, Meta(min_length=1, max_length=128)]


class HostedCall(Struct, tag_field="type", tag="web_search_call"):
    """What a hosted tool did before: accepted of every kind, and left out, since its words are in the answer."""


Item = (
    MessageItem
    | FunctionCallItem
    | FunctionCallOutput
    | CustomToolCall
    | CustomToolCallOutput
    | ReasoningItem
    | Compaction
    | ItemReference
    | HostedCall
)

# Items of tools that ran at another provider's, in a conversation that is brought along.
HOSTED: Final = frozenset(
    (
        "web_search_call",
        "file_search_call",
        "computer_call",
        "computer_call_output",
        "code_interpreter_call",
        "image_generation_call",
        "mcp_list_tools",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "tool_search_call",
        "tool_search_output",
        "program",
        "program_output",
        "compaction_trigger",
    )
)
