"""Reads chat requests: what fits the type is accepted as it is; the rest is judged by ``tolerated``."""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from lambdas.api.dialects.chat.messages import AssistantMessage, Instructions, ToolMessage, is_blank
from lambdas.api.dialects.chat.request import ChatRequest, NamedTool
from lambdas.api.dialects.chat.tolerated import RULES
from lambdas.common.errors import InvalidRequestError
from lambdas.common.request_metadata import MOST_PAIRS, fits, fitted
from lambdas.common.tolerance import Read, Reader

# What to do about a value that no rule judges: part of a path -> words.
_ADVICE: Final = (
    (r"messages\[\d+\]\.role", "Accepted are `system`, `developer`, `user`, `assistant` and `tool`."),
    (
        r"messages\[\d+\]\.content\[\d+\]\.type",
        "Accepted are `text` and, of a user or a tool, `image_url`. Send the text of a file or a recording.",
    ),
    (r"tools\[\d+\]\.type", "Hosted tools do not run here: describe a `function` and run it yourself."),
    (r"tool_choice.*", "Accepted are `none`, `auto`, `required` and a function by its name."),
    (r"n", "Send the request as often as you want answers."),
)
READER: Final = Reader(ChatRequest, RULES, advice=_ADVICE)
# What would be another answer than was asked for: more than one, or one with a hosted tool.
_UNSUPPORTED: Final = re.compile(r"tools\[\d+\]\.type|n")


def parse(body: bytes) -> ChatRequest:
    """Parse and validate a request body.

    Raises:
        InvalidRequestError: with ``param`` naming the field, as ``messages[0].role``.
    """
    return read(body).body


def read(body: bytes, *, strict: bool = False) -> Read[ChatRequest]:
    """Parse and validate a request body, with what of it was left out or changed.

    Args:
        strict: whether only what fits the type is accepted.

    Raises:
        InvalidRequestError: as ``parse``.
    """
    return _told(lambda: READER.read(body, strict=strict), strict=strict)


def convert(given: Any, *, strict: bool = False) -> Read[ChatRequest]:
    """Return the same of a body whose JSON was parsed already; it is changed."""
    if strict:
        return read(msgspec.json.encode(given), strict=True)
    return _told(lambda: READER.convert(given), strict=False)


def _told(reading: Callable[[], Read[ChatRequest]], *, strict: bool) -> Read[ChatRequest]:
    try:
        found = reading()
    except InvalidRequestError as error:
        if _UNSUPPORTED.fullmatch(error.param or ""):
            error.code = "unsupported_parameter"
        raise
    dropped = [*found.dropped, *_related(found.body, strict=strict), *_labelled(found.body, strict=strict)]
    return found if len(dropped) == len(found.dropped) else Read(found.body, tuple(dict.fromkeys(dropped)))


def _related(request: ChatRequest, *, strict: bool) -> list[str]:
    """Refuse fields that contradict each other, and return those that another one has displaced."""
    _check_answered(request)
    names = [tool.function.name for tool in request.tools or ()]
    if len(set(names)) < len(names):
        raise InvalidRequestError("Two tools have the same name.", param="tools")
    if isinstance(request.tool_choice, NamedTool) and request.tool_choice.function.name not in names:
        raise InvalidRequestError(
            f"`tools` has no `{request.tool_choice.function.name}`.", param="tool_choice.function.name"
        )
    if request.tool_choice == "required" and not names:
        raise InvalidRequestError("A tool is required and `tools` has none.", param="tool_choice")
    return [*_stops(request), *_most_tokens(request, strict=strict)]


def _stops(request: ChatRequest) -> list[str]:
    """Leave out stop texts of only white space, which Claude refuses; an empty one means nothing."""
    given = [request.stop] if isinstance(request.stop, str) else request.stop or []
    kept = [text for text in given if text.strip()]
    if len(kept) == len(given):
        return []
    request.stop = kept or None
    return ["stop"] if any(text and not text.strip() for text in given) else []


def _most_tokens(request: ChatRequest, *, strict: bool) -> list[str]:
    shorter, longer = request.max_tokens, request.max_completion_tokens
    if shorter is None or longer is None:
        return []
    if strict:
        raise InvalidRequestError(
            "Give `max_tokens` or `max_completion_tokens`, not both: they mean the same.", param="max_tokens"
        )
    request.max_tokens = None
    return [] if shorter == longer else ["max_tokens"]


def _check_answered(request: ChatRequest) -> None:
    found = request.answered
    if found is None:
        return
    index, last = found
    if isinstance(last, AssistantMessage):
        raise InvalidRequestError(
            "The last message that is no instruction must have the role `user` or `tool`: it is the one that gets "
            "answered.",
            param=f"messages[{index}].role",
        )
    for message in reversed(request.messages[: index + 1]):
        if isinstance(message, AssistantMessage):
            break
        if isinstance(message, ToolMessage) or not (isinstance(message, Instructions) or is_blank(message)):
            return
    path = f"messages[{index}].content"
    raise InvalidRequestError(f"`{path}`: must not be empty.", param=path)


def _labelled(request: ChatRequest, *, strict: bool) -> list[str]:
    """Put ``user`` and ``metadata`` into what Bedrock takes, and return those that were not; in strict mode refuse."""
    changed: list[str] = []
    if request.user and not fits(request.user):
        changed.append("user")
        request.user = fitted(request.user)
    if request.metadata:
        most = MOST_PAIRS - bool(request.user)
        kept = {fitted(name): fitted(value) for name, value in list(request.metadata.items())[:most] if name.strip()}
        if kept != request.metadata:
            changed.append("metadata")
            request.metadata = kept
    if changed and strict:
        raise InvalidRequestError(
            f"`{changed[0]}` must fit Bedrock's request metadata: up to {MOST_PAIRS} texts of 256 letters, digits, "
            "white space and `:_@$#=/+,-.` each.",
            param=changed[0],
        )
    return changed
