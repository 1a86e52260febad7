"""Reads Responses requests: members that may be left out are put in, then the type and ``tolerated`` judge."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from lambdas.api.dialects.responses import built_in
from lambdas.api.dialects.responses.items import HOSTED
from lambdas.api.dialects.responses.request import CompactionRequest, ResponsesRequest
from lambdas.api.dialects.responses.tolerated import LABELS, RULES
from lambdas.common.errors import InvalidRequestError
from lambdas.common.json_body import decode
from lambdas.common.tolerance import Read, Reader

Body = TypeVar("Body")

_any: Final = msgspec.json.Decoder()
_WEB_SEARCH: Final = re.compile(r"web_search(_preview)?(_\d{4}_\d\d_\d\d)?")
# What to do about a value that no rule judges: part of a path -> words.
_ADVICE: Final = (
    (r"input\[\d+\]\.role", "Accepted are `system`, `developer`, `user` and `assistant`."),
    (
        r"input\[\d+\]\.type",
        "Accepted are `message`, `function_call`, `custom_tool_call` and what they gave, `reasoning`, `compaction` and "
        "`item_reference`.",
    ),
    (
        r"input\[\d+\]\.(content|output)\[\d+\]\.type",
        "Accepted are `input_text`, `input_image`, `input_file` and, of the model, `output_text`.",
    ),
    (
        r"tools\[\d+\](\.tools\[\d+\])?\.type",
        "Hosted tools and MCP servers are not run here: describe a `function` or `custom` tool and run it yourself. "
        "`file_search` asks the environment's documents.",
    ),
    (r"tool_choice.*", "Accepted are `none`, `auto`, `required`, a function or custom tool by its name."),
)
READER: Final = Reader(ResponsesRequest, RULES, advice=_ADVICE)
COMPACTION: Final = Reader(CompactionRequest, [rule for rule in RULES if rule.field in LABELS], advice=_ADVICE)
# Where hosted tools stand.
_UNSUPPORTED: Final = re.compile(r"tools\[\d+\](\.tools\[\d+\])?\.type")


def read(body: bytes, *, strict: bool = False) -> Read[ResponsesRequest]:
    """Parse and validate a request body, with what of it was left out or changed.

    Args:
        strict: whether only what fits the type is accepted.

    Raises:
        InvalidRequestError: with ``param`` naming the field, as ``input[0].role``.
    """
    return convert(decode(body, _any), strict=strict)


def read_compaction(body: bytes, *, strict: bool = False) -> Read[CompactionRequest]:
    """Parse and validate the body of a compaction, as ``read``."""
    given = decode(body, _any)
    dropped = completed(given)
    if strict:
        return _told(lambda: COMPACTION.read(msgspec.json.encode(given), strict=True), dropped)
    return _told(lambda: COMPACTION.convert(given), dropped)


def as_request(given: CompactionRequest) -> ResponsesRequest:
    """Return what is said in it as a request says it."""
    return ResponsesRequest(
        model=given.model, input=given.input, previous_response_id=given.previous_response_id, store=False
    )


def convert(given: Any, *, strict: bool = False) -> Read[ResponsesRequest]:
    """Return the same of a body whose JSON was parsed already; it is changed."""
    dropped = completed(given)
    return _told(lambda: _read(given, strict=strict), dropped)


def _read(given: Any, *, strict: bool) -> Read[ResponsesRequest]:
    return READER.read(msgspec.json.encode(given), strict=True) if strict else READER.convert(given)


def completed(given: Any) -> list[str]:
    """Put in what callers may leave out of items and tools, and return the paths of what means nothing here."""
    if not isinstance(given, dict):
        return []
    dropped: list[str] = []
    items = given.get("input")
    if isinstance(items, list):
        for place, item in enumerate(items):
            if isinstance(item, dict):
                items[place] = _item(item, dropped)
    tools = given.get("tools")
    if isinstance(tools, list):
        for place, tool in enumerate(tools):
            if isinstance(tool, dict):
                tools[place] = _tool(tool)
    return dropped


def _item(item: dict[str, Any], dropped: list[str]) -> dict[str, Any]:
    kind = item.get("type")
    if kind is None:
        item["type"] = "message" if "role" in item else "item_reference"
        kind = item["type"]
    if not isinstance(kind, str):
        return item
    if kind == "message" and item.get("content") is None:
        item["content"] = ""
    if kind in HOSTED:
        dropped.append("input[]")
        return {"type": "web_search_call"}
    return built_in.as_function_item(item, kind)


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    kind = tool.get("type")
    if isinstance(kind, str) and _WEB_SEARCH.fullmatch(kind):
        return {"type": "web_search"}
    # What the chat API has one level deeper.
    nested = tool.get("function")
    if kind == "function" and isinstance(nested, dict) and "name" not in tool:
        return {"type": "function", **nested}
    return tool


def _told(reading: Callable[[], Read[Body]], dropped: list[str]) -> Read[Body]:
    try:
        found = reading()
    except InvalidRequestError as error:
        if _UNSUPPORTED.fullmatch(error.param or ""):
            error.code = "unsupported_parameter"
        raise
    return found if not dropped else Read(found.body, tuple(dict.fromkeys([*dropped, *found.dropped])))
