"""Retrieve of ``bedrock-agent-runtime``: the passages of a knowledge base that are nearest to a question.

How they are ranked is in :mod:`sandbox.knowledge.passages`; binary vectors score as OpenSearch's Hamming space does.
HYBRID is refused where AWS refuses it; a search that names no type is hybrid where the store can be searched so: AWS
leaves the choice to itself.
"""

from __future__ import annotations

import math
from typing import Any

from ministack.services import bedrock_agent

from sandbox.knowledge import embedding, filters, ingestion, library, reranking, stores
from sandbox.knowledge.passages import Passage
from sandbox.knowledge.reranking import SERVICE
from sandbox.knowledge.stores import Store, StoreError
from sandbox.model import shapes
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.service_role import NotAuthorizedError, ServiceRole

DEFAULT_RESULTS = 5
"""How many passages AWS answers when ``numberOfResults`` is left out."""

_OWN = "x-amz-bedrock-kb"
Ranked = list[tuple[float, Passage]]


def retrieve(knowledge_base_id: str, body: bytes) -> Json:
    """Answer Retrieve for a text question.

    Raises:
        AwsError: ResourceNotFoundException; AccessDeniedException, the service role may not read the store;
            ValidationException, what is asked does not exist, or not here.
    """
    request = shapes.parse("Retrieve", body, service=SERVICE)
    base = bedrock_agent._knowledge_bases.get(knowledge_base_id)
    if base is None:
        raise AwsError("ResourceNotFoundException", f"Knowledge base with id {knowledge_base_id} does not exist.")
    _refuse_what_is_not_here(request)
    settings = (request.get("retrievalConfiguration") or {}).get("vectorSearchConfiguration") or {}
    role, store = _open(base)
    asked = settings.get("overrideSearchType")
    if asked == "HYBRID" and not store.is_search:
        raise invalid(f"HYBRID search type is not supported for search operation on index {base['KnowledgeBaseId']}.")
    if wanted := settings.get("filter"):
        filters.check(wanted, store)
    question = request["retrievalQuery"]["text"]
    most = settings.get("numberOfResults", DEFAULT_RESULTS)
    found = library.passages(store.key).search(
        question,
        most=most,
        hybrid=asked == "HYBRID" or (asked is None and store.is_search),
        fits=lambda each: not wanted or filters.matches(wanted, _metadata(each)),
    )
    if store.binary:
        found = [(_hamming(score, store.dimension), passage) for score, passage in found]
    found = _with_parents(found)
    if "rerankingConfiguration" in settings:
        found = _reranked(found, question, settings["rerankingConfiguration"], role)
    return {"retrievalResults": [_result(score, passage) for score, passage in found]}


def _refuse_what_is_not_here(request: Json) -> None:
    """Refuse what AWS does and this engine does not, instead of ignoring it."""
    configuration = request.get("retrievalConfiguration") or {}
    text = request["retrievalQuery"].get("text")
    if request["retrievalQuery"].get("image") or request["retrievalQuery"].get("type") == "IMAGE":
        raise invalid("This local AWS does not search by image.")
    if not text or not text.strip():
        raise invalid("The retrieval query must have a text.")
    if "managedSearchConfiguration" in configuration:
        raise invalid("managedSearchConfiguration is for managed knowledge bases; this one has a vector store.")
    if "implicitFilterConfiguration" in (configuration.get("vectorSearchConfiguration") or {}):
        raise invalid("This local AWS does not derive filters from questions.")
    if "guardrailConfiguration" in request:
        raise invalid("This local AWS does not apply guardrails in Retrieve.")
    if "nextToken" in request:
        raise invalid("The pagination token is invalid.")


def _open(base: dict[str, Any]) -> tuple[ServiceRole, Store]:
    """Return the role and the store, with the rights that a search needs."""
    try:
        role = ingestion.assume(base, session="KnowledgeBaseRetrieve")
        embedding.require(embedding.model_arn(base), role)
        store = stores.of(base)
        store.require_read(role)
    except NotAuthorizedError as error:
        raise AwsError("AccessDeniedException", str(error)) from error
    except StoreError as error:
        raise invalid(str(error)) from error
    return role, store


def _hamming(cosine: float, dimension: int) -> float:
    """Return the score of binary vectors whose texts' have that cosine: 1 / (1 + the bits that differ).

    As many bits differ as signs do of random projections: the angle's share of half a turn.
    """
    return 1 / (1 + round(dimension * math.acos(min(1.0, cosine)) / math.pi))


def _with_parents(found: Ranked) -> Ranked:
    """Put parents in the place of their children: each once, with the score of its best child."""
    seen: set[str] = set()
    kept: Ranked = []
    for score, passage in found:
        if passage.parent_id is not None:
            if passage.parent_id in seen:
                continue
            seen.add(passage.parent_id)
        kept.append((score, passage))
    return kept


def _reranked(found: Ranked, question: str, configuration: Json, role: ServiceRole) -> Ranked:
    settings = configuration.get("bedrockRerankingConfiguration")
    if settings is None:
        raise invalid("rerankingConfiguration of type BEDROCK_RERANKING_MODEL needs bedrockRerankingConfiguration.")
    arn = settings["modelConfiguration"]["modelArn"]
    reranking.require(arn, role)
    if not found:
        return []
    texts = [_text(passage) for _score, passage in found]
    ranked = reranking.order(arn, question, texts, most=settings.get("numberOfRerankedResults"))
    return [(score, found[place][1]) for place, score in ranked]


def _text(passage: Passage) -> str:
    return passage.parent if passage.parent is not None else passage.text


def _metadata(passage: Passage) -> dict[str, Any]:
    """The fields that a filter may name: the document's own and Bedrock's."""
    return {
        **passage.metadata,
        f"{_OWN}-source-uri": passage.uri,
        f"{_OWN}-chunk-id": passage.chunk_id,
        f"{_OWN}-data-source-id": passage.data_source_id,
    }


def _result(score: float, passage: Passage) -> Json:
    return {
        "content": {"type": "TEXT", "text": _text(passage)},
        "location": {"type": "S3", "s3Location": {"uri": passage.uri}},
        "score": round(score, 8),
        "metadata": _metadata(passage),
    }
