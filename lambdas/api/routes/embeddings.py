"""``POST /v1/embeddings``: texts embedded within the key's allowance."""

from lambdas.allowances import remaining
from lambdas.allowances.estimate import usage
from lambdas.api import composition
from lambdas.api.call import Answer, Call
from lambdas.embeddings.request import parse
from lambdas.embeddings.service import EmbeddingList, Embeddings
from lambdas.exchange import unrecorded


def create_embeddings(call: Call) -> Answer[EmbeddingList]:
    """Embed texts."""
    request = parse(call.body)
    ledger = composition.ledger()
    embedder = Embeddings(aliases=composition.aliases(), client=composition.embedding_client().until(call.deadline))
    candidate = embedder.candidate(request)
    # At most a token per byte: the estimate is an upper bound.
    most = sum(len(text.encode()) for text in request.texts)
    estimate = usage(input_tokens=most, price=candidate.price)
    reservation = ledger.reserve(call.caller, alias=request.model, estimate=estimate)
    try:
        embedded = embedder.embed(request, candidate)
    except BaseException:
        ledger.release(reservation)
        raise
    charged = usage(input_tokens=embedded.usage.prompt_tokens, price=candidate.price)
    try:
        return Answer(body=embedded, headers=remaining.headers(ledger.settle(reservation, charged)))
    except unrecorded.TROUBLE as error:
        told = unrecorded.header({"charge": unrecorded.log("charge", error, key_id=call.caller.key_id)})
        return Answer(body=embedded, headers=remaining.headers(reservation.remaining) | told)
