"""``POST /v1/embeddings``: texts embedded within the key's allowance."""

from lambdas.allowances.estimate import usage
from lambdas.api import composition, outcome
from lambdas.api.call import Answer, Call
from lambdas.common.tokens import Tokens
from lambdas.embeddings.request import READER
from lambdas.embeddings.service import EmbeddingList, Embeddings
from lambdas.exchange import unrecorded


def create_embeddings(call: Call) -> Answer[EmbeddingList]:
    """Embed texts."""
    asked = READER.read(call.body, strict=composition.settings().strict)
    request = asked.body
    ledger = composition.ledger()
    embedder = Embeddings(
        aliases=composition.aliases(),
        client=composition.runtime_client().until(call.deadline),
        names_who_answered=composition.settings().reply_model == "answered",
    )
    candidate = embedder.candidate(request)
    tokens = sum(map(Tokens.of, request.texts), Tokens())
    reservation = ledger.reserve(
        call.caller,
        alias=request.model,
        estimate=usage(input_tokens=tokens.most, price=candidate.price),
        likely=usage(input_tokens=tokens.likely, price=candidate.price),
    )
    try:
        embedded = embedder.embed(request, candidate)
    except BaseException:
        unrecorded.try_to_release(ledger, reservation)
        raise
    charged = usage(input_tokens=embedded.usage.prompt_tokens, price=candidate.price)
    headers, codes = unrecorded.try_to_settle(ledger, reservation, charged)
    return Answer(body=embedded, headers=headers | unrecorded.header(codes) | outcome.left_out(asked.dropped))
