"""``POST /v1/chat/completions``, and what the other routes that ask a model share with it."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from lambdas.api import composition, outcome
from lambdas.api.call import Answer, Call, Streamed
from lambdas.chat import reading
from lambdas.chat.request import ChatRequest
from lambdas.common.tolerance import Read
from lambdas.exchange.streamed_exchange import StreamedExchange

# The role and the first token.
_FIRST: Final = 2


def create_chat_completion(call: Call) -> Answer[dict[str, Any]] | Streamed:
    """Answer a chat request, whole or as server-sent events."""
    asked = reading.read(call.body, strict=composition.settings().strict)
    if asked.body.stream:
        return stream(asked, call, events=iter, first=_FIRST)
    return complete(asked, call)


def complete(asked: Read[ChatRequest], call: Call) -> Answer[dict[str, Any]]:
    """Answer a chat request with OpenAI's completion.

    Args:
        asked: the request, and what of it was left out.
        call: who asks, and when the answer has to be over.

    Raises:
        ApiError: as ``Exchanges.complete``.
    """
    caller = call.caller
    done = composition.exchanges().complete(asked.body, caller, deadline=call.deadline)
    completion = done.completion
    usage = completion.body["usage"]
    outcome.answered(completion.answered, stop_reason=completion.stop_reason, usage=usage, key_id=caller.key_id)
    outcome.asked_documents(completion.body.get("quarry"))
    return Answer(body=completion.body, headers={**outcome.headers(completion.answered, asked.dropped), **done.headers})


def stream(
    asked: Read[ChatRequest],
    call: Call,
    *,
    events: Callable[[StreamedExchange], Iterator[Any]],
    first: int,
) -> Streamed:
    """Begin to answer a chat request as a stream; Bedrock's first event has arrived.

    Args:
        asked: the request, and what of it was left out.
        call: who asks, and when the answer has to be over.
        events: makes of the exchange what is sent of it.
        first: as ``Streamed.first``.

    Raises:
        ApiError: as ``Exchanges.stream``.
    """
    caller = call.caller
    exchange = composition.exchanges().stream(asked.body, caller, deadline=call.deadline)
    return Streamed(
        exchange=exchange,
        events=events(exchange),
        first=first,
        key_id=caller.key_id,
        headers={**outcome.headers(exchange.answered, asked.dropped), **exchange.headers},
    )
