"""Comparing: what is left of the allowance after all calls."""

import io
import json
import threading
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from lambdas.allowances.ledger import Ledger
from lambdas.api.routes import compare
from lambdas.chat.conversation import Conversation
from lambdas.common.caller import Caller
from lambdas.common.deadline import NEVER, Deadline
from lambdas.exchange.exchanges import Exchanged, Exchanges
from lambdas.exchange.ingredient import MakeIngredient
from tests.lambdas.exchange.test_exchanges import LIMITED
from tests.lambdas.fakes import client_error, converse_reply
from tests.lambdas.stores import desk


class OneAtATime(Exchanges):
    """Moto's tables lose updates that are made at once, which DynamoDB's do not."""

    def __init__(self, exchanges: Exchanges) -> None:
        self._exchanges = exchanges
        self._lock = threading.Lock()

    def complete(
        self,
        conversation: Conversation,
        caller: Caller,
        *,
        deadline: Deadline = NEVER,
        first: Sequence[MakeIngredient] = (),
    ) -> Exchanged:
        with self._lock:
            return self._exchanges.complete(conversation, caller, deadline=deadline, first=first)


def body(*models: str) -> bytes:
    message: dict[str, Any] = {"role": "user", "content": "How deep?"}
    return json.dumps({"models": models, "messages": [message]}).encode()


def test_the_headers_tell_what_is_left_after_the_last_call() -> None:
    with desk(converse_reply(), converse_reply()) as at:
        compared = compare.compare(compare.parse(body("fast", "fast")).body, LIMITED, OneAtATime(at.exchanges))

    assert [one.micro_dollars for one in compared.body.data] == [1, 1]
    assert compared.headers["x-quarry-remaining-usd"] == "0.999998"
    assert compared.headers["x-ratelimit-remaining-requests"] == "48"


def test_without_an_answer_there_is_nothing_to_tell() -> None:
    with desk() as at:
        compared = compare.compare(compare.parse(body("nope", "neither")).body, LIMITED, at.exchanges)

    told = json.loads(msgspec.json.encode(compared.body))
    assert [one["error"]["code"] for one in told["data"]] == ["model_not_found"] * 2
    assert [set(one) for one in told["data"]] == [{"model", "error"}] * 2
    assert compared.headers == {}


@pytest.mark.parametrize("denied", [1, 2])
def test_an_answer_that_was_paid_for_is_given_though_another_could_not_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, printed: io.StringIO, denied: int
) -> None:
    reserve = Ledger.reserve
    left = iter([False] * (2 - denied) + [True] * denied)

    def sometimes(*arguments: Any, **named: Any) -> Any:
        if next(left):
            raise client_error("AccessDeniedException")
        return reserve(*arguments, **named)

    with desk(converse_reply()) as at:
        monkeypatch.setattr(Ledger, "reserve", sometimes)
        asked = compare.parse(body("fast", "fast")).body
        if denied == 2:
            with pytest.raises(ClientError):
                compare.compare(asked, LIMITED, OneAtATime(at.exchanges))
            return
        compared = compare.compare(asked, LIMITED, OneAtATime(at.exchanges), request_id="r-1")

    told = json.loads(msgspec.json.encode(compared.body))["data"]
    assert sorted("completion" in one for one in told) == [False, True]
    assert [one["error"]["code"] for one in told if "error" in one] == ["internal_error"]
    assert "this request id: r-1" in next(one["error"]["message"] for one in told if "error" in one)
    (line,) = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert (line["message"], line["error_type"]) == ("a right is lacking", "ClientError")
