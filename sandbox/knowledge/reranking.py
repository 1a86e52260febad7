"""Rerank of ``bedrock-agent-runtime``, and the reranking step of Retrieve: the stand-in rerank model's arithmetic."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ministack.core.responses import get_region

from sandbox.knowledge.embedding import require_model
from sandbox.model import embeddings, permissions, shapes, targets
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.service_role import NotAuthorizedError, ServiceRole

SERVICE = "bedrock-agent-runtime"


def rerank(body: bytes, headers: dict[str, str], query: dict[str, Any]) -> Json:
    """Answer Rerank. The caller needs ``bedrock:InvokeModel`` on the model, besides ``bedrock:Rerank``.

    Raises:
        AwsError: ValidationException, AccessDeniedException.
    """
    request = shapes.parse("Rerank", body, service=SERVICE)
    settings = request["rerankingConfiguration"]["bedrockRerankingConfiguration"]
    arn = settings["modelConfiguration"]["modelArn"]
    _check_model(arn)
    permissions.check("InvokeModel", targets.find(arn), headers, query)
    texts = [_text(source["inlineDocumentSource"]) for source in request["sources"]]
    ranked = order(arn, request["queries"][0]["textQuery"]["text"], texts, most=settings.get("numberOfResults"))
    return {"results": [{"index": place, "relevanceScore": score} for place, score in ranked]}


def order(arn: str, question: str, texts: Sequence[str], *, most: int | None) -> list[tuple[int, float]]:
    """Return (place in ``texts``, relevance from 0 to 1) of the best ``most`` texts, best first."""
    body = {"query": question, "documents": list(texts), **({"top_n": most} if most else {})}
    document, _tokens = embeddings.invoke(arn.rpartition("/")[2], json.dumps(body).encode())
    return [(found["index"], found["relevance_score"]) for found in document["results"]]


def require(arn: str, role: ServiceRole) -> None:
    """Check that a knowledge base's service role may rerank with a model.

    Raises:
        AwsError: ValidationException, no such rerank model in this region; AccessDeniedException.
    """
    _check_model(arn)
    try:
        role.require("bedrock:Rerank", "*")
        require_model(arn, role)
    except NotAuthorizedError as error:
        raise AwsError("AccessDeniedException", str(error)) from error


def _check_model(arn: str) -> None:
    try:
        model_id = targets.find(arn).model.model_id
    except AwsError as error:
        raise invalid(f"The reranking model {arn} cannot be used in {get_region()}: {error.message}") from error
    if "rerank" not in model_id:
        raise invalid(f"The model {arn} is not a reranking model.")


def _text(document: Json) -> str:
    if document["type"] == "JSON":
        return json.dumps(document.get("jsonDocument") or {})
    text: str = (document.get("textDocument") or {}).get("text", "")
    return text
