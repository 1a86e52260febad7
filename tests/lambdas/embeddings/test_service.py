"""Embedding: each family of models has its own body and reply; callers see OpenAI's."""

import io
import json
import struct
from base64 import b64decode
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.chat.aliases import Aliases
from lambdas.common.errors import ApiError, InvalidRequestError, RateLimitError
from lambdas.embeddings.request import EmbeddingRequest
from lambdas.embeddings.service import Embeddings, EmbeddingUsage
from tests.lambdas.fakes import ALIASES, TITAN, client_error

COHERE = "cohere.embed-v4:0"
NOVA = "amazon.nova-2-multimodal-embeddings-v1:0"


class FakeModels:
    """Titan, Cohere and Nova, which embed a text as [its length, 1.0]; a failure is raised in the answer's place."""

    def __init__(self, failure: ClientError | None = None) -> None:
        self.failure = failure
        self.damaged = False
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def invoke_model(self, **kwargs: Any) -> dict[str, Any]:
        body = json.loads(kwargs["body"])
        self.asked.append((kwargs["modelId"], body))
        if self.failure:
            raise self.failure
        if self.damaged:
            return {"body": io.BytesIO(b'{"embedding": [')}
        reply: dict[str, Any]
        if kwargs["modelId"] == COHERE:
            reply = {"embeddings": {"float": [[len(text), 1.0] for text in body["texts"]]}}
        elif kwargs["modelId"] == NOVA:
            text = body["singleEmbeddingParams"]["text"]["value"]
            reply = {"embeddings": [{"embeddingType": "TEXT", "embedding": [len(text), 1.0]}]}
        else:
            reply = {"embedding": [len(body["inputText"]), 1.0], "inputTextTokenCount": 3}
        return {"body": io.BytesIO(json.dumps(reply).encode())}


def service(models: FakeModels) -> Embeddings:
    return Embeddings(aliases=Aliases(lambda: {"embed": [TITAN], "cohere": [COHERE], "nova": [NOVA]}), client=models)


def test_titan_is_asked_text_by_text() -> None:
    models = FakeModels()
    asked = EmbeddingRequest(model="embed", input=["a", "bb"], dimensions=256)

    done = service(models).embed(asked, service(models).candidate(asked))

    assert (done.model, done.usage) == ("embed", EmbeddingUsage(prompt_tokens=6, total_tokens=6))
    assert [(one.index, one.embedding) for one in done.data] == [(0, [1.0, 1.0]), (1, [2.0, 1.0])]
    assert sorted(body["inputText"] for _, body in models.asked) == ["a", "bb"]
    assert all(body["dimensions"] == 256 for _, body in models.asked)


def test_cohere_is_asked_once_and_its_tokens_are_estimated() -> None:
    models = FakeModels()
    asked = EmbeddingRequest(model="cohere", input=["abcde", "a"], dimensions=256)

    done = service(models).embed(asked, service(models).candidate(asked))

    ((model_id, body),) = models.asked
    assert (model_id, body["texts"], body["output_dimension"]) == (COHERE, ["abcde", "a"], 256)
    assert [one.embedding for one in done.data] == [[5.0, 1.0], [1.0, 1.0]]
    assert done.usage == EmbeddingUsage(prompt_tokens=3, total_tokens=3)


def test_nova_is_asked_text_by_text_and_cuts_none() -> None:
    models = FakeModels()
    asked = EmbeddingRequest(model="nova", input=["abcde", "a"], dimensions=384)

    done = service(models).embed(asked, service(models).candidate(asked))

    assert [one.embedding for one in done.data] == [[5.0, 1.0], [1.0, 1.0]]
    assert done.usage == EmbeddingUsage(prompt_tokens=3, total_tokens=3)
    assert {body["taskType"] for _, body in models.asked} == {"SINGLE_EMBEDDING"}
    assert [body["singleEmbeddingParams"]["embeddingDimension"] for _, body in models.asked] == [384, 384]
    assert {body["singleEmbeddingParams"]["text"]["truncationMode"] for _, body in models.asked} == {"NONE"}


def test_a_text_that_nova_would_not_take_is_refused_before_any_is_embedded() -> None:
    models = FakeModels()
    asked = EmbeddingRequest(model="nova", input=["a", "x" * 8_193])

    with pytest.raises(InvalidRequestError, match="8,192 characters; one has 8,193"):
        service(models).embed(asked, service(models).candidate(asked))

    assert models.asked == []


def test_vectors_are_packed_where_that_is_asked_for() -> None:
    asked = EmbeddingRequest(model="embed", input="abc", encoding_format="base64")

    (one,) = service(FakeModels()).embed(asked, ALIASES.embedding("embed")).data

    assert isinstance(one.embedding, str)
    assert struct.unpack("<2f", b64decode(one.embedding)) == (3.0, 1.0)


def test_a_length_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="`embed` has vectors of 1024, 512, 256 numbers") as told:
        service(FakeModels()).candidate(EmbeddingRequest(model="embed", input="x", dimensions=7))

    assert told.value.param == "dimensions"


@pytest.mark.parametrize("alias", ["embed", "cohere", "nova"])
def test_bedrocks_refusal_is_told_as_ours(alias: str) -> None:
    embeddings = service(FakeModels(client_error("ThrottlingException")))
    asked = EmbeddingRequest(model=alias, input="x")

    with pytest.raises(RateLimitError):
        embeddings.embed(asked, embeddings.candidate(asked))


def test_an_answer_that_is_damaged_is_bedrocks_failure() -> None:
    models = FakeModels()
    models.damaged = True
    embedder, request = service(models), EmbeddingRequest(model="embed", input="a")

    with pytest.raises(ApiError) as told:
        embedder.embed(request, embedder.candidate(request))

    assert (told.value.status, told.value.code) == (502, "upstream_error")


def test_cohere_is_asked_for_so_many_texts_at_a_time_as_it_takes() -> None:
    models = FakeModels()
    asked = EmbeddingRequest(model="cohere", input=["x" * (number % 9 + 1) for number in range(200)])

    done = service(models).embed(asked, service(models).candidate(asked))

    assert sorted(len(body["texts"]) for _, body in models.asked) == [8, 96, 96]
    assert [one.embedding[0] for one in done.data] == [number % 9 + 1.0 for number in range(200)]
    assert [one.index for one in done.data] == list(range(200))


def test_who_answered_can_be_named_in_place_of_what_was_asked_for() -> None:
    embeddings = Embeddings(aliases=ALIASES, client=FakeModels(), names_who_answered=True)
    asked = EmbeddingRequest(model="embed", input="x")

    assert embeddings.embed(asked, embeddings.candidate(asked)).model == TITAN
