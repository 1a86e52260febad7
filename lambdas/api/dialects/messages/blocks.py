"""The content of messages, as Anthropic's API has it: types.

What a caller writes has only the members that are known; what a model said comes back as clients hold it, with members
that newer APIs have put there (``citations``, ``caller``), so that those blocks may have others.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

JsonObject = dict[str, Any]
# Names and ids as others gave them; lambdas.chat.tools makes what Bedrock takes of them.
Name = Annotated[str, Meta(min_length=1, max_length=256)]


class CacheControl(Struct):
    """A mark: Bedrock keeps what the model reads up to here, for five minutes."""

    type: Any = "ephemeral"
    ttl: Literal["5m"] | None = None


class TextBlock(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """Text. Text of only white space is left out. `cache_control`: Bedrock keeps what is up to here."""

    text: str
    cache_control: CacheControl | None = None


class BytesSource(Struct, tag_field="type", tag="base64", forbid_unknown_fields=True):
    """Bytes. What kind they are of is told by the first of them, not by `media_type`."""

    data: str
    media_type: str = ""


class UrlSource(Struct, tag_field="type", tag="url", forbid_unknown_fields=True):
    """An address: refused, since nothing is fetched here."""

    url: str


class FileSource(Struct, tag_field="type", tag="file", forbid_unknown_fields=True):
    """A file of Anthropic's Files API: refused, since there is none here."""

    file_id: str


class TextSource(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """A document that is plain text."""

    data: str
    media_type: str = ""


class ImageBlock(Struct, tag_field="type", tag="image", forbid_unknown_fields=True):
    """A PNG, JPEG, GIF or WebP."""

    source: BytesSource | UrlSource | FileSource
    cache_control: CacheControl | None = None


class ContentSource(Struct, tag_field="type", tag="content", forbid_unknown_fields=True):
    """A document of parts that the caller has cut."""

    content: str | list[TextBlock | ImageBlock]


class DocumentBlock(Struct, tag_field="type", tag="document", forbid_unknown_fields=True):
    """A PDF or a text. `title` and `context` are told to the model."""

    source: BytesSource | TextSource | ContentSource | UrlSource | FileSource
    title: str | None = None
    context: str | None = None
    cache_control: CacheControl | None = None


class SearchResultBlock(Struct, tag_field="type", tag="search_result", forbid_unknown_fields=True):
    """What a search of the caller's has found; told to the model as text."""

    source: str
    title: str
    content: list[TextBlock]
    cache_control: CacheControl | None = None


class ToolReferenceBlock(Struct, tag_field="type", tag="tool_reference", forbid_unknown_fields=True):
    """A tool that a search of the caller's has found: one with `defer_loading`, which may be called from then on."""

    tool_name: Name
    cache_control: CacheControl | None = None


GivenBlock = TextBlock | ImageBlock | DocumentBlock | SearchResultBlock | ToolReferenceBlock


class ToolResultBlock(Struct, tag_field="type", tag="tool_result", forbid_unknown_fields=True):
    """What a tool gave: the answer to a call of the message before."""

    tool_use_id: str
    content: str | list[GivenBlock] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


class SaidTextBlock(Struct, tag_field="type", tag="text"):
    """Text that the model said."""

    text: str
    cache_control: CacheControl | None = None


class ThinkingBlock(Struct, tag_field="type", tag="thinking"):
    """What the model thought. Without its `signature` it proves nothing, and is left out."""

    thinking: str
    signature: str = ""


class RedactedThinkingBlock(Struct, tag_field="type", tag="redacted_thinking"):
    """What the model thought and nobody may read."""

    data: str


class ToolUseBlock(Struct, tag_field="type", tag="tool_use"):
    """A call that the model made."""

    id: str
    name: Name
    input: Any = None
    cache_control: CacheControl | None = None


UserBlock = TextBlock | ImageBlock | DocumentBlock | SearchResultBlock | ToolResultBlock
AssistantBlock = SaidTextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock


class UserTurn(Struct, tag_field="role", tag="user", forbid_unknown_fields=True):
    """What the user says, and what tools gave."""

    content: str | list[UserBlock]


class AssistantTurn(Struct, tag_field="role", tag="assistant", forbid_unknown_fields=True):
    """What the model said."""

    content: str | list[AssistantBlock]


class SystemTurn(Struct, tag_field="role", tag="system", forbid_unknown_fields=True):
    """Instructions in the middle of a conversation; they join those before it."""

    content: str | list[TextBlock]


Turn = UserTurn | AssistantTurn | SystemTurn
