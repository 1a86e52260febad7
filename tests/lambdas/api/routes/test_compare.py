"""Comparing: what is left of the allowance after all calls."""

import json
import threading
from typing import Any

import msgspec

from lambdas.api.routes import compare
from lambdas.chat.request import ChatRequest
from lambdas.common.caller import Caller
from lambdas.common.deadline import NEVER, Deadline
from lambdas.exchange.exchanges import Exchanged, Exchanges
from tests.lambdas.exchange.test_exchanges import LIMITED
from tests.lambdas.fakes import converse_reply
from tests.lambdas.stores import desk


class OneAtATime(Exchanges):
    """Moto's tables lose updates that are made at once, which DynamoDB's do not."""

    def __init__(self, exchanges: Exchanges) -> None:
        self._exchanges = exchanges
        self._lock = threading.Lock()

    def complete(self, request: ChatRequest, caller: Caller, *, deadline: Deadline = NEVER) -> Exchanged:
        with self._lock:
            return self._exchanges.complete(request, caller, deadline=deadline)


def body(*models: str) -> bytes:
    message: dict[str, Any] = {"role": "user", "content": "How deep?"}
    return json.dumps({"models": models, "messages": [message]}).encode()


def test_the_headers_tell_what_is_left_after_the_last_call() -> None:
    with desk(converse_reply(), converse_reply()) as at:
        compared = compare.compare(compare.parse(body("fast", "fast")), LIMITED, OneAtATime(at.exchanges))

    assert [one.micro_dollars for one in compared.body.data] == [1, 1]
    assert compared.headers["x-quarry-remaining-usd"] == "0.999998"
    assert compared.headers["x-ratelimit-remaining-requests"] == "48"


def test_without_an_answer_there_is_nothing_to_tell() -> None:
    with desk() as at:
        compared = compare.compare(compare.parse(body("nope", "neither")), LIMITED, at.exchanges)

    told = json.loads(msgspec.json.encode(compared.body))
    assert [one["error"]["code"] for one in told["data"]] == ["model_not_found"] * 2
    assert [set(one) for one in told["data"]] == [{"model", "error"}] * 2
    assert compared.headers == {}
