"""InvokeModel of embedding and rerank models, with vectors that are repeatable, and real where this machine has them.

Real ones (:mod:`sandbox.model.word_vectors`) have 256 numbers; asked for more, the rest are zeros, which changes no
angle. Without them an embedding is a bag of content words, each hashed to a few signed places. Bodies are those of
Amazon Titan Text Embeddings V2, Cohere Embed v3/v4, Cohere Rerank 3.5 and Amazon Rerank 1.0 (Bedrock user guide,
"Inference request parameters"), and of Nova Multimodal Embeddings, texts only (Nova user guide, "Complete embeddings
request and response schema").
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from typing import Any

from sandbox.model import tokens, word_vectors, words
from sandbox.model.errors import AwsError, Json, invalid

_TITAN_DIMENSIONS = (256, 512, 1024)
_COHERE_V3 = 1024
_COHERE_V4 = (256, 512, 1024, 1536)
_NOVA = (256, 384, 1024, 3072)
_NOVA_CHARACTERS = 8192
_PLACES = 4  # of a vector that one word touches
_MAX_TEXTS = 96


def vector(text: str, dimensions: int, *, normalize: bool = True) -> list[float]:
    """Return the embedding of ``text``; of length 1 with ``normalize``. Never all zeros."""
    if word_vectors.available():
        found = word_vectors.embed(text)
        found += [0.0] * (dimensions - len(found))
    else:
        found = _hashed(text, dimensions)
    length = math.sqrt(sum(value * value for value in found))
    if length == 0.0:  # signs can cancel out exactly
        found[0] = length = 1.0
    return [round(value / length, 8) for value in found] if normalize else found


def _hashed(text: str, dimensions: int) -> list[float]:
    found = [0.0] * dimensions
    for word in words.content_words(text) or [text.strip().lower() or "empty"]:
        digest = hashlib.sha256(word.encode()).digest()
        for place in range(_PLACES):
            number = int.from_bytes(digest[place * 5 : place * 5 + 4], "big")
            found[number % dimensions] += 1.0 if digest[place * 5 + 4] % 2 else -1.0
    return found


def _malformed(what: str) -> AwsError:
    return invalid(f"Malformed input request: {what}, please reformat your input and try again.")


def _known(body: Json, *names: str) -> None:
    for name in body:
        if name not in names:
            raise _malformed(f"extraneous key [{name}] is not permitted")


def _titan(body: Json) -> Json:
    _known(body, "inputText", "dimensions", "normalize", "embeddingTypes")
    text = body.get("inputText")
    dimensions = body.get("dimensions", _TITAN_DIMENSIONS[-1])
    if not isinstance(text, str) or not text:
        raise _malformed("#/inputText: expected minLength: 1, actual: 0")
    if dimensions not in _TITAN_DIMENSIONS:
        raise _malformed(f"#/dimensions: {dimensions} is not a valid enum value")
    made = vector(text, dimensions, normalize=bool(body.get("normalize", True)))
    return {"embedding": made, "embeddingsByType": {"float": made}, "inputTextTokenCount": tokens.count(text)}


def _nova(body: Json) -> Json:
    _known(body, "schemaVersion", "taskType", "singleEmbeddingParams")
    if body.get("taskType") != "SINGLE_EMBEDDING":
        raise _malformed(f"#/taskType: {body.get('taskType')} is not a valid enum value")
    asked = body.get("singleEmbeddingParams")
    if not isinstance(asked, dict) or "embeddingPurpose" not in asked:
        raise _malformed("#/singleEmbeddingParams: required key [embeddingPurpose] not found")
    text = asked.get("text")
    if not isinstance(text, dict) or text.get("truncationMode") not in ("START", "END", "NONE"):
        raise _malformed("#/singleEmbeddingParams/text: required key [truncationMode] not found")
    value = text.get("value")
    if not isinstance(value, str) or not 0 < len(value) <= _NOVA_CHARACTERS:
        raise _malformed(f"#/singleEmbeddingParams/text/value: expected maxLength: {_NOVA_CHARACTERS}")
    dimensions = asked.get("embeddingDimension", _NOVA[-1])
    if dimensions not in _NOVA:
        raise _malformed(f"#/singleEmbeddingParams/embeddingDimension: {dimensions} is not a valid enum value")
    return {"embeddings": [{"embeddingType": "TEXT", "embedding": vector(value, dimensions)}]}


def _texts(body: Json, name: str) -> list[str]:
    texts = body.get(name)
    if (
        not isinstance(texts, list)
        or not texts
        or len(texts) > _MAX_TEXTS
        or not all(isinstance(t, str) for t in texts)
    ):
        raise _malformed(f"#/{name}: expected a list of 1 to {_MAX_TEXTS} strings")
    return texts


def _cohere_v3(body: Json) -> Json:
    return _cohere(body, _COHERE_V3)


def _cohere_v4(body: Json) -> Json:
    dimensions = body.get("output_dimension", _COHERE_V4[-1])
    if dimensions not in _COHERE_V4:
        raise _malformed(f"#/output_dimension: {dimensions} is not a valid enum value")
    return _cohere(body, dimensions)


def _cohere(body: Json, dimensions: int) -> Json:
    texts = _texts(body, "texts")
    if "input_type" not in body:
        raise _malformed("#: required key [input_type] not found")
    made = [vector(text, dimensions) for text in texts]
    shared: Json = {"id": hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:32], "texts": texts}
    if body.get("embedding_types"):
        return {**shared, "response_type": "embeddings_by_type", "embeddings": {"float": made}}
    return {**shared, "response_type": "embeddings_floats", "embeddings": made}


def _rerank(body: Json) -> Json:
    documents = body.get("documents")
    query = body.get("query")
    if not isinstance(query, str) or not query or not isinstance(documents, list) or not documents:
        raise _malformed("query and documents are required")
    texts = [text if isinstance(text, str) else json.dumps(text) for text in documents]
    asked = set(words.content_words(query))
    scored = [
        (len(asked & set(words.content_words(text))) / len(asked) if asked else 0.0, place)
        for place, text in enumerate(texts)
    ]
    scored.sort(key=lambda item: (-item[0], item[1]))
    most = body.get("top_n") or len(scored)
    return {"results": [{"index": place, "relevance_score": round(score, 6)} for score, place in scored[:most]]}


_MODELS: dict[str, Callable[[Json], Json]] = {
    "amazon.titan-embed-text-v2": _titan,
    "amazon.nova-2-multimodal-embeddings": _nova,
    "cohere.embed-english-v3": _cohere_v3,
    "cohere.embed-multilingual-v3": _cohere_v3,
    "cohere.embed-v4": _cohere_v4,
    "cohere.rerank": _rerank,
    "amazon.rerank": _rerank,
}


def answers(model_id: str) -> bool:
    """Return whether InvokeModel of this foundation model is answered here."""
    return any(model_id.startswith(prefix) for prefix in _MODELS)


def invoke(model_id: str, raw: bytes) -> tuple[Json, int]:
    """Return (response body, input tokens) of InvokeModel for an embedding or rerank model.

    Raises:
        AwsError: ValidationException, the body is not what the model takes.
    """
    try:
        body: Any = json.loads(raw)
    except ValueError as error:
        raise _malformed("the body is not valid JSON") from error
    if not isinstance(body, dict):
        raise _malformed("#: expected type: JSONObject")
    serve = next(function for prefix, function in _MODELS.items() if model_id.startswith(prefix))
    return serve(body), tokens.count(raw.decode("utf-8", errors="replace"))
