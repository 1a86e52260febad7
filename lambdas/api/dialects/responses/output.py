"""The items of a response's output: what the model said, thought and called, as the Responses API has them.

Whole answers and streams are told by the same functions.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from lambdas.api.dialects.responses.identity import ResponseId
from lambdas.api.dialects.responses.thoughts import Thinking, sealed
from lambdas.api.dialects.responses.tools import Tools
from lambdas.chat.told import Called, Text, Thought, ToldBlock
from lambdas.knowledge.citations import place_of

Item = dict[str, Any]
Status = Literal["in_progress", "completed", "incomplete"]

ENCRYPTED: Final = "reasoning.encrypted_content"
RESULTS: Final = "file_search_call.results"


class Wanted(Struct, frozen=True, kw_only=True):
    """What a request wants to be told.

    Attributes:
        summary: what the model thought, in words.
        encrypted: the same with its signature, to be given back.
        results: the passages that an answer from documents rests on.
    """

    summary: bool = False
    encrypted: bool = False
    results: bool = False


class Output(Struct, frozen=True, kw_only=True):
    """Makes the items of one response."""

    response: ResponseId
    tools: Tools
    wanted: Wanted

    def of(self, blocks: Sequence[ToldBlock], quarry: Mapping[str, Any], *, status: Status) -> list[Item]:
        """Return the items of a whole answer.

        Args:
            quarry: what is told of it besides: citations become annotations.
            status: of the last one; those before it are complete.
        """
        made: list[Item] = []
        if self.tools.search is not None:
            made.append(self.search(0, quarry))
        for block in blocks:
            last = block is blocks[-1]
            made.append(self._item(len(made), block, quarry, status if last else "completed"))
        return made

    def _item(self, place: int, block: ToldBlock, quarry: Mapping[str, Any], status: Status) -> Item:
        match block:
            case Text(text=text):
                return self.message(place, text, status=status, annotations=annotations(text, quarry))
            case Thought():
                return self.reasoning(place, block)
            case Called():
                return self.call(
                    place, block.id, block.name, json.dumps(block.input, ensure_ascii=False), status=status
                )

    def message(self, place: int, text: str, *, status: Status, annotations: Sequence[Item] = ()) -> Item:
        """Return what the model said."""
        return {**self.empty_message(place, status=status), "content": [text_part(text, annotations)]}

    def empty_message(self, place: int, *, status: Status = "in_progress") -> Item:
        """Return a message that has only begun."""
        return {
            "id": self.response.item("msg", place),
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [],
        }

    def reasoning(self, place: int, thought: Thought) -> Item:
        """Return what the model thought, with what has to come back: it is kept, whether it is ``shown`` or not."""
        item: Item = {"id": self.response.item("rs", place), "type": "reasoning", "summary": []}
        if self.wanted.summary and thought.text:
            item["summary"] = [{"type": "summary_text", "text": thought.text}]
        thinking = Thinking(text=thought.text, signature=thought.signature, redacted=thought.redacted)
        return {**item, "encrypted_content": sealed(thinking)}

    def shown(self, item: Item) -> Item:
        """Return an item as the caller is told it."""
        if self.wanted.encrypted or "encrypted_content" not in item:
            return item
        return {name: value for name, value in item.items() if name != "encrypted_content"}

    def is_custom(self, name: str) -> bool:
        """Whether a tool's input is text."""
        offered = self.tools.offered.get(name)
        return offered is not None and offered.is_custom

    def call(self, place: int, call_id: str, name: str, arguments: str, *, status: Status) -> Item:
        """Return a call of a tool.

        Args:
            name: as the model calls the tool.
            arguments: its input as JSON; of a custom tool a JSON text.
        """
        offered = self.tools.offered.get(name)
        item: Item = {"status": status, "call_id": call_id, "name": offered.name if offered else name}
        if offered is not None and offered.namespace is not None:
            item["namespace"] = offered.namespace
        if offered is not None and offered.is_custom:
            given = custom_input(arguments)
            return {"id": self.response.item("ctc", place), "type": "custom_tool_call", **item, "input": given}
        return {"id": self.response.item("fc", place), "type": "function_call", **item, "arguments": arguments}

    def search(self, place: int, quarry: Mapping[str, Any], *, status: str = "completed") -> Item:
        """Return the search of the documents; what was found by it is told where it was asked for."""
        query = quarry.get("search_query")
        results = [_result(one) for one in quarry.get("citations", ())] if self.wanted.results else None
        return {
            "id": self.response.item("fs", place),
            "type": "file_search_call",
            "status": status,
            "queries": [query] if query else [],
            "results": results,
        }


def text_part(text: str, annotations: Sequence[Item] = ()) -> Item:
    """Return the part of a message that has its text."""
    return {"type": "output_text", "annotations": list(annotations), "logprobs": [], "text": text}


def custom_input(arguments: str) -> str:
    """Return a custom tool's input of its JSON; what is no text of JSON, as an answer that was cut leaves it, as is."""
    try:
        given = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    return given if isinstance(given, str) else "" if given == {} else arguments


def annotations(text: str, quarry: Mapping[str, Any]) -> list[Item]:
    """Return where a text cites the documents: each citation, behind its first marker."""
    found: list[Item] = []
    for citation in quarry.get("citations", ()):
        place = place_of(text, citation["number"])
        if place is not None:
            name = citation["document"]
            found.append({"type": "file_citation", "index": place, "file_id": name, "filename": name})
    return sorted(found, key=lambda one: int(one["index"]))


def _result(citation: Mapping[str, Any]) -> Item:
    return {
        "file_id": citation["document"],
        "filename": citation["document"],
        "score": citation["score"],
        "text": citation["passage"],
        "attributes": citation["metadata"],
    }
