"""Allowances of the deployed platform: who has limits meets them, however many ask at once; nothing is overspent."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from openai import OpenAI, PermissionDeniedError, RateLimitError

from lambdas.allowances import account
from lambdas.allowances.account import Account, Pending, day_of
from lambdas.allowances.usage import Usage
from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform, Post

CENT = 10_000
CLIENTS = 40
# With `smart`, at 5.5 USD per million tokens, one such call may cost some 2,200 micro-dollars: four fit into a cent.
HELLO = {"model": "smart", "max_tokens": 400, "messages": [{"role": "user", "content": "How deep is a quarry?"}]}

MakeKey = Callable[..., dict[str, Any]]


@pytest.fixture
def make_key(platform: Platform) -> MakeKey:
    """Make a key with limits: make_key("--usd", "0.01")."""

    def make(*limits: str) -> dict[str, Any]:
        made: dict[str, Any] = platform.quarry("keys", "create", "spender", *limits)
        return made

    return make


def spent(platform: Platform, key: dict[str, Any]) -> dict[str, Any]:
    """Return what `quarry usage` says of the key."""
    (found,) = [one for one in platform.quarry("usage") if one["key_id"] == key["key_id"]]
    return dict(found)


def all_at_once(
    post: Post, key: dict[str, Any], *, clients: int = CLIENTS, body: dict[str, Any] = HELLO
) -> list[httpx.Response]:
    together = threading.Barrier(clients)

    def call(_: int) -> httpx.Response:
        together.wait()
        return post(json=body, key=key["api_key"])

    # Each request has a time-out of its own, so that one which hangs fails here.
    with ThreadPoolExecutor(max_workers=clients) as pool:
        return list(pool.map(call, range(clients)))


def test_forty_clients_on_one_cent_do_not_overspend_it(platform: Platform, post: Post, make_key: MakeKey) -> None:
    key = make_key("--usd", "0.01")

    answers = all_at_once(post, key)

    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {200, 429}, [answer.text for answer in answers if answer.status_code not in (200, 429)]
    assert statuses[200] >= 1
    for answer in answers:
        if answer.status_code == 429:
            error = answer.json()["error"]
            # What the others hold is in the way, or what they spent.
            assert error["code"] in ("rate_limit_exceeded", "insufficient_quota")
            assert ("x-should-retry" in answer.headers) == (error["code"] == "insufficient_quota")
            assert error["type"] == "rate_limit_error"
            assert "of its $0.01" in error["message"]
    after = spent(platform, key)
    one_estimate = CENT // 4
    assert 0 < after["total"]["micro_dollars"] <= CENT + one_estimate
    assert after["today"]["requests"] == statuses[200]
    assert after["reserved"] == {"requests": 0, "tokens": 0, "micro_dollars": 0}


def test_turns_at_once_do_not_overspend_what_their_sessions_say(
    platform: Platform, post: Post, make_key: MakeKey, model: ModelScript
) -> None:
    # For three such turns, at 1.1 USD per million tokens of one character each.
    key = make_key("--usd", "0.06")
    path, system = f"{platform.base_url}/sessions", {"system": "石" * 16_000}
    with httpx.Client(headers={"Authorization": f"Bearer {key['api_key']}"}, timeout=60) as client:
        sessions = [client.post(path, json=system).json()["id"] for _ in range(5)]
    together = threading.Barrier(len(sessions))
    # So that they mostly run at once.
    model.answer("Deep.", delay_ms=1_500)

    def turn(session: str) -> httpx.Response:
        together.wait()
        return post(json={**HELLO, "max_tokens": 1, "quarry": {"session": session}}, key=key["api_key"])

    with ThreadPoolExecutor(max_workers=len(sessions)) as pool:
        answers = list(pool.map(turn, sessions))

    refused = [answer for answer in answers if answer.status_code == 429]
    assert 0 < len(refused) < len(answers), [answer.text for answer in answers]
    for answer in refused:
        # What they wait for is only held, unless three have ended before.
        if answer.json()["error"]["code"] == "rate_limit_exceeded":
            assert answer.headers["Retry-After"] == "5"
            assert "x-should-retry" not in answer.headers
        else:
            assert answer.json()["error"]["code"] == "insufficient_quota"
    assert 0 < spent(platform, key)["total"]["micro_dollars"] <= 6 * CENT


def test_six_clients_on_a_dollar_who_do_not_say_how_long_are_all_answered(post: Post, make_key: MakeKey) -> None:
    key = make_key("--usd", "1")
    unbounded = {name: part for name, part in HELLO.items() if name != "max_tokens"}

    answers = all_at_once(post, key, clients=6, body=unbounded)

    assert [answer.status_code for answer in answers] == [200] * 6


def test_forty_clients_on_five_requests_a_minute_get_five_answers(post: Post, make_key: MakeKey) -> None:
    key = make_key("--rpm", "5")
    before = account.minute_of(time.time())

    answers = all_at_once(post, key)

    # A burst that meets the end of a minute rightly gets ten answers.
    minutes = account.minute_of(time.time()) - before + 1
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert 5 <= len(answers) - len(refused) <= 5 * minutes
    for answer in refused:
        assert answer.json()["error"]["code"] == "rate_limit_exceeded"
        assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_tokens_that_are_used_up_come_back_at_midnight(post: Post, make_key: MakeKey) -> None:
    key = make_key("--tokens-per-day", "100")

    refused = post(json=HELLO, key=key["api_key"])

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "insufficient_quota")
    assert 1 <= int(refused.headers["Retry-After"]) <= 86_400


def test_what_is_left_is_in_the_headers(platform: Platform, post: Post, make_key: MakeKey) -> None:
    key = make_key("--usd", "1", "--rpm", "20", "--tokens-per-day", "200000")

    answer = post(json=HELLO, key=key["api_key"])

    assert answer.status_code == 200, answer.text
    taken = answer.json()["usage"]["total_tokens"]
    assert answer.headers["x-ratelimit-limit-requests"] == "20"
    assert answer.headers["x-ratelimit-remaining-requests"] == "19"
    assert answer.headers["x-ratelimit-limit-tokens"] == "200000"
    left = spent(platform, key)["remaining"]
    assert left["tokens"] == 200_000 - taken
    assert 0 < left["micro_dollars"] < 1_000_000


def test_the_sdk_raises_its_own_exceptions(platform: Platform, make_key: MakeKey) -> None:
    poor, narrow = make_key("--usd", "0.000001"), make_key("--aliases", "fast")
    for key, raised, code in (
        (poor, RateLimitError, "insufficient_quota"),
        (narrow, PermissionDeniedError, "model_not_allowed"),
    ):
        with (
            OpenAI(base_url=platform.base_url, api_key=key["api_key"], max_retries=0) as client,
            pytest.raises(raised) as failed,
        ):
            client.chat.completions.create(model="smart", messages=[{"role": "user", "content": "Hello"}])
        assert failed.value.code == code


def test_the_reservation_of_a_function_that_died_is_swept(platform: Platform, make_key: MakeKey) -> None:
    key = make_key("--usd", "0.01")
    dynamodb = platform.client("dynamodb")
    outputs = platform.quarry("outputs")["quarry-sandbox-inference"]
    pending = Pending(
        reservation_id="dead",
        day=day_of(time.time()),
        alias="smart",
        usage=Usage(input_tokens=300, output_tokens=400, micro_dollars=2_200),
        likely_input=Usage(input_tokens=100, micro_dollars=110, input_micro_dollars=110),
        ends_at=int(time.time()) - 1,
    )
    # What a function leaves that reserved, called and was killed, when its time is over.
    dynamodb.put_item(
        TableName=outputs["AllowancesTable"],
        Item={**account.key(key["key_id"]), "committed": {"N": "2200"}, "p#dead": pending.to_value()},
    )

    reply = platform.client("lambda").invoke(FunctionName=outputs["AllowancesSweeper"])

    # The schedule may have been a moment faster.
    assert json.loads(reply["Payload"].read())["swept"] in (0, 1)
    item = dynamodb.get_item(TableName=outputs["AllowancesTable"], Key=account.key(key["key_id"]))["Item"]
    state = Account.from_item(key["key_id"], item)
    assert (state.pending, state.spent, state.committed) == ({}, 110, 110)
