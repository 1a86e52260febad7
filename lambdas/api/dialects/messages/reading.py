"""Reads Messages requests: what fits the type is accepted as it is; the rest is judged by ``tolerated``."""

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec

from lambdas.api.dialects.messages.blocks import AssistantTurn, SystemTurn, TextBlock, UserTurn
from lambdas.api.dialects.messages.request import (
    CountTokensRequest,
    MessagesRequest,
    OneChoice,
    SomeChoice,
    ThinkingEnabled,
)
from lambdas.api.dialects.messages.tolerated import COUNT_RULES, RULES
from lambdas.common.errors import InvalidRequestError
from lambdas.common.request_metadata import fits, fitted
from lambdas.common.tolerance import Read, Reader

Body = TypeVar("Body", bound=CountTokensRequest)

_SERVER_TOOLS: Final = "What Anthropic's servers run (web search, code execution, MCP) does not run here"
# What to do about a value that no rule judges: part of a path -> words.
_ADVICE: Final = (
    (r"messages\[\d+\]\.role", "Accepted are `user`, `assistant` and `system`."),
    (
        r"messages\[\d+\]\.content\[\d+\]\.type",
        "Accepted are, of a user, `text`, `image`, `document`, `search_result` and `tool_result`, of the assistant "
        f"`text`, `thinking`, `redacted_thinking` and `tool_use`. {_SERVER_TOOLS}, and neither does the Files API.",
    ),
    (r"messages\[\d+\]\.content\[\d+\]\.content\[\d+\]\.type", "Accepted are `text`, `image` and `document`."),
    (
        r"tools\[\d+\]\.type",
        f"{_SERVER_TOOLS}, and tools that only Claude knows are not described to other models: describe a tool of your "
        "own, with `name` and `input_schema`, and run it yourself.",
    ),
    (r"tool_choice\.type", "Accepted are `auto`, `any`, `tool` and `none`."),
    (r"thinking\.type", "Accepted are `enabled`, `adaptive` and `disabled`."),
)
READER: Final = Reader(MessagesRequest, RULES, advice=_ADVICE)
COUNT_READER: Final = Reader(CountTokensRequest, COUNT_RULES, advice=_ADVICE)
# Where tools of Anthropic's own stand.
_UNSUPPORTED: Final = re.compile(r"tools\[\d+\]\.type")


def read(body: bytes, *, strict: bool = False) -> Read[MessagesRequest]:
    """Parse and validate a request's body, with what of it was left out or changed.

    Args:
        strict: whether only what fits the type is accepted.

    Raises:
        InvalidRequestError: with ``param`` naming the field, as ``messages[0].role``.
    """
    found = _told(lambda: READER.read(body, strict=strict))
    request = found.body
    _check_budget(request)
    dropped = [*found.dropped, *_stops(request), *_labelled(request, strict=strict)]
    return Read(request, tuple(dict.fromkeys(dropped)))


def read_count(body: bytes, *, strict: bool = False) -> Read[CountTokensRequest]:
    """Parse and validate the body of a request to count.

    Raises:
        InvalidRequestError: as ``read``.
    """
    return _told(lambda: COUNT_READER.read(body, strict=strict))


def _told(reading: Callable[[], Read[Body]]) -> Read[Body]:
    try:
        found = reading()
    except InvalidRequestError as error:
        if _UNSUPPORTED.fullmatch(error.param or ""):
            error.code = "unsupported_parameter"
        raise
    _check_answered(found.body)
    _check_tools(found.body)
    return found


def _check_answered(request: CountTokensRequest) -> None:
    """Refuse a conversation whose last word is nobody's. The model's is an answer that is begun for it."""
    said = [(index, turn) for index, turn in enumerate(request.messages) if not isinstance(turn, SystemTurn)]
    if not said:
        return
    index, last = said[-1]
    if isinstance(last, AssistantTurn):
        _check_begun(request, index)
        return
    for _, turn in reversed(said):
        if isinstance(turn, AssistantTurn):
            break
        if not _is_blank(turn):
            return
    raise InvalidRequestError(f"`messages[{index}].content`: must not be empty.", param=f"messages[{index}].content")


def _check_begun(request: CountTokensRequest, index: int) -> None:
    """Refuse an answer that is begun where it is not one model that answers, but a session or the documents too."""
    extension = request.quarry if isinstance(request, MessagesRequest) else None
    if extension is not None and (extension.session is not None or extension.knowledge is not None):
        raise InvalidRequestError(
            "In a session, and where the documents are asked, the conversation has to end with the user.",
            param=f"messages[{index}].role",
        )


def _is_blank(turn: UserTurn) -> bool:
    if isinstance(turn.content, str):
        return not turn.content.strip()
    return all(isinstance(block, TextBlock) and not block.text.strip() for block in turn.content)


def _check_tools(request: CountTokensRequest) -> None:
    names = [tool.name for tool in request.tools or ()]
    if len(set(names)) < len(names):
        raise InvalidRequestError("Two tools have the same name.", param="tools")
    choice = request.tool_choice
    if isinstance(choice, OneChoice) and choice.name not in names:
        raise InvalidRequestError(f"`tools` has no `{choice.name}`.", param="tool_choice.name")
    if isinstance(choice, SomeChoice) and not names:
        raise InvalidRequestError("A tool is required and `tools` has none.", param="tool_choice")


def _check_budget(request: MessagesRequest) -> None:
    thinking = request.thinking
    if isinstance(thinking, ThinkingEnabled) and thinking.budget_tokens >= request.max_tokens:
        raise InvalidRequestError(
            f"`thinking.budget_tokens` has to be less than `max_tokens`, which is {request.max_tokens:,}: thoughts are "
            "part of it.",
            param="thinking.budget_tokens",
        )


def _stops(request: MessagesRequest) -> Sequence[str]:
    """Leave out stop texts of only white space, which Claude refuses; an empty one means nothing."""
    given = request.stop_sequences or []
    kept = [text for text in given if text.strip()]
    request.stop_sequences = kept or None
    return ["stop_sequences"] if any(text and not text.strip() for text in given) else []


def _labelled(request: MessagesRequest, *, strict: bool) -> Sequence[str]:
    """Put the user's label into what Bedrock takes, and return it if that was another one; in strict mode refuse."""
    label = request.metadata.user_id if request.metadata else None
    if request.metadata is None or not label or fits(label):
        return []
    if strict:
        raise InvalidRequestError(
            "`metadata.user_id` must fit Bedrock's request metadata: 256 letters, digits, white space and "
            "`:_@$#=/+,-.` at most.",
            param="metadata.user_id",
        )
    request.metadata = msgspec.structs.replace(request.metadata, user_id=fitted(label))
    return ["metadata.user_id"]
