"""The front door alone, with an API Gateway that answers what the test says."""

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
import pytest

from sandbox.control import Receive, Response, Scope, Send, json_response
from sandbox.front_door import FrontDoor, choose, end_to_end
from sandbox.rest_apis import PAYLOAD_LIMIT, DeployedApi


def api(name: str = "shop", *, stage: str = "live", tags: dict[str, str] | None = None) -> DeployedApi:
    return DeployedApi(
        account="000000000000", region="us-east-1", api_id=f"id-{name}", name=name, stage=stage, tags=tags or {}
    )


class FakeGateway:
    """Keeps the request it was given and answers with ``headers`` and ``chunks``."""

    def __init__(
        self, *, headers: list[tuple[bytes, bytes]] | None = None, chunks: tuple[bytes, ...] = (b"ok",)
    ) -> None:
        self.headers = headers or []
        self.chunks = chunks
        self.scope: Scope = {}
        self.body = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 201, "headers": self.headers})
        for chunk in self.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def header(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.scope["headers"] if key.lower() == name]


def too_large(_api: DeployedApi, _scope: Scope) -> Response:
    return json_response(413, {"message": "too long"})


def door(gateway: FakeGateway, *apis: DeployedApi, rest_api: str | None = None) -> FrontDoor:
    return FrontDoor(deployed=lambda: apis, gateway=gateway, too_large=too_large, port=8801, rest_api=rest_api)


async def send_through(front_door: FrontDoor, method: str, path: str, **options: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=front_door)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8801") as client:
        return await client.request(method, path, **options)


def call(front_door: FrontDoor, method: str, path: str, **options: Any) -> httpx.Response:
    return asyncio.run(send_through(front_door, method, path, **options))


def test_a_request_reaches_the_stage_with_method_path_query_and_body_unchanged() -> None:
    gateway = FakeGateway()
    body = bytes(range(256))

    response = call(door(gateway, api()), "PUT", "/v1/a%2Fb?q=1&q=%20", content=body, headers={"X-Custom": "Yes"})

    assert response.status_code == 201
    assert gateway.scope["method"] == "PUT"
    assert gateway.scope["raw_path"] == b"/restapis/id-shop/live/_user_request_/v1/a%2Fb"
    assert gateway.scope["path"] == "/restapis/id-shop/live/_user_request_/v1/a/b"
    assert gateway.scope["query_string"] == b"q=1&q=%20"
    assert gateway.body == body
    assert gateway.header(b"x-custom") == [b"Yes"]
    assert gateway.header(b"content-length") == [b"256"]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("http://localhost:8801/v1/models", "/v1/models"),
        ("http://localhost:8801", "/"),
        ("*", "/*"),
        ("//v1/models", "//v1/models"),
    ],
)
def test_a_target_that_is_no_path_reaches_the_stage_as_one(target: str, path: str) -> None:
    gateway = FakeGateway()
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": target, "raw_path": target.encode(), "query_string": b""}
    asyncio.run(door(gateway, api())({**scope, "headers": []}, receive, send))

    assert gateway.scope["path"] == f"/restapis/id-shop/live/_user_request_{path}"
    assert gateway.scope["raw_path"] == gateway.scope["path"].encode()
    assert sent[0]["status"] == 201


def test_hop_by_hop_headers_stay_on_their_connection() -> None:
    gateway = FakeGateway(headers=[(b"Transfer-Encoding", b"chunked"), (b"Connection", b"x-mine"), (b"X-Mine", b"1")])
    sent = {"Connection": "close, X-Hop", "X-Hop": "1", "TE": "trailers", "Upgrade": "h2c", "X-Kept": "1"}

    response = call(door(gateway, api()), "GET", "/", headers=sent)

    assert "transfer-encoding" not in response.headers
    assert "x-mine" not in response.headers
    assert [gateway.header(name) for name in (b"x-hop", b"te", b"upgrade", b"connection")] == [[], [], [], []]
    assert gateway.header(b"x-kept") == [b"1"]


def test_the_host_is_the_front_doors_whatever_the_client_says() -> None:
    gateway = FakeGateway()

    call(door(gateway, api()), "GET", "/", headers={"Host": "bucket.s3.localhost"})

    assert gateway.header(b"host") == [b"localhost:8801"]


def test_a_body_sent_in_chunks_gets_a_length() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    gateway = FakeGateway()

    call(door(gateway, api()), "DELETE", "/", content=chunks())

    assert gateway.body == b"onetwo"
    assert gateway.header(b"content-length") == [b"6"]


def test_repeated_response_headers_arrive_one_by_one_and_nothing_is_added() -> None:
    gateway = FakeGateway(headers=[(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")])

    response = call(door(gateway, api()), "GET", "/")

    assert response.headers.raw == [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")]


def test_the_response_is_passed_on_chunk_by_chunk() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": []}
    asyncio.run(door(FakeGateway(chunks=(b"one", b"two")), api())(scope, receive, send))

    assert [message.get("body") for message in sent] == [None, b"one", b"two", b""]


def test_after_the_body_the_gateway_is_told_that_the_client_hung_up() -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"all", "more_body": False},
        {"type": "http.disconnect"},
    ]
    received = []

    async def gateway(_scope: Scope, receive: Receive, _send: Send) -> None:
        received.extend([await receive(), await receive()])

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(_message: MutableMapping[str, Any]) -> None:
        raise AssertionError("nothing was sent")

    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": []}
    front_door = FrontDoor(deployed=lambda: [api()], gateway=gateway, too_large=too_large, port=8801)
    asyncio.run(front_door(scope, receive, send))

    assert [message["type"] for message in received] == ["http.request", "http.disconnect"]
    assert received[0]["body"] == b"all"


@pytest.mark.parametrize(("size", "status"), [(PAYLOAD_LIMIT, 201), (PAYLOAD_LIMIT + 1, 413)])
def test_a_body_over_ten_mebibytes_is_refused(size: int, status: int) -> None:
    gateway = FakeGateway()

    assert call(door(gateway, api()), "POST", "/", content=b"x" * size).status_code == status
    assert len(gateway.body) == (size if status == 201 else 0)


def test_without_an_api_the_answer_says_what_to_deploy() -> None:
    response = call(door(FakeGateway()), "GET", "/")

    assert response.status_code == 503
    assert response.json()["error"] == {
        "message": "no API is deployed yet: deploy a stack with an AWS::ApiGateway::RestApi",
        "type": "sandbox_error",
        "code": "no_api",
    }


def test_with_several_apis_the_answer_lists_them_and_says_how_to_choose() -> None:
    response = call(door(FakeGateway(), api("shop"), api("blog")), "GET", "/")

    assert response.status_code == 502
    assert response.json()["error"]["code"] == "several_apis"
    assert "shop/live, blog/live" in response.json()["error"]["message"]
    assert "--rest-api" in response.json()["error"]["message"]


@pytest.mark.parametrize("selector", ["blog", "id-blog", "team=press", "blog/live", "team=press/live"])
def test_one_of_several_is_selected_by_name_id_or_tag(selector: str) -> None:
    chosen = choose([api("shop"), api("blog", tags={"team": "press"})], rest_api=selector)

    assert isinstance(chosen, DeployedApi)
    assert chosen.name == "blog"


def test_the_stages_of_one_api_are_told_apart() -> None:
    apis = [api(stage="live"), api(stage="test")]

    several, chosen = choose(apis, rest_api="shop"), choose(apis, rest_api="shop/test")

    assert not isinstance(several, DeployedApi)
    assert several[0] == 502
    assert isinstance(chosen, DeployedApi)
    assert chosen.stage == "test"


def test_a_selected_api_that_is_not_there_is_named() -> None:
    answer = choose([api("shop")], rest_api="blog")

    assert not isinstance(answer, DeployedApi)
    assert answer[0] == 502
    assert "'blog'" in json.loads(answer[2])["error"]["message"]
    assert "shop/live" in json.loads(answer[2])["error"]["message"]


def test_end_to_end_keeps_order_and_case() -> None:
    assert end_to_end([(b"B", b"1"), (b"Keep-Alive", b"x"), (b"a", b"2")]) == [(b"B", b"1"), (b"a", b"2")]
