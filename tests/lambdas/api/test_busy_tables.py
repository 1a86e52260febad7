"""What a table refuses: busy is told as something to try again, in every dialect; a right that is lacking is logged."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.sessions.session import new_session_id
from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.faults import CHAT, CONTEXT, MESSAGES, RESPONSES, SPOKEN, Spoken, ask
from tests.lambdas.api.test_handler import call
from tests.lambdas.fakes import client_error, converse_reply, stream_events
from tests.lambdas.stores import Desk

LIMITED = {**CONTEXT, "authorizer": {**CONTEXT["authorizer"], "limits": json.dumps({"usd_total": 10_000_000})}}
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/chat/chat is not authorized to perform: dynamodb:{right} "
    "on resource: arn:aws:dynamodb:us-east-1:123456789012:table/sessions because no identity-based policy allows it"
)


def cancelled(*codes: str) -> ClientError:
    """Return the error of a transaction that was cancelled for these reasons."""
    response: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(response, "TransactWriteItems")


def unknown_500() -> ClientError:
    """Return the error of a gateway on the way that answered without one of DynamoDB's codes."""
    response: Any = {"Error": {"Code": "500", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 500}}
    return ClientError(response, "GetItem")


PASSING: list[Callable[[], ClientError]] = [
    lambda: client_error("ThrottlingException"),
    lambda: client_error("ProvisionedThroughputExceededException"),
    lambda: client_error("RequestLimitExceeded"),
    lambda: client_error("InternalServerError"),
    lambda: client_error("ServiceUnavailable"),
    lambda: client_error("TransactionConflictException"),
    lambda: cancelled("None", "ThrottlingError"),
    lambda: cancelled("ProvisionedThroughputExceeded", "None"),
    unknown_500,
]
passing = pytest.mark.parametrize("failure", PASSING, ids=lambda made: str(made().response["Error"]["Code"]))


def breaks(monkeypatch: pytest.MonkeyPatch, store: Any, *operations: str, failure: Exception) -> None:
    """Have the store's calls of DynamoDB fail."""

    def fails(**_: Any) -> Any:
        raise failure

    for operation in operations:
        monkeypatch.setattr(store._client, operation, fails)


def held(at: Desk) -> int:
    """Return what the caller's key was charged or holds."""
    return sum(account.committed for account in at.ledger.accounts())


@passing
@pytest.mark.parametrize("operation", ["get_item", "query", "put_item"])
def test_a_busy_sessions_table_is_503_with_a_time_to_wait(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, operation: str, failure: Callable[[], ClientError]
) -> None:
    at = serve(converse_reply())
    breaks(monkeypatch, at.sessions, operation, failure=failure())
    asked: dict[str, tuple[str, str, Any]] = {
        "get_item": ("GET", f"/v1/sessions/{new_session_id(0)}", None),
        "query": ("GET", "/v1/sessions", None),
        "put_item": ("POST", "/v1/sessions", {"system": "Be brief."}),
    }

    status, body, headers = call(*asked[operation])

    assert (status, body["error"]["code"], headers["Retry-After"]) == (503, "service_busy", ["1"])


@pytest.mark.parametrize("spoken", SPOKEN, ids=lambda spoken: spoken.name)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "InternalServerError"])
def test_a_busy_allowances_table_is_503_in_every_dialect(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, spoken: Spoken, stream: bool, code: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    at = serve(converse_reply())
    breaks(monkeypatch, at.ledger._table, "update_item", failure=client_error(code))
    monkeypatch.setattr(at.ledger._table, "_sleep", lambda _: None)

    response = ask(spoken, stream=stream, context=LIMITED)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert spoken.error(response.json())[1] == "allowances_busy"
    assert at.bedrock.calls == []


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_session_that_cannot_be_read_costs_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    at = serve(converse_reply())
    session = at.sessions.create(CONTEXT["authorizer"]["key_id"]).session_id
    with monkeypatch.context() as broken:
        breaks(broken, at.sessions, "query", failure=client_error("ThrottlingException"))
        response = ask(CHAT, stream=stream, context=LIMITED, quarry={"session": session})

    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert CHAT.error(response.json()) == ("api_error", "service_busy")
    assert (at.bedrock.calls, held(at)) == ([], 0)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_response_that_cannot_be_gone_on_from_costs_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    at = serve(converse_reply())
    with monkeypatch.context() as broken:
        breaks(broken, at.responses.store, "query", failure=client_error("RequestLimitExceeded"))
        response = ask(RESPONSES, stream=stream, context=LIMITED, previous_response_id="resp_" + "0" * 32)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert RESPONSES.error(response.json()) == ("api_error", "service_busy")
    assert (at.bedrock.calls, held(at)) == ([], 0)


@passing
def test_a_turn_that_cannot_be_stored_is_no_reason_to_keep_a_paid_answer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], ClientError]
) -> None:
    at = serve(converse_reply("Deep."), stream_events("Deep."))
    key_id = CONTEXT["authorizer"]["key_id"]
    session = at.sessions.create(key_id).session_id
    breaks(monkeypatch, at.sessions, "transact_write_items", failure=failure())

    whole = ask(CHAT, context=LIMITED, quarry={"session": session})
    charged = held(at)
    streamed = ask(CHAT, stream=True, context=LIMITED, quarry={"session": session})

    assert whole.status_code == streamed.status_code == 200
    assert whole.json()["choices"][0]["message"]["content"] == "Deep."
    assert whole.headers["x-quarry-not-recorded"].startswith("turn=")
    assert '"not_recorded"' in streamed.text
    assert 0 < charged < held(at)


@pytest.mark.parametrize("spoken", [CHAT, MESSAGES], ids=lambda spoken: spoken.name)
def test_a_right_that_is_lacking_is_500_and_the_log_names_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, printed: io.StringIO, spoken: Spoken
) -> None:
    at = serve(converse_reply())
    denied = client_error("AccessDeniedException", DENIED.format(right="UpdateItem"))
    breaks(monkeypatch, at.ledger._table, "update_item", failure=denied)

    response = ask(spoken, context=LIMITED)

    assert response.status_code == 500
    assert spoken.error(response.json())[1] == "internal_error"
    assert "dynamodb" not in response.text
    (line,) = [json.loads(line) for line in printed.getvalue().splitlines() if "lacking" in line]
    assert line["lacks"] == "dynamodb:UpdateItem"
    assert line["on"] == "arn:aws:dynamodb:us-east-1:123456789012:table/sessions"
    assert at.bedrock.calls == []


def test_a_right_that_a_charge_lacks_is_named_in_the_log(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, printed: io.StringIO
) -> None:
    at = serve(converse_reply())
    session = at.sessions.create(CONTEXT["authorizer"]["key_id"]).session_id
    denied = client_error("AccessDeniedException", DENIED.format(right="PutItem"))
    breaks(monkeypatch, at.sessions, "transact_write_items", failure=denied)

    assert ask(CHAT, quarry={"session": session}).status_code == 200

    (line,) = [json.loads(line) for line in printed.getvalue().splitlines() if "not recorded" in line]
    assert (line["what"], line["lacks"]) == ("turn", "dynamodb:PutItem")


def test_a_refusal_that_no_retry_mends_stays_an_internal_error(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    at = serve(converse_reply())
    breaks(monkeypatch, at.sessions, "get_item", failure=client_error("ResourceNotFoundException"))

    status, body, headers = call("GET", f"/v1/sessions/{new_session_id(0)}")

    assert (status, body["error"]["code"], "Retry-After" in headers) == (500, "internal_error", False)
