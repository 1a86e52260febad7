"""Reranking: the shape of Cohere and Jina outside, Bedrock's Rerank inside.

Bedrock is paid by query, and a query has a hundred chunks of 512 tokens, the question's tokens in each. How many there
were it does not tell: they are estimated. Source: Amazon Bedrock's pricing page, "Rerank".
"""

import math
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import UNSET, Struct, UnsetType

from lambdas.allowances.usage import Usage
from lambdas.chat.aliases import Aliases
from lambdas.chat.candidates import Candidate
from lambdas.chat.errors import to_api_error
from lambdas.common.errors import InvalidRequestError, UpstreamError
from lambdas.common.tokens import Tokens
from lambdas.rerank.request import RerankRequest

CHUNK_TOKENS: Final = 512
CHUNKS: Final = 100


class RankedText(Struct, frozen=True):
    """A document's text."""

    text: str


class RerankResult(Struct, frozen=True, kw_only=True):
    """A document. ``index`` is its place in the request, ``relevance_score`` from 0 to 1."""

    index: int
    relevance_score: float
    document: RankedText | UnsetType = UNSET


class BilledUnits(Struct, frozen=True):
    """What was paid for, estimated."""

    search_units: int


class RerankMeta(Struct, frozen=True):
    """Cohere's."""

    billed_units: BilledUnits


class RerankUsage(Struct, frozen=True, kw_only=True):
    """Jina's: what was read, in tokens, estimated."""

    prompt_tokens: int
    total_tokens: int


class Reranking(Struct, frozen=True, kw_only=True):
    """The documents that answer the question best, best first."""

    id: str
    object: str = "list"
    model: str
    results: list[RerankResult]
    meta: RerankMeta
    usage: RerankUsage


class RerankClient(Protocol):
    """The one call that is made, with Bedrock's own shapes."""

    def rerank(self, **kwargs: Any) -> dict[str, Any]:
        """Put texts in order."""
        ...


class Read(Struct, frozen=True, kw_only=True):
    """What one reading of a request's texts comes to: tokens, and queries that are paid."""

    tokens: int
    queries: int

    def usage(self, price: Mapping[str, float | None] | None) -> Usage:
        """Return what it takes, at a model's price in dollars per thousand queries."""
        rate = (price or {}).get("thousand_queries")
        # A dollar per thousand queries is a thousand micro-dollars for each.
        micro_dollars = math.ceil(rate * 1_000) * self.queries if rate is not None else 0
        return Usage(
            input_tokens=self.tokens,
            micro_dollars=micro_dollars,
            input_micro_dollars=micro_dollars,
            priced=rate is not None,
        )


def read(request: RerankRequest) -> tuple[Read, Read]:
    """Return what the model reads of a request: at most, and likely."""
    question = Tokens.of(request.query)
    texts = [Tokens.of(text) for text in request.texts]
    return (
        _read(question.most, [text.most for text in texts]),
        _read(question.likely, [text.likely for text in texts]),
    )


def _read(question: int, texts: Sequence[int]) -> Read:
    # A question that fills a chunk leaves one token of each to the text; Bedrock cuts it before that.
    room = max(CHUNK_TOKENS - question, CHUNK_TOKENS // 2)
    chunks = sum(-(-max(text, 1) // room) for text in texts)
    return Read(tokens=question * chunks + sum(texts), queries=-(-chunks // CHUNKS))


def models_arn(meta: Any) -> str:
    """Return what the ARNs of foundation models begin with where a client of botocore's calls; ``meta`` is its."""
    return f"arn:{meta.partition}:bedrock:{meta.region_name}::foundation-model/"


class Reranker:
    """Reranks by an alias's first candidate: scores of two models cannot be compared, so none steps in.

    Args:
        models: what the ARNs of the region's foundation models begin with.
        names_who_answered: whether `model` of an answer is the base id, and not the alias that was asked for.
    """

    def __init__(
        self, *, aliases: Aliases, client: RerankClient, models: str, names_who_answered: bool = False
    ) -> None:
        self._aliases = aliases
        self._client = client
        self._models = models
        self._names_who_answered = names_who_answered

    def candidate(self, request: RerankRequest) -> Candidate:
        """Return what the alias calls.

        Raises:
            NotFoundError: there is no such alias.
            InvalidRequestError: its model does not rerank.
        """
        found = self._aliases.candidates(request.model)[0]
        if found.model.kind != "rerank":
            raise InvalidRequestError(f"`{request.model}` is not a model that reranks.", param="model")
        return found

    def rerank(self, request: RerankRequest, candidate: Candidate, likely: Read) -> Reranking:
        """Return the documents in order.

        Raises:
            ApiError: what ``to_api_error`` makes of a failed call.
        """
        texts = request.texts
        most = min(request.top_n or len(texts), len(texts))
        try:
            found = self._client.rerank(
                queries=[{"type": "TEXT", "textQuery": {"text": request.query}}],
                sources=[
                    {
                        "type": "INLINE",
                        "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": text}},
                    }
                    for text in texts
                ],
                rerankingConfiguration={
                    "type": "BEDROCK_RERANKING_MODEL",
                    "bedrockRerankingConfiguration": {
                        # Rerank takes nothing else, and no inference profile.
                        "modelConfiguration": {"modelArn": f"{self._models}{candidate.base_model_id}"},
                        "numberOfResults": most,
                    },
                },
            )
        except (ClientError, BotoCoreError) as error:
            raise to_api_error(error, alias=request.model, model_id=candidate.callable_id) from error
        if "results" not in found:
            raise UpstreamError(f"The answer of the model behind `{request.model}` was damaged. Try again.")
        return Reranking(
            id=f"rerank-{uuid.uuid4().hex}",
            model=candidate.base_model_id if self._names_who_answered else request.model,
            results=[
                RerankResult(
                    index=one["index"],
                    relevance_score=one["relevanceScore"],
                    document=RankedText(texts[one["index"]]) if request.return_documents else UNSET,
                )
                for one in found["results"][:most]
            ],
            meta=RerankMeta(BilledUnits(likely.queries)),
            usage=RerankUsage(prompt_tokens=likely.tokens, total_tokens=likely.tokens),
        )
