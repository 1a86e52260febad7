"""``POST /v1/chat/completions``."""

from typing import Any

from lambdas.api import asking, composition
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.dialects.chat import reading
from lambdas.api.dialects.chat.chunks import ChunkTable
from lambdas.api.dialects.chat.completion import to_openai
from lambdas.api.dialects.chat.conversation import to_conversation
from lambdas.api.dialects.chat.request import ChatRequest
from lambdas.common.tolerance import Read


def create_chat_completion(call: Call) -> Answer[dict[str, Any]] | Streamed:
    """Answer a chat request, whole or as server-sent events."""
    read = reading.read(call.body, strict=composition.settings().strict)
    request = read.body
    if not request.stream:
        return complete(read, call)
    with_usage = bool(request.stream_options and request.stream_options.include_usage)
    return asking.stream(
        to_conversation(request),
        call,
        dropped=read.dropped,
        table=lambda exchange: ChunkTable(model=exchange.model, usage=with_usage),
    )


def complete(read: Read[ChatRequest], call: Call) -> Answer[dict[str, Any]]:
    """Answer a chat request with OpenAI's completion.

    Args:
        read: the request, and what of it was left out.
        call: who asks, and when the answer has to be over.

    Raises:
        ApiError: as ``Exchanges.complete``.
    """
    done = asking.complete(to_conversation(read.body), call, dropped=read.dropped)
    return Answer(body=to_openai(done.completion), headers=done.headers)
