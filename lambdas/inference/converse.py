"""Between OpenAI's chat shapes and Bedrock's Converse: both directions, no calls.

Converse wants the system text apart, the turns alternating and beginning with the user's; OpenAI's list has no such
rules, so neighbouring turns of one role are joined. Source: API reference of Converse, Bedrock user guide.
"""

import time
from typing import Any, Final

from lambdas.common.errors import InvalidRequestError
from lambdas.inference.chat import AssistantMessage, ChatRequest, DeveloperMessage, SystemMessage, plain_text

# Converse's stopReason -> OpenAI's finish_reason. Those not listed end the answer in the ordinary way: "stop".
FINISH_REASONS: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


def to_converse(request: ChatRequest, *, max_output_tokens: int) -> dict[str, Any]:
    """Return Converse's ``system``, ``messages``, ``inferenceConfig`` and ``requestMetadata`` for a request.

    Args:
        max_output_tokens: the most that the model can write; a request for more is cut to it.

    Raises:
        InvalidRequestError: the conversation does not begin with the user.
    """
    system: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    for index, message in enumerate(request.messages):
        block = {"text": plain_text(message.content)}
        if isinstance(message, SystemMessage | DeveloperMessage):
            system.append(block)
            continue
        role = "assistant" if isinstance(message, AssistantMessage) else "user"
        if not turns and role == "assistant":
            raise InvalidRequestError(
                "The first message after the system's must have the role `user`.", param=f"messages[{index}].role"
            )
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].append(block)
        else:
            turns.append({"role": role, "content": [block]})
    arguments: dict[str, Any] = {
        "messages": turns,
        "inferenceConfig": _inference_config(request, max_output_tokens=max_output_tokens),
    }
    if system:
        arguments["system"] = system
    if request.metadata:
        arguments["requestMetadata"] = request.metadata
    return arguments


def _inference_config(request: ChatRequest, *, max_output_tokens: int) -> dict[str, Any]:
    wanted = request.max_completion_tokens or request.max_tokens or max_output_tokens
    config: dict[str, Any] = {"maxTokens": min(wanted, max_output_tokens)}
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.top_p is not None:
        config["topP"] = request.top_p
    if request.stop:
        config["stopSequences"] = [request.stop] if isinstance(request.stop, str) else request.stop
    return config


def to_openai(reply: dict[str, Any], *, model: str, completion_id: str) -> dict[str, Any]:
    """Return OpenAI's ``chat.completion`` object for Converse's reply.

    ``model`` is the model that answered, as OpenAI names the snapshot behind an alias.
    A guardrail's intervention is a completion with ``finish_reason`` "content_filter" and the policy's own message.
    """
    content = reply.get("output", {}).get("message", {}).get("content", [])
    text = "".join(block["text"] for block in content if "text" in block)
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": FINISH_REASONS.get(reply["stopReason"], "stop"),
            }
        ],
        "usage": to_usage(reply.get("usage", {})),
    }


def to_usage(usage: dict[str, Any]) -> dict[str, Any]:
    """Return OpenAI's ``usage`` (token counts) for Converse's.

    Bedrock's ``inputTokens`` leave out what was read from or written to its prompt cache; OpenAI's ``prompt_tokens``
    are everything, with the cached part named in the details.
    """
    cached = usage.get("cacheReadInputTokens", 0)
    prompt = usage.get("inputTokens", 0) + cached + usage.get("cacheWriteInputTokens", 0)
    completion = usage.get("outputTokens", 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
