"""``POST /v1/messages`` and ``/v1/messages/count_tokens``, as Anthropic's API has them."""

from msgspec import UNSET

from lambdas.allowances.usage import Usage
from lambdas.api import asking, composition, outcome
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.dialects.messages import reading, versions
from lambdas.api.dialects.messages.answer import MessagesAnswer, TokensCounted, answer
from lambdas.api.dialects.messages.conversation import not_taken, omits_thoughts, to_conversation, to_counted
from lambdas.api.dialects.messages.events import MessagesEvents
from lambdas.chat.counting import count
from lambdas.exchange import unrecorded


def create_message(call: Call) -> Answer[MessagesAnswer] | Streamed:
    """Answer a request of the Messages API, whole or as server-sent events."""
    betas = versions.dropped(call.headers)
    read = reading.read(call.body, strict=composition.settings().strict)
    request = read.body
    asked = to_conversation(request)
    dropped = [*betas, *read.dropped, *not_taken(request)]
    omits = omits_thoughts(request)
    if request.stream:
        return asking.stream(
            asked,
            call,
            dropped=dropped,
            table=lambda exchange: MessagesEvents(model=exchange.model, omits_thoughts=omits, stops=asked.stop),
        )
    done = asking.complete(asked, call, dropped=dropped)
    return Answer(body=answer(done.completion, omits_thoughts=omits, stops=asked.stop), headers=done.headers)


def count_tokens(call: Call) -> Answer[TokensCounted]:
    """Tell how many tokens the model would read of a request. It costs a key nothing but a request of the minute."""
    betas = versions.dropped(call.headers)
    read = reading.read_count(call.body, strict=composition.settings().strict)
    service = composition.service().until(call.deadline)
    asked = service.bounded(to_counted(read.body))
    candidate = service.candidates(asked.alias)[0]
    arguments, unfit = service.arguments(asked, asked.spoken, candidate)
    ledger = composition.ledger()
    reservation = ledger.reserve(call.caller, alias=asked.alias, estimate=Usage())
    try:
        counted = count(composition.runtime_client().until(call.deadline), candidate, arguments)
    except BaseException:
        unrecorded.try_to_release(ledger, reservation)
        raise
    headers, codes = unrecorded.try_to_settle(ledger, reservation, Usage())
    body = TokensCounted(counted.tokens, {"estimated": True} if counted.estimated else UNSET)
    told = outcome.left_out([*betas, *read.dropped, *not_taken(read.body), *unfit])
    return Answer(body=body, headers=headers | unrecorded.header(codes) | told)
