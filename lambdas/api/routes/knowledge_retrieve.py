"""``POST /v1/knowledge/retrieve``: passages alone, whatever their scores."""

from dataclasses import replace
from typing import Final

from msgspec import Struct

from lambdas.allowances.ledger import Ledger
from lambdas.allowances.usage import Usage
from lambdas.api import composition, outcome
from lambdas.api.call import Answer, Call
from lambdas.api.dialects.chat.knowledge import PASSAGES_RULES, PassagesQuery
from lambdas.common.caller import Caller
from lambdas.common.tolerance import Reader
from lambdas.exchange import unrecorded
from lambdas.knowledge.asking import Knowledge
from lambdas.knowledge.filters import to_retrieval_filter
from lambdas.knowledge.passages import Passage

# What the search is called among the aliases of a key's usage; no alias can be called so.
ALIAS: Final = "knowledge/retrieve"

READER: Final = Reader(PassagesQuery, PASSAGES_RULES)


class PassageList(Struct, tag_field="object", tag="list", frozen=True):
    """The passages that fit, best first."""

    data: list[Passage]


def find_passages(call: Call) -> Answer[PassageList]:
    """Find passages."""
    return retrieve(
        call.body,
        call.caller,
        knowledge=composition.knowledge().until(call.deadline),
        ledger=composition.ledger(),
        strict=composition.settings().strict,
    )


def retrieve(
    body: bytes, caller: Caller, *, knowledge: Knowledge, ledger: Ledger, strict: bool = False
) -> Answer[PassageList]:
    """Return the passages that fit a query, best first; the headers tell what is left of the key's allowance.

    No alias is called, so every key may search. A search counts as a request and costs the key nothing: what Bedrock
    bills for it (some tokens of the embedding model, the store, reranking) is the platform's. The reservation comes
    first here, because the requests in a minute are all that bounds searches.

    Raises:
        InvalidRequestError: with ``param`` naming the field.
        ApiError: too many requests, or the search failed.
    """
    read = READER.read(body, strict=strict)
    asked = read.body
    filter_ = to_retrieval_filter(asked.filter, knowledge.settings.metadata, param="filter")
    anybody = replace(caller, limits=replace(caller.limits, aliases=None))
    reservation = ledger.reserve(anybody, alias=ALIAS, estimate=Usage())
    try:
        passages = knowledge.retriever.find(asked.query, results=knowledge.results(asked.results), filter_=filter_)
    except BaseException:
        unrecorded.try_to_release(ledger, reservation)
        raise
    headers, codes = unrecorded.try_to_settle(ledger, reservation, Usage())
    return Answer(
        body=PassageList(passages), headers=headers | unrecorded.header(codes) | outcome.left_out(read.dropped)
    )
