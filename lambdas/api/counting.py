"""Counting what a model would read, for routes that tell it; apart from ``asking``, which every answer begins with."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from lambdas.allowances.usage import Usage
from lambdas.api import composition, outcome
from lambdas.api.call import Call
from lambdas.chat import counting
from lambdas.chat.conversation import Conversation
from lambdas.exchange import unrecorded


class Counted(Struct, frozen=True):
    """Tokens, whether they are an estimate, and the answer's headers."""

    tokens: int
    estimated: bool
    headers: dict[str, str]


def count(
    asked: Conversation, call: Call, *, dropped: Sequence[str] = (), before: Sequence[Mapping[str, Any]] = ()
) -> Counted:
    """Count what the first model of an alias would read. It costs a key nothing but a request of the minute.

    Args:
        call: who asks, and when the answer has to be over.
        dropped: what of the request was left out or changed, as its caller has it.
        before: turns that go before what is asked.

    Raises:
        ApiError: unknown alias, the key's allowance, or what the candidate's family cannot do.
    """
    service = composition.service().until(call.deadline)
    asked = service.bounded(asked)
    candidate = service.candidates(asked.alias)[0]
    arguments, unfit = service.arguments(asked, asked.spoken, candidate)
    if before:
        arguments = {**arguments, "messages": [*before, *arguments["messages"]]}
    ledger = composition.ledger()
    reservation = ledger.reserve(call.caller, alias=asked.alias, estimate=Usage())
    try:
        found = counting.count(composition.runtime_client().until(call.deadline), candidate, arguments)
    except BaseException:
        unrecorded.try_to_release(ledger, reservation)
        raise
    headers, codes = unrecorded.try_to_settle(ledger, reservation, Usage())
    told = outcome.left_out([*dropped, *unfit])
    return Counted(found.tokens, found.estimated, {**headers, **unrecorded.header(codes), **told})
