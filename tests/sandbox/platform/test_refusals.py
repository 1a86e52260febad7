"""Bad input over plain HTTP: always OpenAI's error shape, always a sentence that says what to do."""

from typing import Any

import httpx
import pytest

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
        ({"model": "fast", "messages": [USER], "logit_bias": {}}, "logit_bias", "not supported"),
        ({"messages": [USER]}, "model", "required"),
    ],
)
def test_a_wrong_field_is_named(post: Post, body: dict[str, Any], param: str, says: str) -> None:
    check(post(json=body), 400, says, param=param)


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"', b"\xff"])
def test_what_is_no_json_object_is_stopped_by_the_gateway(post: Post, content: bytes) -> None:
    check(post(content=content), 400, "not a JSON object")


def test_a_large_body_is_refused_by_the_function(post: Post) -> None:
    body = {"model": "fast", "messages": [{"role": "user", "content": "x" * 1_100_000}]}

    check(post(json=body), 413, "more than 1,048,576 bytes")


def test_a_huge_body_is_refused_by_the_gateway(post: Post) -> None:
    check(post(content=b'{"a": "' + b"x" * 10_500_000 + b'"}'), 413, "too large")


@pytest.mark.parametrize(("key", "says"), [(None, "Authorization: Bearer"), ("qk-unknown", "not known here")])
def test_without_a_good_key_nothing_is_answered(post: Post, key: str | None, says: str) -> None:
    check(post(json={"model": "fast", "messages": [USER]}, key=key), 401, says)


def test_an_unknown_path_is_told(platform: Platform) -> None:
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    response = httpx.get(f"{platform.base_url}/nothing", headers=headers, timeout=PATIENCE)

    check(response, 404, "no such path")


def test_every_answer_has_a_request_id(post: Post) -> None:
    for response in (
        post(json={"model": "fast", "messages": [USER]}),
        post(json={"model": "nope", "messages": [USER]}),
        post(content=b"{"),
        post(content=b"{}", key=None),
    ):
        assert response.headers["x-request-id"]
