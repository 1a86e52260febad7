"""The response object: every field that OpenAI's has, with null where there is nothing to tell."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.api.dialects.responses.identity import ResponseId
from lambdas.api.dialects.responses.output import ENCRYPTED, RESULTS, Item, Output, Status, Wanted
from lambdas.api.dialects.responses.request import JsonSchemaText, ResponsesRequest
from lambdas.api.dialects.responses.tools import Tools, as_asked
from lambdas.chat.told import Completion
from lambdas.common.errors import ApiError, RateLimitError

# Converse's stopReason -> why a response is not complete. Those not listed end it in the ordinary way.
INCOMPLETE: Final = {
    "max_tokens": "max_output_tokens",
    "model_context_window_exceeded": "max_output_tokens",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


class Head(Struct, frozen=True, kw_only=True):
    """What is known of a response before it is answered.

    Attributes:
        model: what it is said to be from.
        created: seconds since the epoch.
        output: makes its items.
    """

    request: ResponsesRequest
    response: ResponseId
    model: str
    created: int
    output: Output

    def told(
        self,
        *,
        status: str,
        output: Sequence[Item] = (),
        usage: Mapping[str, Any] | None = None,
        reasoning_tokens: int = 0,
        stop_reason: str = "",
        error: Mapping[str, Any] | None = None,
        quarry: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the object.

        Args:
            usage: Converse's token counts, once they are known.
            stop_reason: Converse's, once it is known.
            quarry: what OpenAI's API has no word for.
        """
        reason = INCOMPLETE.get(stop_reason)
        return {
            "id": self.response.text,
            "object": "response",
            "created_at": self.created,
            "completed_at": int(time.time()) if status == "completed" else None,
            "status": status,
            "error": error,
            "incomplete_details": {"reason": reason} if reason and status == "incomplete" else None,
            "model": self.model,
            "output": [self.output.shown(item) for item in output],
            "usage": None if usage is None else told_usage(usage, reasoning_tokens),
            **echoed(self.request),
            **({"quarry": dict(quarry)} if quarry else {}),
        }


def head_of(
    request: ResponsesRequest,
    response: ResponseId,
    tools: Tools,
    *,
    model: str,
    now: float,
    kept: bool = False,
) -> Head:
    """Return the head of a request's response.

    Args:
        kept: whether it is told for its keeping: with all that has to come back.
    """
    include = request.include or ()
    summary = request.reasoning is not None and request.reasoning.summary is not None
    wanted = Wanted(summary=summary, encrypted=kept or ENCRYPTED in include, results=RESULTS in include)
    output = Output(response=response, tools=tools, wanted=wanted)
    return Head(request=request, response=response, model=model, created=int(now), output=output)


def answer(head: Head, completion: Completion, not_recorded: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the response of a whole answer."""
    status: Status = "incomplete" if completion.stop_reason in INCOMPLETE else "completed"
    quarry = dict(completion.quarry)
    if not_recorded:
        quarry["not_recorded"] = dict(not_recorded)
    return head.told(
        status=status,
        output=head.output.of(completion.blocks, quarry, status=status),
        usage=completion.usage,
        reasoning_tokens=completion.reasoning_tokens,
        stop_reason=completion.stop_reason,
        quarry=quarry,
    )


def told_usage(usage: Mapping[str, Any], reasoning_tokens: int = 0) -> dict[str, Any]:
    """Return OpenAI's ``usage`` for Converse's: its input leaves out what the prompt cache gave or took."""
    cached, written = usage.get("cacheReadInputTokens", 0), usage.get("cacheWriteInputTokens", 0)
    read = usage.get("inputTokens", 0) + cached + written
    output = usage.get("outputTokens", 0)
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": min(reasoning_tokens, output)},
        "total_tokens": read + output,
    }


def told_error(error: ApiError) -> dict[str, Any]:
    """Return the ``error`` of a response that failed: OpenAI's list of codes has two words for what can happen here."""
    code = "rate_limit_exceeded" if isinstance(error, RateLimitError) else "server_error"
    return {"code": code, "message": error.message}


def echoed(request: ResponsesRequest) -> dict[str, Any]:
    """Return what of a request its response tells again."""
    reasoning = request.reasoning
    return {
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "max_tool_calls": request.max_tool_calls,
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": request.previous_response_id,
        "reasoning": {
            "effort": reasoning.effort if reasoning else None,
            "summary": reasoning.summary if reasoning else None,
        },
        "store": request.store,
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "text": {"format": _format(request), "verbosity": "medium"},
        "tool_choice": "auto" if request.tool_choice is None else msgspec.to_builtins(request.tool_choice),
        "tools": as_asked(request),
        "top_p": 1.0 if request.top_p is None else request.top_p,
        # Only what was said before may become notes.
        "truncation": request.truncation or ("disabled" if request.previous_response_id is None else "auto"),
        "metadata": request.metadata or {},
        "user": request.user,
        "safety_identifier": request.safety_identifier,
        "prompt_cache_key": request.prompt_cache_key,
        "background": False,
        "service_tier": "default",
        "top_logprobs": 0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
    }


def _format(request: ResponsesRequest) -> dict[str, Any]:
    wanted = request.text.format if request.text else None
    if wanted is None:
        return {"type": "text"}
    told: dict[str, Any] = msgspec.to_builtins(wanted)
    if isinstance(wanted, JsonSchemaText):
        told["strict"] = wanted.strict is True
    return told
