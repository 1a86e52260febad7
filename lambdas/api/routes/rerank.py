"""``POST /v1/rerank``: texts put in order within the key's allowance."""

from lambdas.allowances.ledger import Ledger
from lambdas.api import composition, outcome
from lambdas.api.call import Answer, Call
from lambdas.common.caller import Caller
from lambdas.exchange import unrecorded
from lambdas.rerank import service
from lambdas.rerank.request import READER
from lambdas.rerank.service import Reranker, Reranking, models_arn


def create_reranking(call: Call) -> Answer[Reranking]:
    """Put texts in the order in which they answer a question."""
    client = composition.reranking_client()
    reranker = Reranker(
        aliases=composition.aliases(),
        client=client.until(call.deadline),
        models=models_arn(client.meta),
        names_who_answered=composition.settings().reply_model == "answered",
    )
    strict = composition.settings().strict
    return rerank(call.body, call.caller, reranker=reranker, ledger=composition.ledger(), strict=strict)


def rerank(
    body: bytes, caller: Caller, *, reranker: Reranker, ledger: Ledger, strict: bool = False
) -> Answer[Reranking]:
    """Return texts in the order in which they answer a question; the key pays what Bedrock bills, estimated.

    Raises:
        InvalidRequestError: with ``param`` naming the field.
        ApiError: the key may not call the alias, the allowance is used up, or Bedrock failed.
    """
    asked = READER.read(body, strict=strict)
    candidate = reranker.candidate(asked.body)
    most, likely = service.read(asked.body)
    charged = likely.usage(candidate.price)
    reservation = ledger.reserve(caller, alias=asked.body.model, estimate=most.usage(candidate.price), likely=charged)
    try:
        reranked = reranker.rerank(asked.body, candidate, likely)
    except BaseException:
        unrecorded.try_to_release(ledger, reservation)
        raise
    headers, codes = unrecorded.try_to_settle(ledger, reservation, charged)
    return Answer(body=reranked, headers=headers | unrecorded.header(codes) | outcome.left_out(asked.dropped))
