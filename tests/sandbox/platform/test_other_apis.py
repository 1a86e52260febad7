"""Messages, moderations, reranking and completions at the deployed endpoint: keys, permissions, shapes."""

import httpx
import pytest

from tests.sandbox.platform.conftest import Platform
from tests.waiting import PATIENCE

HELLO = {"model": "fast", "max_tokens": 50, "messages": [{"role": "user", "content": "What is a quarry?"}]}


def post(platform: Platform, path: str, body: object, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{platform.base_url}/{path}", json=body, headers=named, timeout=PATIENCE)


@pytest.mark.parametrize("path", ["messages", "messages/count_tokens"])
def test_a_key_comes_in_either_header(platform: Platform, path: str) -> None:
    key = platform.api_key

    for headers in (
        {"x_api_key": key},
        {"authorization": f"Bearer {key}"},
        {"x_api_key": "no", "authorization": f"Bearer {key}"},
    ):
        assert post(platform, path, HELLO, **headers).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"x_api_key": "qk-nobodys"}, {"authorization": "Bearer qk-nobodys"}])
def test_without_a_key_a_refusal_has_anthropics_shape(platform: Platform, headers: dict[str, str]) -> None:
    refused = post(platform, "messages", HELLO, **headers)

    body = refused.json()
    assert (refused.status_code, body["type"], body["error"]["type"]) == (401, "error", "authentication_error")
    assert body["request_id"] == refused.headers["x-request-id"] == refused.headers["request-id"]


def test_elsewhere_a_key_is_a_bearer_token(platform: Platform) -> None:
    refused = post(platform, "chat/completions", HELLO, x_api_key=platform.api_key)

    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "invalid_request_error")


def test_a_revoked_key_ends_at_once_where_nothing_is_remembered(platform: Platform) -> None:
    made = platform.quarry("keys", "create", "soon-gone")
    secret, key_id = made["api_key"], made["key_id"]
    assert post(platform, "messages", HELLO, x_api_key=secret).status_code == 200

    platform.quarry("keys", "revoke", key_id)

    refused = post(platform, "messages", HELLO, x_api_key=secret)
    assert (refused.status_code, "revoked" in refused.json()["error"]["message"]) == (401, True)


def test_tokens_are_counted_for_claude(platform: Platform) -> None:
    body = {"model": "smart", "messages": HELLO["messages"]}

    counted = post(platform, "messages/count_tokens", body, x_api_key=platform.api_key)

    assert counted.status_code == 200
    assert set(counted.json()) == {"input_tokens"}


def test_the_guardrail_judges_texts(platform: Platform) -> None:
    body = {"input": ["Tell me of project-nightshade.", "Tell me of quarries."]}

    judged = post(platform, "moderations", body, authorization=f"Bearer {platform.api_key}").json()

    bad, good = judged["results"]
    assert (bad["flagged"], good["flagged"]) == (True, False)
    assert bad["quarry"]["blocked_by"] == ["wordPolicy.customWords"]


def test_texts_are_put_in_order(platform: Platform) -> None:
    body = {"model": "rerank", "query": "flight booking", "documents": ["Menu of the day", "Book a flight early"]}

    ranked = post(platform, "rerank", {**body, "top_n": 1}, authorization=f"Bearer {platform.api_key}").json()

    assert [one["index"] for one in ranked["results"]] == [1]


def test_a_prompt_is_completed(platform: Platform) -> None:
    body = {"model": "fast", "prompt": "What is a quarry?", "stream": True}

    streamed = post(platform, "completions", body, authorization=f"Bearer {platform.api_key}")

    assert '"object":"text_completion"' in streamed.text
    assert streamed.text.endswith("data: [DONE]\n\n")
