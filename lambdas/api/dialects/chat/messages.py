"""The messages of a chat request, as OpenAI's API has them.

What a caller writes has only the members that are known; what a model said comes back as clients hold it, with whatever
other gateways and SDKs have put there, so that an assistant's message may have members that nobody knows.
"""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from lambdas.chat.fields import JsonObject, Name


class TextPart(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """Text of a message. Text of only white space is left out. `cache_control`: Bedrock keeps what is up to here."""

    text: str
    cache_control: JsonObject | None = None


class ImageUrl(Struct, forbid_unknown_fields=True):
    """Where an image is: a data URL. ``detail`` is accepted and has no counterpart in Bedrock."""

    url: Annotated[str, Meta(min_length=1)]
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(Struct, tag_field="type", tag="image_url", forbid_unknown_fields=True):
    """An image of a user's message, or of what a tool gave."""

    image_url: ImageUrl
    cache_control: JsonObject | None = None


# No pattern here: msgspec (0.22.0 and before) frees a pattern's memory wrongly where the same union has a list. Blank
# text is left out, and only refused where nothing else is said.
TextContent = str | Annotated[list[TextPart], Meta(min_length=1)]
UserContent = str | Annotated[list[TextPart | ImagePart], Meta(min_length=1)]


class SystemMessage(Struct, tag_field="role", tag="system", forbid_unknown_fields=True):
    """Instructions; anywhere in the list, as OpenAI allows."""

    content: TextContent
    name: str | None = None
    cache_control: JsonObject | None = None


class DeveloperMessage(Struct, tag_field="role", tag="developer", forbid_unknown_fields=True):
    """OpenAI's newer word for ``system``."""

    content: TextContent
    name: str | None = None
    cache_control: JsonObject | None = None


class UserMessage(Struct, tag_field="role", tag="user", forbid_unknown_fields=True):
    """What the user says."""

    content: UserContent
    name: str | None = None
    cache_control: JsonObject | None = None


class FunctionCall(Struct):
    """What the model called. ``arguments`` is a JSON object as text; what is none is taken for an empty one."""

    name: Name
    arguments: Any = ""


class CustomCall(Struct):
    """What the model called with text of its own: another provider's custom tool. ``input`` is that text."""

    name: Name
    input: Any = ""


class ToolCall(Struct):
    """One call that the model made. Members that are not named here are accepted and not used."""

    function: FunctionCall | None = None
    custom: CustomCall | None = None
    id: str | None = None


class AssistantMessage(Struct, tag_field="role", tag="assistant"):
    """What the model said before, as clients send it back: members that are not named here are accepted and not used.

    Of its parts, text and refusals are said again, whatever else there is is not. ``reasoning_content`` is what the
    model thought, which OpenAI has no member for; some clients call it ``reasoning``. Nova takes it back.
    """

    content: str | list[JsonObject | str] | None = None
    tool_calls: list[ToolCall] | None = None
    refusal: str | None = None
    cache_control: Any = None
    reasoning_content: Any = None
    reasoning: Any = None


class ToolMessage(Struct, tag_field="role", tag="tool", forbid_unknown_fields=True):
    """What a tool gave; it may be nothing."""

    content: str | list[TextPart | ImagePart] | None = None
    tool_call_id: str | None = None
    name: str | None = None
    cache_control: JsonObject | None = None


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage
Instructions = SystemMessage | DeveloperMessage

# Of an assistant's parts, those that have words, and where.
_WORDS: Final = {"text": "text", "output_text": "text", "refusal": "refusal"}


def plain_text(content: str | list[TextPart] | list[TextPart | ImagePart]) -> str:
    """Return the content as one text; parts are joined by line feeds, those of only white space left out."""
    if isinstance(content, str):
        return content
    return "\n".join(part.text for part in content if isinstance(part, TextPart) and part.text.strip())


def assistant_text(message: AssistantMessage) -> str:
    """Return what an assistant's message says; nothing where it only calls or thinks."""
    content = message.content
    if not content:
        return message.refusal or ""
    if isinstance(content, str):
        return content
    said = (part if isinstance(part, str) else part.get(_WORDS.get(str(part.get("type")), "")) for part in content)
    return "\n".join(text for text in said if isinstance(text, str) and text.strip())


def is_blank(message: Message) -> bool:
    """Whether a message has nothing that a model could read: no text but white space, no image, no call, no result."""
    match message:
        case ToolMessage():
            return False
        case AssistantMessage():
            return not message.tool_calls and not assistant_text(message).strip()
        case _:
            content: str | list[Any] = message.content
            images = isinstance(content, list) and any(isinstance(part, ImagePart) for part in content)
            return not images and not plain_text(message.content).strip()
