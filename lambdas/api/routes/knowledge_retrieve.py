"""``POST /v1/knowledge/retrieve``: passages alone, whatever their scores."""

from dataclasses import replace
from typing import Any, Final

import msgspec

from lambdas.allowances.ledger import Ledger
from lambdas.allowances.remaining import Remaining
from lambdas.allowances.usage import Usage
from lambdas.common.caller import Caller
from lambdas.common.json_body import decode
from lambdas.knowledge.asking import Knowledge
from lambdas.knowledge.filters import to_retrieval_filter
from lambdas.knowledge.request import PassagesQuery

# What the search is called among the aliases of a key's usage; no alias can be called so.
ALIAS: Final = "knowledge/retrieve"

_decoder: Final = msgspec.json.Decoder(PassagesQuery)


def retrieve(body: bytes, caller: Caller, *, knowledge: Knowledge, ledger: Ledger) -> tuple[dict[str, Any], Remaining]:
    """Return the passages that fit a query, best first, and what is left of the key's allowance.

    No alias is called, so every key may search. A search counts as a request and costs the key nothing: what Bedrock
    bills for it (some tokens of the embedding model, the store, reranking) is the platform's. The reservation comes
    first here, because the requests in a minute are all that bounds searches.

    Raises:
        InvalidRequestError: with ``param`` naming the field.
        ApiError: too many requests, or the search failed.
    """
    asked = decode(body, _decoder)
    filter_ = to_retrieval_filter(asked.filter, knowledge.settings.filters, param="filter")
    anybody = replace(caller, limits=replace(caller.limits, aliases=None))
    reservation = ledger.reserve(anybody, alias=ALIAS, estimate=Usage())
    try:
        passages = knowledge.retriever.find(asked.query, results=asked.results, filter_=filter_)
    except BaseException:
        ledger.release(reservation)
        raise
    left = ledger.settle(reservation, Usage())
    return {"object": "list", "data": [passage.told() for passage in passages]}, left
