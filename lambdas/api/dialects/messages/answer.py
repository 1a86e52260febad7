"""Answers of the Messages API: types, and what is made of a ``Completion``."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType

from lambdas.api.dialects.messages import thoughts
from lambdas.chat.told import Called, Completion, Text, Thought, ToldBlock

StopReason = Literal["end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", "model_context_window_exceeded"]

# Converse's stopReason -> Anthropic's stop_reason. Those not listed end the answer in the ordinary way.
_STOP_REASONS: Final[Mapping[str, StopReason]] = {
    "stop_sequence": "stop_sequence",
    "max_tokens": "max_tokens",
    "tool_use": "tool_use",
    "model_context_window_exceeded": "model_context_window_exceeded",
    "guardrail_intervened": "refusal",
    "content_filtered": "refusal",
}
_REFUSED: Final[Mapping[str, str]] = {
    "guardrail_intervened": "This platform's guardrail has stopped the prompt or the answer.",
    "content_filtered": "The model's own filter has stopped the answer.",
}


class AnswerText(Struct, tag_field="type", tag="text", frozen=True):
    """What the model says."""

    text: str


class AnswerThinking(Struct, tag_field="type", tag="thinking", frozen=True):
    """What the model thought: to be sent back as it is with the results of the tools that are called after it."""

    thinking: str
    signature: str


class AnswerRedactedThinking(Struct, tag_field="type", tag="redacted_thinking", frozen=True):
    """What the model thought and nobody may read: to be sent back likewise."""

    data: str


class AnswerToolUse(Struct, tag_field="type", tag="tool_use", frozen=True):
    """A call of a tool."""

    id: str
    name: str
    input: Any


AnswerBlock = AnswerText | AnswerThinking | AnswerRedactedThinking | AnswerToolUse


class OutputTokensDetails(Struct, frozen=True):
    """Of the output, those tokens that were thought: estimated."""

    thinking_tokens: int


class MessagesUsage(Struct, frozen=True, kw_only=True):
    """Tokens. What was read from the cache and what was written to it is not part of ``input_tokens``."""

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens_details: OutputTokensDetails = OutputTokensDetails(0)
    service_tier: Literal["standard"] = "standard"


class Refusal(Struct, tag_field="type", tag="refusal", frozen=True):
    """Why an answer was stopped by a guardrail."""

    explanation: str
    category: None = None


class MessagesAnswer(Struct, tag_field="type", tag="message", frozen=True, kw_only=True):
    """An answer. ``quarry`` has what Anthropic's API has no word for, where there is any."""

    id: str
    role: Literal["assistant"] = "assistant"
    model: str
    content: Sequence[AnswerBlock]
    stop_reason: StopReason | None
    stop_sequence: str | None = None
    stop_details: Refusal | None = None
    usage: MessagesUsage
    quarry: Mapping[str, Any] | UnsetType = UNSET


class TokensCounted(Struct, frozen=True):
    """How many tokens the model would read; ``quarry.estimated`` where Bedrock does not count for it."""

    input_tokens: int
    quarry: Mapping[str, bool] | UnsetType = UNSET


def answer(completion: Completion, *, omits_thoughts: bool, stops: Sequence[str]) -> MessagesAnswer:
    """Return Anthropic's message for a whole answer.

    Args:
        omits_thoughts: whether the caller wants what was thought sealed, and not told.
        stops: the request's stop texts.
    """
    has_calls = bool(completion.calls)
    return MessagesAnswer(
        id=new_id(),
        model=completion.model,
        content=[_block(block, omits_thoughts=omits_thoughts) for block in completion.blocks],
        stop_reason=stop_reason(completion.stop_reason, has_calls=has_calls),
        stop_sequence=stop_sequence(completion.stop_reason, stops, completion.stop_text),
        stop_details=refusal(completion.stop_reason),
        usage=usage(completion.usage, reasoning_tokens=completion.reasoning_tokens),
        quarry=completion.quarry or UNSET,
    )


def new_id() -> str:
    """Return an answer's id."""
    return f"msg_{uuid.uuid4().hex}"


def stop_reason(converse: str, *, has_calls: bool) -> StopReason:
    """Return Anthropic's word; an answer given by the JSON tool is no tool call to the caller."""
    told = _STOP_REASONS.get(converse, "end_turn")
    return "end_turn" if told == "tool_use" and not has_calls else told


def stop_sequence(converse: str, stops: Sequence[str], told: str | None) -> str | None:
    """Return the text that ended the answer: the one that was told, or the only one that it can have been.

    Args:
        stops: the request's stop texts.
        told: by the model, if it is one that does.
    """
    if converse != "stop_sequence":
        return None
    return told if told is not None else stops[0] if len(stops) == 1 else None


def refusal(converse: str) -> Refusal | None:
    """Return why the answer was stopped, if it was."""
    words = _REFUSED.get(converse)
    return Refusal(words) if words else None


def usage(converse: Mapping[str, Any], *, reasoning_tokens: int) -> MessagesUsage:
    """Return the token counts. Converse leaves out of its input what the cache had, as Anthropic does."""
    return MessagesUsage(
        input_tokens=converse.get("inputTokens", 0),
        output_tokens=converse.get("outputTokens", 0),
        cache_creation_input_tokens=converse.get("cacheWriteInputTokens", 0),
        cache_read_input_tokens=converse.get("cacheReadInputTokens", 0),
        output_tokens_details=OutputTokensDetails(reasoning_tokens),
    )


def _block(block: ToldBlock, *, omits_thoughts: bool) -> AnswerBlock:
    match block:
        case Text():
            return AnswerText(block.text)
        case Called():
            return AnswerToolUse(block.id, block.name, block.input)
        case Thought(redacted=None):
            if omits_thoughts:
                return AnswerThinking("", thoughts.sealed(block.text, block.signature))
            return AnswerThinking(block.text, block.signature or "")
        case _:
            return AnswerRedactedThinking(thoughts.shown(block.redacted or b""))
