"""Bad input over plain HTTP: always OpenAI's error shape, always a sentence that says what to do."""

from typing import Any

import httpx
import pytest
from openai import NotFoundError, OpenAI

from tests.sandbox.platform.conftest import Platform, Post
from tests.waiting import PATIENCE

USER = {"role": "user", "content": "Hello"}


def check(response: httpx.Response, status: int, says: str, *, param: str | None = None) -> None:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert says in error["message"]
    assert error["param"] == param
    assert response.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    ("body", "param", "says"),
    [
        ({"model": "fast", "messages": []}, "messages", "length >= 1"),
        ({"model": "fast", "messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role", "Accepted are"),
        ({"model": "fast", "messages": [USER], "temperature": 9}, "temperature", "<= 1.0"),
        ({"model": "fast", "messages": [USER], "n": 2}, "n", "as often as you want answers"),
        ({"messages": [USER]}, "model", "required"),
    ],
)
def test_a_wrong_field_is_named(post: Post, body: dict[str, Any], param: str, says: str) -> None:
    check(post(json=body), 400, says, param=param)


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"', b"\xff"])
def test_what_is_no_json_object_is_stopped_by_the_gateway(post: Post, content: bytes) -> None:
    check(post(content=content), 400, "not a JSON object. Send one: GET /openapi.json")


def test_a_large_body_is_refused_by_the_function(post: Post) -> None:
    body = {"model": "fast", "messages": [{"role": "user", "content": "x" * 1_100_000}]}

    check(post(json=body), 413, "more than 1,048,576 bytes")


def test_a_huge_body_is_refused_by_the_gateway(post: Post) -> None:
    check(post(content=b'{"a": "' + b"x" * 10_500_000 + b'"}'), 413, "too large")


@pytest.mark.parametrize(("key", "says"), [(None, "Authorization: Bearer"), ("qk-unknown", "not known here")])
def test_without_a_good_key_nothing_is_answered(post: Post, key: str | None, says: str) -> None:
    check(post(json={"model": "fast", "messages": [USER]}, key=key), 401, says)


@pytest.mark.parametrize("path", ["/v1/nothing", "/models", "/v1/v1/models", "/v1", "/v1/files"])
def test_who_has_a_wrong_base_url_is_told_the_right_one(platform: Platform, path: str) -> None:
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    response = httpx.get(f"{platform.base_url.removesuffix('/v1')}{path}", headers=headers, timeout=PATIENCE)

    check(response, 404, "A base URL ends in /v1, once")


@pytest.mark.parametrize(("base", "found"), [("", False), ("/v1/v1", False), ("/v1/", True)])
def test_openai_s_client_raises_what_it_raises_for_a_wrong_base_url(platform: Platform, base: str, found: bool) -> None:
    root = platform.base_url.removesuffix("/v1")
    client = OpenAI(base_url=f"{root}{base}", api_key=platform.api_key, max_retries=0, timeout=PATIENCE)

    if found:
        assert client.models.list().data
        return
    with pytest.raises(NotFoundError, match="A base URL ends in /v1"):
        client.chat.completions.create(model="fast", messages=[{"role": "user", "content": "Hello"}])


@pytest.mark.parametrize("path", ["//models", "/models//", "/chat//completions"])
def test_a_doubled_slash_leads_nowhere_else(platform: Platform, path: str) -> None:
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    response = httpx.get(f"{platform.base_url}{path}", headers=headers, timeout=PATIENCE)

    assert response.status_code in (200, 404, 405), response.text
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/models", "GET"),
        ("GET", "/chat/completions", "POST"),
        ("PATCH", "/sessions/s-1", "DELETE, GET"),
        ("DELETE", "/embeddings", "POST"),
    ],
)
def test_another_method_of_a_path_is_refused_with_those_that_there_are(
    platform: Platform, method: str, path: str, allowed: str, content_type: str | None
) -> None:
    headers = {"Authorization": f"Bearer {platform.api_key}"} | ({"Content-Type": content_type} if content_type else {})
    response = httpx.request(method, f"{platform.base_url}{path}", headers=headers, content=b"", timeout=PATIENCE)

    check(response, 405, "no other method")
    assert response.headers["allow"] == allowed
    assert response.json()["error"]["code"] == "method_not_allowed"
    assert response.headers["x-request-id"]


PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://localhost:5173"])
def test_a_page_that_is_listed_may_ask_and_read(platform: Platform, origin: str) -> None:
    url = f"{platform.base_url}/chat/completions"
    asked = httpx.request("OPTIONS", url, headers={"Origin": origin, **PREFLIGHT}, timeout=PATIENCE)
    answers = [
        httpx.post(url, headers={"Origin": origin, **headers}, content=b"{}", timeout=PATIENCE)
        for headers in ({}, {"Authorization": f"Bearer {platform.api_key}"})
    ]

    assert (asked.status_code, asked.content) == (204, b"")
    assert asked.headers["access-control-allow-methods"] == "OPTIONS,POST"
    assert asked.headers["access-control-allow-headers"].startswith("Authorization,Content-Type")
    assert [one.status_code for one in answers] == [401, 400]
    for one in (asked, *answers):
        assert one.headers["access-control-allow-origin"] == origin


def test_another_page_may_not(platform: Platform) -> None:
    url = f"{platform.base_url}/chat/completions"
    key = {"Authorization": f"Bearer {platform.api_key}"}
    asked = httpx.request("OPTIONS", url, headers={"Origin": "https://evil.example", **PREFLIGHT}, timeout=PATIENCE)
    read = httpx.post(url, headers={"Origin": "https://evil.example", **key}, content=b"{}", timeout=PATIENCE)

    assert asked.headers["access-control-allow-origin"] != "https://evil.example"
    assert "access-control-allow-origin" not in read.headers


def test_every_answer_has_a_request_id(post: Post) -> None:
    for response in (
        post(json={"model": "fast", "messages": [USER]}),
        post(json={"model": "nope", "messages": [USER]}),
        post(content=b"{"),
        post(content=b"{}", key=None),
    ):
        assert response.headers["x-request-id"]
