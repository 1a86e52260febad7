"""How an answer is told to who asked for it: from Converse's blocks to what the caller is to see of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.chat.events import NOTHING
from lambdas.chat.schemas import WRAPPED
from lambdas.chat.told import Called, Text, Thought, ToldBlock
from lambdas.chat.tools import ANSWER_TOOL, NO_TOOLS, Toolbox
from lambdas.common.tokens import likely_tokens

Block = dict[str, Any]


class Telling(Struct, frozen=True, kw_only=True):
    """How an answer is told.

    Attributes:
        model: what it is said to be from.
        tools: those that the request brought: calls go by the caller's names.
        parallel_tool_calls: whether more than one call is told.
        by_answer_tool: whether the answer is given by the tool for JSON: what is said beside it would break its JSON.
        answer_is_wrapped: whether such an answer stands inside the tool's input.
        thoughts: whether the caller is told them.
    """

    model: str = ""
    tools: Toolbox = NO_TOOLS
    parallel_tool_calls: bool = True
    by_answer_tool: bool = False
    answer_is_wrapped: bool = False
    thoughts: bool = False

    def given(self, called: str, given: Any) -> Any:
        """Return what a tool was called with, as its own schema has it."""
        if called == ANSWER_TOOL and self.answer_is_wrapped and isinstance(given, dict):
            return given.get(WRAPPED, given)
        return self.tools.unwrapped(called, given)

    def is_wrapped(self, called: str) -> bool:
        """Whether what is told of a call's input is a part of it."""
        return self.answer_is_wrapped if called == ANSWER_TOOL else called in self.tools.wrapped

    def told(self, blocks: Sequence[Block]) -> list[ToldBlock]:
        """Return what the caller is told of an answer's blocks."""
        told: list[ToldBlock] = []
        calls = 0
        for block in blocks:
            if "text" in block:
                told.append(Text(block["text"]))
            elif "reasoningContent" in block and self.thoughts:
                told.append(_thought(block["reasoningContent"]))
            elif "toolUse" in block:
                use = block["toolUse"]
                given = self.given(use["name"], use["input"])
                if use["name"] == ANSWER_TOOL:
                    told = [*(one for one in told if not isinstance(one, Text)), Text(json_text(given))]
                elif not calls or self.parallel_tool_calls:
                    calls += 1
                    told.append(Called(use["toolUseId"], self.tools.told(use["name"]), given))
        return told

    def kept(self, blocks: Sequence[Block]) -> list[Block]:
        """Return Converse's content blocks as the caller was told them, for a session to keep.

        An answer given by the JSON tool is text, and of parallel calls that were not wanted only the first was told:
        what the caller never saw could never be answered. Calls stay as Bedrock has them, because they are sent again.
        """
        kept: list[Block] = []
        calls = 0
        for block in blocks:
            use = block.get("toolUse")
            if use is None:
                kept.append(block)
                continue
            given = input_of(use["input"])
            if use["name"] == ANSWER_TOOL:
                return [{"text": json_text(self.given(ANSWER_TOOL, given))}]
            calls += 1
            if calls == 1 or self.parallel_tool_calls:
                kept.append({"toolUse": {**use, "input": given if isinstance(given, dict) else {}}})
        return kept


AS_IT_IS: Final = Telling()


def json_text(value: Any) -> str:
    """Return JSON as clients are used to it, with a space behind each comma and colon."""
    return json.dumps(value, ensure_ascii=False)


def input_of(given: Any) -> Any:
    """Return a call's input. A stream's is JSON text still, and none at all where the answer was cut in it."""
    if not isinstance(given, str):
        return given
    try:
        return msgspec.json.decode(given)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}


def stop_text(reply: Mapping[str, Any]) -> str | None:
    """Return which stop text ended an answer, of Converse's reply or of ``messageStop``, where that was asked for."""
    fields = reply.get("additionalModelResponseFields")
    found = fields.get("stop_sequence") if isinstance(fields, dict) else None
    return found if isinstance(found, str) else None


def thought_tokens(blocks: Sequence[Block], usage: Mapping[str, Any] = NOTHING) -> int:
    """Return the likely tokens of an answer's thoughts: Converse counts them with the output, and does not tell them.

    They are what is left of the output once the rest is counted: of a thought, only a summary may be there, or nothing.
    Without a count they are those of what is there.
    """
    thoughts = [block["reasoningContent"] for block in blocks if "reasoningContent" in block]
    if not thoughts:
        return 0
    if "outputTokens" not in usage:
        return sum(map(likely_tokens, map(written, thoughts)))
    rest = (visible(block) for block in blocks if "reasoningContent" not in block)
    output: int = usage["outputTokens"]
    return max(0, output - sum(map(likely_tokens, rest)))


def visible(block: Block) -> str:
    """Return a block's text, or its call's input as it was written."""
    if "toolUse" not in block:
        return str(block.get("text", ""))
    given = block["toolUse"]["input"]
    return given if isinstance(given, str) else json_text(given)


def written(reasoning: Block) -> str:
    """Return a text as long as what was thought; what is redacted is bytes about as long as the thought."""
    said: str = reasoning.get("reasoningText", {}).get("text", "")
    return said + "x" * len(reasoning.get("redactedContent", b""))


def _thought(reasoning: Block) -> Thought:
    if "redactedContent" in reasoning:
        return Thought(redacted=reasoning["redactedContent"])
    given = reasoning.get("reasoningText", {})
    return Thought(given.get("text", ""), given.get("signature"))
