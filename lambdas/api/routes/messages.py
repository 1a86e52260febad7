"""``POST /v1/messages`` and ``/v1/messages/count_tokens``, as Anthropic's API has them."""

from msgspec import UNSET

from lambdas.api import asking, composition, counting
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.dialects.messages import reading, versions
from lambdas.api.dialects.messages.answer import MessagesAnswer, TokensCounted, answer
from lambdas.api.dialects.messages.conversation import not_taken, omits_thoughts, to_conversation, to_counted
from lambdas.api.dialects.messages.events import MessagesEvents


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
            table=lambda exchange: MessagesEvents(
                model=exchange.model, omits_thoughts=omits, stops=asked.stop, reads=exchange.likely_input
            ),
        )
    done = asking.complete(asked, call, dropped=dropped)
    return Answer(body=answer(done.completion, omits_thoughts=omits, stops=asked.stop), headers=done.headers)


def count_tokens(call: Call) -> Answer[TokensCounted]:
    """Tell how many tokens the model would read of a request. It costs a key nothing but a request of the minute."""
    betas = versions.dropped(call.headers)
    read = reading.read_count(call.body, strict=composition.settings().strict)
    dropped = [*betas, *read.dropped, *not_taken(read.body)]
    counted = counting.count(to_counted(read.body), call, dropped=dropped)
    body = TokensCounted(counted.tokens, {"estimated": True} if counted.estimated else UNSET)
    return Answer(body=body, headers=counted.headers)
