"""The tools of one request as Converse takes them, and what the model calls them by, as the caller does.

Names, ids and schemas come from clients of many providers. What Bedrock does not take is put in another form that is
always the same for the same, so that calls, results and later requests go together without anything being remembered.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final

from lambdas.chat.schemas import WRAPPED, tool_schema

Block = dict[str, Any]

# For Bedrock's own five minutes: what an hour costs, the catalogue does not know.
CACHE_POINT: Final[Block] = {"cachePoint": {"type": "default"}}

# The tool by which a family without JSON schemas of its own is made to answer in one.
ANSWER_TOOL: Final = "answer_as_json"
# Source: Converse's ToolSpecification and ToolUseBlock.
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NOT_IN_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]+")
_ID: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_DIGITS: Final = 8
_NAME_KEPT: Final = 64 - _DIGITS - 1
_GONE: Final = "Was used earlier in this conversation. It is not there any more: do not call it."


def bedrock_name(name: str) -> str:
    """Return a tool's name as Bedrock takes it: the same where it does, and where it is not the hidden tool's."""
    if _NAME.fullmatch(name) and name != ANSWER_TOOL:
        return name
    return f"{_NOT_IN_NAME.sub('_', name)[:_NAME_KEPT]}_{_digest(name)[:_DIGITS]}"


def bedrock_id(call_id: str) -> str:
    """Return a call's id as Bedrock takes it: the same where it does."""
    return call_id if _ID.fullmatch(call_id) else f"call_{_digest(call_id)[:32]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def tool_spec(name: str, description: str | None, schema: Block) -> Block:
    """Return one of Converse's tools."""
    return {"toolSpec": {"name": name, "description": description or name, "inputSchema": {"json": schema}}}


class Toolbox:
    """The tools that one request brings.

    Args:
        tools: name, description and schema of each, and whether Bedrock is to keep what is up to its end.

    Attributes:
        specs: Converse's, in order, with marks of what is to be kept.
        wrapped: Bedrock's names of those whose schema is no object's, so that their input stands in one.
    """

    def __init__(self, tools: Iterable[tuple[str, str | None, Block | None, bool]]) -> None:
        self.specs: list[Block] = []
        wrapped: set[str] = set()
        self._told: dict[str, str] = {}
        for name, description, parameters, kept in tools:
            called = bedrock_name(name)
            schema, is_wrapped = tool_schema(parameters)
            self.specs.append(tool_spec(called, description, schema))
            if kept:
                self.specs.append(CACHE_POINT)
            if called != name:
                self._told[called] = name
            if is_wrapped:
                wrapped.add(called)
        self.wrapped = frozenset(wrapped)

    def told(self, called: str) -> str:
        """Return what the caller calls a tool that the model calls by Bedrock's name."""
        return self._told.get(called, called)

    def unwrapped(self, called: str, given: Any) -> Any:
        """Return a call's input as the caller's schema has it."""
        return given[WRAPPED] if called in self.wrapped and isinstance(given, dict) and WRAPPED in given else given


NO_TOOLS: Final = Toolbox(())


def specs_of(names: Iterable[str]) -> list[Block]:
    """Return specs of tools that a conversation used and its last request does not bring."""
    return [tool_spec(name, _GONE, tool_schema(None)[0]) for name in names]
