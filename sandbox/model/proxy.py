"""Real answers: forwards generation to the OpenAI-compatible server of ``MINISTACK_BEDROCK_PROXY_URL``, if it is set.

The conversion is MiniStack's own. ``SANDBOX_MODEL_PROXY_MODEL`` names the model on that server (Ollama: ``llama3.2``);
without it the AWS model id is sent, which suits a server that ignores names.
"""

from __future__ import annotations

import os

from ministack.services import bedrock_runtime

from sandbox.model import conversation
from sandbox.model.answer import Answer
from sandbox.model.errors import AwsError, Json


def enabled() -> bool:
    """Return whether answers come from another server. MiniStack reads the address once, when it is imported."""
    return bool(bedrock_runtime._PROXY_URL)


def answer(request: Json, model_id: str) -> tuple[Answer, tuple[int, int] | None]:
    """Return the server's answer and its own (input, output) token counts, where it sent them.

    Raises:
        AwsError: ServiceUnavailableException, the server cannot be reached or sends what is no chat completion;
            ModelErrorException, it called a tool with input that is no JSON.
    """
    messages = request.get("messages") or []
    message, counts = bedrock_runtime._proxy_openai_chat_message(
        os.environ.get("SANDBOX_MODEL_PROXY_MODEL") or model_id,
        _flat(messages),
        [{"text": conversation.system_text(request)}] if request.get("system") else [],
        request.get("inferenceConfig") or {},
        request.get("toolConfig"),
    )
    if message is None:
        url = bedrock_runtime._PROXY_URL
        raise AwsError("ServiceUnavailableException", f"No answer from {url} (MINISTACK_BEDROCK_PROXY_URL).")
    blocks, stop_reason = bedrock_runtime._converse_blocks_from_message(message)
    if stop_reason not in ("end_turn", "tool_use"):
        raise AwsError("ModelErrorException", f"The model's tool call cannot be read ({stop_reason}).")
    return Answer(blocks, stop_reason), counts


def _flat(messages: list[Json]) -> list[Json]:
    """Return messages with guarded text as plain text, which is what MiniStack's conversion knows."""
    return [
        {
            **message,
            "content": [{"text": conversation.text_of([b])} if "guardContent" in b else b for b in message["content"]],
        }
        for message in messages
    ]
