"""What clients send to the routes beside chat: tokens and many texts to embed, and fields that have no use there."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.platform.conftest import Platform
from tests.sandbox.platform.test_what_clients_send import HI
from tests.waiting import PATIENCE


@pytest.fixture(scope="module")
def client(platform: Platform) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    with httpx.Client(base_url=platform.base_url, headers=headers, timeout=PATIENCE) as client:
        yield client


@pytest.mark.parametrize("tokens", [[[100, 201, 301]], [100, 201]])
def test_tokens_are_refused_with_the_one_setting_that_helps(client: httpx.Client, tokens: Any) -> None:
    error = client.post("/embeddings", json={"model": "embed", "input": tokens}).json()["error"]

    assert (error["param"], "check_embedding_ctx_length=False" in error["message"]) == ("input", True)


def test_a_hundred_texts_and_more_are_embedded_in_order(client: httpx.Client) -> None:
    texts = [f"text {number % 7}" for number in range(300)]
    body = {"model": "embed", "input": texts, "encoding_format": None, "dimensions": None, "user": "Zoë|5", "seed": 1}

    response = client.post("/embeddings", json=body)

    data = response.json()["data"]
    assert [one["index"] for one in data] == list(range(300))
    assert data[0]["embedding"] == data[7]["embedding"] != data[1]["embedding"]
    assert response.headers["x-quarry-dropped-parameters"] == "seed"
    assert response.json()["model"] == "embed"


@pytest.mark.parametrize("given", ["", ["a", ""], []])
def test_an_empty_text_is_refused_as_openai_does(client: httpx.Client, given: Any) -> None:
    response = client.post("/embeddings", json={"model": "embed", "input": given})

    assert (response.status_code, response.json()["error"]["param"][:5]) == (400, "input")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/compare", {"models": ["fast", "smart"], "messages": [HI], "seed": 1, "stream": False}, 200),
        ("/knowledge/query", {"question": "Which class may I book on trains?", "seed": 1, "temperature": 0}, 200),
        ("/knowledge/retrieve", {"query": "trains", "seed": 1, "filter": None}, 200),
        ("/prompts/tweet-sentiment", {"variables": {"tweet": "Fine."}, "seed": 1, "stream": False}, 200),
        ("/sessions", {"seed": 1, "metadata": None}, 201),
    ],
)
def test_every_route_drops_and_names_what_it_has_no_use_for(
    client: httpx.Client, path: str, body: dict[str, Any], status: int
) -> None:
    response = client.post(path, json=body)

    assert response.status_code == status, response.text
    assert response.headers["x-quarry-dropped-parameters"] == "seed"
