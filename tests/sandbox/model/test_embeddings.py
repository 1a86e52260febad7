"""Embeddings and ranking."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.model import word_vectors

Post = Callable[..., Any]
TITAN = "amazon.titan-embed-text-v2:0"


def titan(post: Post, text: str, **members: Any) -> list[float]:
    return list(post("invoke", {"inputText": text, **members}, TITAN).body["embedding"])


def near(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("vectors", ["on", "off"])
def test_texts_that_share_words_are_near(vectors: str, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(word_vectors.SWITCH, vectors)
    cat, also, car = (titan(post, text) for text in ("The cat sleeps", "A sleeping cat", "Engines need oil"))
    assert near(cat, cat) == pytest.approx(1, abs=1e-6)
    assert near(cat, also) > 0.85 > 0.3 > near(cat, car)


def test_texts_that_mean_the_same_are_near(post: Post) -> None:
    asked, right, wrong = (
        titan(post, text)
        for text in (
            "How long before departure should I buy a plane ticket?",
            "Book flights at least 21 days in advance.",
            "Radiators are switched on in October.",
        )
    )
    assert near(asked, right) > 0.4 > 0.2 > near(asked, wrong)


@pytest.mark.parametrize("dimensions", [256, 512, 1024])
def test_more_numbers_than_the_model_gives_change_no_angle(post: Post, dimensions: int) -> None:
    one, other = titan(post, "a cat", dimensions=dimensions), titan(post, "a dog", dimensions=dimensions)

    assert len(one) == dimensions
    assert near(one, one) == pytest.approx(1, abs=1e-5)
    assert near(one, other) == pytest.approx(near(titan(post, "a cat"), titan(post, "a dog")), abs=1e-5)
    assert not any(one[256:])


def test_dimensions_and_normalisation(post: Post) -> None:
    assert len(titan(post, "cat", dimensions=256)) == 256
    assert sum(abs(value) for value in titan(post, "cat", normalize=False)) > 1.5


@pytest.mark.parametrize(
    "body", [{}, {"inputText": ""}, {"inputText": "a", "dimensions": 3}, {"inputText": "a", "x": 1}]
)
def test_titan_refuses(post: Post, body: dict[str, Any]) -> None:
    assert post("invoke", body, TITAN).error.startswith("ValidationException: Malformed input request")


def test_cohere_embeds_several(post: Post) -> None:
    body = {"texts": ["a cat", "a dog"], "input_type": "search_document"}
    assert [len(v) for v in post("invoke", body, "cohere.embed-english-v3").body["embeddings"]] == [1024, 1024]


NOVA = "amazon.nova-2-multimodal-embeddings-v1:0"


def nova(**members: Any) -> dict[str, Any]:
    asked = {"embeddingPurpose": "GENERIC_INDEX", "text": {"truncationMode": "NONE", "value": "a cat"}, **members}
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": asked}


def test_nova_embeds_a_text(post: Post) -> None:
    (one,) = post("invoke", nova(embeddingDimension=384), NOVA).body["embeddings"]
    assert (one["embeddingType"], len(one["embedding"])) == ("TEXT", 384)
    assert len(post("invoke", nova(), NOVA).body["embeddings"][0]["embedding"]) == 3072


@pytest.mark.parametrize(
    "body",
    [
        {},
        nova(embeddingDimension=512),
        nova(text={"value": "a cat"}),
        nova(text={"truncationMode": "NONE", "value": "x" * 8193}),
        {**nova(), "inputText": "a cat"},
    ],
)
def test_nova_refuses(post: Post, body: dict[str, Any]) -> None:
    assert post("invoke", body, NOVA).error.startswith("ValidationException: Malformed input request")


def test_rerank(post: Post) -> None:
    body = {"query": "cat food", "documents": ["dog food", "cat food", "car"], "top_n": 2, "api_version": 2}
    results = post("invoke", body, "cohere.rerank-v3-5:0").body["results"]
    assert [result["index"] for result in results] == [1, 0]


def test_invoke_model_of_a_text_model_says_that_it_is_a_stand_in(post: Post) -> None:
    body = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
    made = post("invoke", body, "amazon.nova-micro-v1:0").body["output"]["message"]["content"][0]["text"]
    assert made.startswith("This is the sandbox's stand-in model")
