"""The chat request, as OpenAI's API has it, and what of it Quarry accepts. Other fields are refused by name.

msgspec parses and validates in one pass and imports in a tenth of the time that pydantic needs, which every cold start
would pay.
"""

import re
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from lambdas.common.errors import InvalidRequestError

# Bedrock refuses text that is only white space, so it is refused here, where the field can be named.
NonEmptyText = Annotated[str, Meta(pattern=r"\S")]


class TextPart(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """One part of a message's content. Only text parts are accepted."""

    text: NonEmptyText


# No pattern here: msgspec (0.22.0 and before) frees a pattern's memory wrongly where the same union has a list, and the
# process dies at its end. ``_check_relations`` refuses empty text instead.
Content = str | Annotated[list[TextPart], Meta(min_length=1)]


class SystemMessage(Struct, tag_field="role", tag="system", forbid_unknown_fields=True):
    """Instructions; anywhere in the list, as OpenAI allows."""

    content: Content
    name: str | None = None


class DeveloperMessage(Struct, tag_field="role", tag="developer", forbid_unknown_fields=True):
    """OpenAI's newer word for ``system``."""

    content: Content
    name: str | None = None


class UserMessage(Struct, tag_field="role", tag="user", forbid_unknown_fields=True):
    """What the user says."""

    content: Content
    name: str | None = None


class AssistantMessage(Struct, tag_field="role", tag="assistant", forbid_unknown_fields=True):
    """What the model said before. ``refusal`` is accepted because clients send answers back as they got them."""

    content: Content
    name: str | None = None
    refusal: str | None = None


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage

Tokens = Annotated[int, Meta(ge=1, le=1_000_000)]
StopText = Annotated[str, Meta(min_length=1, max_length=500)]


class ChatRequest(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/chat/completions``. Ranges are those of Bedrock's InferenceConfiguration."""

    model: NonEmptyText
    messages: Annotated[list[Message], Meta(min_length=1, max_length=2000)]
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    stop: StopText | Annotated[list[StopText], Meta(max_length=4)] | None = None
    stream: bool = False
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    user: str | None = None
    metadata: Annotated[dict[str, str], Meta(max_length=16)] | UnsetType | None = UNSET


_PATH: Final = re.compile(r" - at `\$?\.?(?P<path>[^`]*)`$")
_QUOTED: Final = re.compile(r"(?:unknown|required) field `(?P<name>[^`]+)`")
_EMPTY: Final = r"Expected `str` matching regex '\\S'"
_decoder: Final = msgspec.json.Decoder(ChatRequest)


def parse(body: bytes) -> ChatRequest:
    """Parse and validate a request body.

    Raises:
        InvalidRequestError: with ``param`` naming the field, as ``messages[0].role``.
    """
    try:
        request = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestError(
            f"The request body is not valid JSON ({error}). Send a JSON object with `model` and `messages`."
        ) from error
    _check_relations(request)
    return request


def _check_relations(request: ChatRequest) -> None:
    for index, message in enumerate(request.messages):
        if isinstance(message.content, str) and not message.content.strip():
            path = f"messages[{index}].content"
            raise InvalidRequestError(f"`{path}`: must not be empty.", param=path)
    if request.stream:
        raise InvalidRequestError("`stream` is not supported by this endpoint yet; leave it out.", param="stream")
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        raise InvalidRequestError(
            "Give `max_tokens` or `max_completion_tokens`, not both: they mean the same.", param="max_tokens"
        )
    if not isinstance(request.messages[-1], UserMessage):
        raise InvalidRequestError(
            "The last message must have the role `user`: it is the one that gets answered.",
            param=f"messages[{len(request.messages) - 1}].role",
        )


def _invalid(text: str) -> InvalidRequestError:
    """Turn msgspec's sentence into an error that names the field the way OpenAI does."""
    match = _PATH.search(text)
    path = match["path"] if match else ""
    reason = text[: match.start()] if match else text
    quoted = _QUOTED.search(reason)
    if quoted:
        path = f"{path}.{quoted['name']}" if path else quoted["name"]
        if "unknown field" in reason:
            return InvalidRequestError(
                f"`{path}` is not supported by this endpoint; leave it out.", param=path, code="unsupported_parameter"
            )
        return InvalidRequestError(f"`{path}` is required and missing.", param=path)
    reason = reason.replace(_EMPTY, "must not be empty")
    if "Invalid value" in reason and path.endswith("role"):
        reason += "; accepted are `system`, `developer`, `user` and `assistant`"
    return InvalidRequestError(f"`{path or 'body'}`: {reason}.", param=path or None)


def plain_text(content: str | list[TextPart]) -> str:
    """Return the content as one text; parts are joined by line feeds."""
    return content if isinstance(content, str) else "\n".join(part.text for part in content)
