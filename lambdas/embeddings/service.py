"""Embedding texts: OpenAI's shapes outside, InvokeModel inside, per family of embedding models."""

import base64
import json
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError
from msgspec import Struct

from lambdas.chat.aliases import Aliases
from lambdas.chat.candidates import Candidate
from lambdas.chat.errors import to_api_error
from lambdas.common.errors import InvalidRequestError
from lambdas.common.tokens import CHARACTERS_PER_TOKEN
from lambdas.embeddings.request import EmbeddingRequest

PARALLEL: Final = 8
# Source: Cohere's limit of texts per call.
COHERE_TEXTS: Final = 96
# Source: Amazon Nova user guide, "Complete embeddings request and response schema": an inline text's characters.
NOVA_CHARACTERS: Final = 8_192


class Embedding(Struct, tag_field="object", tag="embedding", frozen=True, kw_only=True):
    """A text's vector: numbers, or 32-bit floats as base64."""

    index: int
    embedding: list[float] | str


class EmbeddingUsage(Struct, frozen=True, kw_only=True):
    """What embedding took, in tokens."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(Struct, tag_field="object", tag="list", frozen=True, kw_only=True):
    """The vectors, in the order of their texts."""

    model: str
    data: list[Embedding]
    usage: EmbeddingUsage


class InvokeClient(Protocol):
    """The one call that is made, with Bedrock's own shapes."""

    def invoke_model(self, **kwargs: Any) -> dict[str, Any]:
        """Call a model with its own body."""
        ...


Vector = list[float]
Embedded = tuple[list[Vector], int]


class Embeddings:
    """Embeds texts by an alias's first candidate.

    Args:
        names_who_answered: whether `model` of an answer is the base id, and not the alias that was asked for.
    """

    def __init__(self, *, aliases: Aliases, client: InvokeClient, names_who_answered: bool = False) -> None:
        self._aliases = aliases
        self._client = client
        self._names_who_answered = names_who_answered

    def candidate(self, request: EmbeddingRequest) -> Candidate:
        """Return what the alias calls.

        Raises:
            NotFoundError: there is no such alias.
            InvalidRequestError: its model embeds nothing, or has no vectors of that length.
        """
        candidate = self._aliases.embedding(request.model)
        lengths = candidate.model.capabilities.dimensions
        if request.dimensions is not None and request.dimensions not in lengths:
            offered = ", ".join(map(str, lengths))
            raise InvalidRequestError(f"`{request.model}` has vectors of {offered} numbers.", param="dimensions")
        return candidate

    def embed(self, request: EmbeddingRequest, candidate: Candidate) -> EmbeddingList:
        """Return the vectors as OpenAI has them.

        Raises:
            InvalidRequestError: a text is longer than the model's family takes.
            ApiError: what ``to_api_error`` makes of a failed call.
        """
        embed = next((one for family, one in _FAMILIES if candidate.base_model_id.startswith(family)), _titan)
        try:
            vectors, tokens = embed(self._client, candidate.callable_id, request)
        except (ClientError, BotoCoreError) as error:
            raise to_api_error(error, alias=request.model, model_id=candidate.callable_id) from error
        return EmbeddingList(
            model=candidate.base_model_id if self._names_who_answered else request.model,
            data=[
                Embedding(index=index, embedding=_encoded(vector, request.encoding_format))
                for index, vector in enumerate(vectors)
            ],
            usage=EmbeddingUsage(prompt_tokens=tokens, total_tokens=tokens),
        )


def _titan(client: InvokeClient, model_id: str, request: EmbeddingRequest) -> Embedded:
    """One call per text, several at once."""

    def one(text: str) -> dict[str, Any]:
        body: dict[str, Any] = {"inputText": text, "normalize": True}
        if request.dimensions:
            body["dimensions"] = request.dimensions
        return _invoke(client, model_id, body)

    replies = _each(request.texts, one)
    return [reply["embedding"] for reply in replies], sum(reply["inputTextTokenCount"] for reply in replies)


def _nova(client: InvokeClient, model_id: str, request: EmbeddingRequest) -> Embedded:
    """One call per text, several at once. It tells no token count: that is estimated from the characters."""
    long = next((text for text in request.texts if len(text) > NOVA_CHARACTERS), None)
    if long is not None:
        raise InvalidRequestError(
            f"`{request.model}` takes texts of up to {NOVA_CHARACTERS:,} characters; one has {len(long):,}.",
            param="input",
        )

    def one(text: str) -> dict[str, Any]:
        # What is too long in tokens is refused, not cut.
        asked: dict[str, Any] = {
            "embeddingPurpose": "GENERIC_INDEX",
            "text": {"truncationMode": "NONE", "value": text},
        }
        if request.dimensions:
            asked["embeddingDimension"] = request.dimensions
        return _invoke(client, model_id, {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": asked})

    replies = _each(request.texts, one)
    return [reply["embeddings"][0]["embedding"] for reply in replies], _estimated(request.texts)


def _cohere(client: InvokeClient, model_id: str, request: EmbeddingRequest) -> Embedded:
    """As many texts in a call as it takes. It tells no token count: that is estimated from the characters."""

    def some(texts: Sequence[str]) -> Sequence[Vector]:
        body: dict[str, Any] = {"texts": texts, "input_type": "search_document", "embedding_types": ["float"]}
        if request.dimensions:
            body["output_dimension"] = request.dimensions
        vectors: Sequence[Vector] = _invoke(client, model_id, body)["embeddings"]["float"]
        return vectors

    texts = request.texts
    calls = [texts[place : place + COHERE_TEXTS] for place in range(0, len(texts), COHERE_TEXTS)]
    with ThreadPoolExecutor(max_workers=min(PARALLEL, len(calls))) as pool:
        vectors = [vector for part in pool.map(some, calls) for vector in part]
    return vectors, _estimated(texts)


def _each(texts: Sequence[str], call: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(max_workers=min(PARALLEL, len(texts))) as pool:
        return list(pool.map(call, texts))


def _estimated(texts: Sequence[str]) -> int:
    """Return how many tokens texts probably had, where nobody tells."""
    return sum(-(-len(text) // CHARACTERS_PER_TOKEN) for text in texts)


# What ids of a family begin with -> how it is asked. Titan is what is left.
_FAMILIES: Final = (("cohere.", _cohere), ("amazon.nova-", _nova))


def _invoke(client: InvokeClient, model_id: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = client.invoke_model(
        modelId=model_id, body=json.dumps(body), contentType="application/json", accept="application/json"
    )
    try:
        parsed: dict[str, Any] = json.loads(reply["body"].read())
    except ValueError as error:
        raise ResponseStreamingError(error=error) from error
    return parsed


def _encoded(vector: Vector, encoding: str) -> Vector | str:
    if encoding == "float":
        return vector
    # OpenAI's base64: 32-bit floats, little-endian.
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
