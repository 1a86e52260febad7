"""Asking a model, for any route and in any dialect: the exchange, what is recorded of it, and the answer's headers."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from lambdas.api import composition, outcome
from lambdas.api.call import Call, Streamed
from lambdas.api.dialects.dialect import EventTable
from lambdas.chat.conversation import Conversation
from lambdas.chat.told import Completion
from lambdas.exchange.ingredient import MakeIngredient
from lambdas.exchange.streamed_exchange import StreamedExchange


class Completed(Struct, frozen=True):
    """A whole answer, and the headers that tell of it."""

    completion: Completion
    headers: dict[str, str]


def complete(
    asked: Conversation, call: Call, *, dropped: Sequence[str] = (), first: Sequence[MakeIngredient] = ()
) -> Completed:
    """Answer, whole.

    Args:
        call: who asks, and when the answer has to be over.
        dropped: what of the request was left out or changed, as its caller has it.
        first: as ``Exchanges.complete`` has it.

    Raises:
        ApiError: as ``Exchanges.complete``.
    """
    caller = call.caller
    done = composition.exchanges().complete(asked, caller, deadline=call.deadline, first=first)
    completion = done.completion
    outcome.answered(
        completion.answered, stop_reason=completion.stop_reason, usage=completion.usage, key_id=caller.key_id
    )
    outcome.asked_documents(completion.quarry)
    return Completed(completion, {**outcome.headers(completion.answered, dropped), **done.headers})


def stream(
    asked: Conversation,
    call: Call,
    *,
    table: Callable[[StreamedExchange], EventTable],
    dropped: Sequence[str] = (),
    first: Sequence[MakeIngredient] = (),
) -> Streamed:
    """Begin to answer as a stream; Bedrock's first event has arrived.

    Args:
        call: as in ``complete``.
        table: makes what tells the exchange's events.
        dropped: as in ``complete``.
        first: as in ``complete``.

    Raises:
        ApiError: as ``Exchanges.stream``.
    """
    caller = call.caller
    exchange = composition.exchanges().stream(asked, caller, deadline=call.deadline, first=first)
    headers: dict[str, Any] = {**outcome.headers(exchange.answered, dropped), **exchange.headers}
    return Streamed(exchange=exchange, table=table(exchange), key_id=caller.key_id, headers=headers)
