"""The tools of a Responses request: what the model is given of them, and as what its calls are told."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.api.dialects.responses.request import (
    AllowedTools,
    ChosenCustom,
    ChosenFunction,
    ChosenSearch,
    CustomTool,
    FileSearch,
    FunctionTool,
    Namespace,
    ResponsesRequest,
    WebSearch,
)
from lambdas.chat.conversation import NamedTool, ToolChoice
from lambdas.chat.tools import NO_TOOLS, Toolbox
from lambdas.common.errors import InvalidRequestError

# A custom tool's input: a text, which the toolbox puts into an object, as Converse wants one.
_TEXT: Final[dict[str, Any]] = {"type": "string"}
_WEB: Final = (
    "OpenAI's search of the web does not run here; leave the tool out, or search yourself and give a function."
)


class Offered(Struct, frozen=True, kw_only=True):
    """One tool, under the name by which the model calls it.

    Attributes:
        name: the caller's, within the namespace if there is one.
    """

    name: str
    tool: FunctionTool | CustomTool
    namespace: str | None = None

    @property
    def is_custom(self) -> bool:
        """Whether its input is text."""
        return isinstance(self.tool, CustomTool)


class Tools(Struct, frozen=True, kw_only=True):
    """All tools of a request.

    Attributes:
        offered: those that the model may call, by the name that it is given.
        choice: whether it has to.
        search: how the documents are searched, if they are.
        dropped: what was left out.
    """

    offered: Mapping[str, Offered] = {}
    choice: ToolChoice = "auto"
    search: FileSearch | None = None
    dropped: tuple[str, ...] = ()

    def toolbox(self) -> Toolbox:
        """Return the tools as Converse takes them."""
        if not self.offered:
            return NO_TOOLS
        return Toolbox((name, _about(one.tool), _schema(one.tool), False) for name, one in self.offered.items())


def called(name: str, namespace: str | None) -> str:
    """Return what the model calls a tool."""
    return name if namespace is None else f"{namespace}__{name}"


def tools_of(request: ResponsesRequest) -> Tools:
    """Return a request's tools.

    Raises:
        InvalidRequestError: two have one name, the one that is chosen is not there, or nothing is left of them.
    """
    offered: dict[str, Offered] = {}
    search: FileSearch | None = None
    dropped: list[str] = []
    for place, tool in enumerate(request.tools or ()):
        match tool:
            case FileSearch():
                search = search or tool
            case WebSearch():
                _check_beside(request, place)
                dropped.append("tools")
            case _:
                for one in _unfolded(tool):
                    name = called(one.name, one.namespace)
                    if name in offered:
                        raise InvalidRequestError("Two tools have the same name.", param="tools")
                    offered[name] = one
    offered, choice = _chosen(request, offered, has_search=search is not None)
    return Tools(
        offered=offered,
        choice=choice,
        search=None if choice == "none" else search,
        dropped=tuple(dict.fromkeys(dropped)),
    )


def _unfolded(tool: FunctionTool | CustomTool | Namespace) -> Iterator[Offered]:
    if isinstance(tool, Namespace):
        for one in tool.tools:
            yield Offered(name=one.name, tool=one, namespace=tool.name)
    else:
        yield Offered(name=tool.name, tool=tool)


def _check_beside(request: ResponsesRequest, place: int) -> None:
    """Refuse a search of the web that is all that the model has: its answer would be a guess."""
    if all(isinstance(tool, WebSearch) for tool in request.tools or ()):
        raise InvalidRequestError(_WEB, param=f"tools[{place}].type", code="unsupported_parameter")


def _chosen(
    request: ResponsesRequest, offered: dict[str, Offered], *, has_search: bool
) -> tuple[dict[str, Offered], ToolChoice]:
    choice = request.tool_choice
    match choice:
        case None:
            return offered, "auto"
        case ChosenFunction(name=name) | ChosenCustom(name=name):
            # Of a namespace's tools the caller knows the short name.
            found = name if name in offered else next((key for key, one in offered.items() if one.name == name), None)
            if found is None:
                raise InvalidRequestError(f"`tools` has no `{name}`.", param="tool_choice.name")
            return offered, NamedTool(found)
        case AllowedTools(tools=allowed, mode=mode):
            names = {one.get("name") for one in allowed if isinstance(one.get("name"), str)}
            kept = {key: one for key, one in offered.items() if one.name in names or key in names}
            if mode == "required" and not kept:
                raise InvalidRequestError("A tool is required and none is allowed.", param="tool_choice.tools")
            return kept, mode
        case ChosenSearch():
            if not has_search:
                raise InvalidRequestError("`tools` has no `file_search`.", param="tool_choice")
            return offered, "auto"
        case "required" if not offered:
            if not has_search:
                raise InvalidRequestError("A tool is required and `tools` has none.", param="tool_choice")
            return offered, "auto"
        case _:
            return offered, choice


def _about(tool: FunctionTool | CustomTool) -> str | None:
    if isinstance(tool, FunctionTool) or not tool.format or tool.format.get("type") != "grammar":
        return tool.description
    grammar = f"The input is text of this grammar ({tool.format.get('syntax')}):\n{tool.format.get('definition')}"
    return f"{tool.description}\n\n{grammar}" if tool.description else grammar


def _schema(tool: FunctionTool | CustomTool) -> dict[str, Any] | None:
    return tool.parameters if isinstance(tool, FunctionTool) else _TEXT


def as_asked(request: ResponsesRequest) -> list[dict[str, Any]]:
    """Return the tools as the response tells them."""
    told: list[dict[str, Any]] = msgspec.to_builtins(request.tools or [])
    return told
