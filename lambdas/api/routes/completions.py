"""``POST /v1/completions``, for clients of before chat."""

from lambdas.api import asking, composition
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.dialects.completions import request as completions
from lambdas.api.dialects.completions.answer import CompletionTable, TextCompletion, answer


def create_completion(call: Call) -> Answer[TextCompletion] | Streamed:
    """Answer a prompt, whole or as server-sent events."""
    read = completions.read(call.body, strict=composition.settings().strict)
    asked = completions.to_conversation(read.body)
    if read.body.stream:
        with_usage = bool(read.body.stream_options and read.body.stream_options.include_usage)
        return asking.stream(
            asked,
            call,
            dropped=read.dropped,
            table=lambda exchange: CompletionTable(model=exchange.model, usage=with_usage),
        )
    done = asking.complete(asked, call, dropped=read.dropped)
    return Answer(body=answer(done.completion), headers=done.headers)
