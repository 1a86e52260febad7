"""Every fault in every dialect: told in its shape, whole and in a stream, before its first token and after."""

import json
from typing import Any

import pytest

from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.faults import CONTEXT, SPOKEN, WITH_TOOLS, Spoken, ask, post, sent
from tests.lambdas.fakes import client_error, converse_reply, stream_events

every = pytest.mark.parametrize("spoken", SPOKEN, ids=lambda spoken: spoken.name)
with_tools = pytest.mark.parametrize("spoken", WITH_TOOLS, ids=lambda spoken: spoken.name)
whole_or_streamed = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
POOR = {**CONTEXT, "authorizer": {**CONTEXT["authorizer"], "limits": json.dumps({"usd_total": 1})}}


def calling(given: dict[str, Any]) -> dict[str, Any]:
    reply = converse_reply(stop_reason="tool_use")
    reply["output"]["message"]["content"] = [{"toolUse": {"toolUseId": "c1", "name": "mail", "input": given}}]
    return reply


def calling_events(given: dict[str, Any]) -> list[Any]:
    begin, *_, count = stream_events()
    start = {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "c1", "name": "mail"}}}
    piece = {"contentBlockIndex": 0, "delta": {"toolUse": {"input": json.dumps(given)}}}
    end = [{"contentBlockStop": {"contentBlockIndex": 0}}, {"messageStop": {"stopReason": "tool_use"}}]
    return [begin, {"contentBlockStart": start}, {"contentBlockDelta": piece}, *end, count]


@every
@whole_or_streamed
def test_a_throttled_call_is_429_in_the_dialects_shape(serve: Serve, spoken: Spoken, stream: bool) -> None:
    serve(client_error("ThrottlingException"))

    response = ask(spoken, stream=stream)

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert spoken.error(response.json()) == (spoken.throttled, "rate_limit_exceeded")


@every
@whole_or_streamed
def test_an_allowance_that_is_used_up_is_429_in_the_dialects_shape(serve: Serve, spoken: Spoken, stream: bool) -> None:
    at = serve(converse_reply())

    response = ask(spoken, stream=stream, context=POOR)

    assert response.status_code == 429
    assert spoken.error(response.json()) == (spoken.used_up, "insufficient_quota")
    assert at.bedrock.calls == []


@every
@pytest.mark.parametrize(
    "end", [[client_error("modelStreamErrorException")], []], ids=["an error", "an end without a word"]
)
def test_a_failure_in_mid_stream_is_an_event_in_the_dialects_shape(
    serve: Serve, spoken: Spoken, end: list[Any]
) -> None:
    serve([*stream_events("An ", "open ")[:3], *end])

    response = ask(spoken, stream=True)
    told = sent(response)

    assert response.status_code == 200
    assert spoken.text(told) == "An open "
    assert spoken.broken(told) == (spoken.upstream, "upstream_error")


@every
def test_a_failure_before_the_first_token_is_an_error_with_its_status(serve: Serve, spoken: Spoken) -> None:
    serve([*stream_events()[:1], client_error("modelStreamErrorException")])

    response = ask(spoken, stream=True)

    assert response.status_code == 502
    assert spoken.error(response.json()) == (spoken.upstream, "upstream_error")


@every
@whole_or_streamed
def test_an_intervention_of_the_guardrail_is_a_result(serve: Serve, spoken: Spoken, stream: bool) -> None:
    stopped = "guardrail_intervened"
    reply: Any = (
        stream_events("An ", "Stopped.", stop_reason=stopped) if stream else converse_reply(stop_reason=stopped)
    )
    serve(reply)

    response = ask(spoken, stream=stream)

    assert response.status_code == 200
    reason = spoken.ended(sent(response)) if stream else spoken.stopped(response.json())
    assert reason == spoken.intervened
    if stream:
        assert spoken.text(sent(response)) == "An Stopped."


@with_tools
@whole_or_streamed
def test_a_call_that_the_guardrail_stops_is_its_message_in_every_dialect(
    serve: Serve, spoken: Spoken, stream: bool
) -> None:
    at = serve(calling_events({"to": "nightshade"}) if stream else calling({"to": "nightshade"}))
    at.bedrock.stops = {"nightshade"}

    response = ask(spoken, stream=stream, **spoken.tools)

    assert "nightshade" not in response.text
    assert "Stopped by policy." in response.text
    reason = spoken.ended(sent(response)) if stream else spoken.stopped(response.json())
    assert reason == spoken.intervened


@with_tools
@whole_or_streamed
def test_a_tool_whose_description_the_guardrail_stops_reaches_no_model(
    serve: Serve, spoken: Spoken, stream: bool
) -> None:
    at = serve(converse_reply())
    at.bedrock.stops = {"Sends mail."}

    response = ask(spoken, stream=stream, **spoken.tools)

    reason = spoken.ended(sent(response)) if stream else spoken.stopped(response.json())
    assert (response.status_code, reason, at.bedrock.calls) == (200, spoken.intervened, [])


# What Bedrock says, and the status and the code that callers of every dialect are told.
TROUBLE: list[tuple[str, str, int, str]] = [
    ("ThrottlingException", "Too many tokens per day, please wait before trying again.", 429, "insufficient_quota"),
    ("ServiceQuotaExceededException", "", 429, "insufficient_quota"),
    ("AccessDeniedException", "", 403, "model_access_denied"),
    ("AccessDeniedException", "not authorized to perform: bedrock:ApplyGuardrail", 403, "guardrail_access_denied"),
    ("ResourceNotFoundException", "", 403, "model_unavailable"),
    ("ValidationException", "Operation not allowed", 403, "account_blocked"),
    ("ValidationException", "A conversation must start with a user message.", 400, "model_validation"),
    ("ServiceUnavailableException", "", 503, "model_unavailable"),
    ("ModelTimeoutException", "", 504, "upstream_timeout"),
    ("InternalServerException", "", 502, "upstream_error"),
]
KINDS: dict[str, dict[int, str]] = {
    "messages": {
        400: "invalid_request_error",
        403: "permission_error",
        429: "rate_limit_error",
        502: "api_error",
        503: "overloaded_error",
        504: "timeout_error",
    }
}


@every
@whole_or_streamed
@pytest.mark.parametrize(("fault", "words", "status", "code"), TROUBLE)
def test_what_bedrock_refuses_has_one_status_and_code_in_every_dialect(
    serve: Serve, spoken: Spoken, stream: bool, fault: str, words: str, status: int, code: str
) -> None:
    serve(client_error(fault, words))

    response = ask(spoken, stream=stream)

    kind, told = spoken.error(response.json())
    assert (response.status_code, told) == (status, code)
    assert kind == KINDS.get(spoken.name, {}).get(status, kind)


@every
@whole_or_streamed
def test_an_alias_that_the_key_may_not_call_is_403_in_the_dialects_shape(
    serve: Serve, spoken: Spoken, stream: bool
) -> None:
    at = serve(converse_reply())
    kept = {**CONTEXT, "authorizer": {**CONTEXT["authorizer"], "limits": json.dumps({"aliases": ["smart"]})}}

    response = ask(spoken, stream=stream, context=kept)

    kind, _ = spoken.error(response.json())
    assert (response.status_code, at.bedrock.calls) == (403, [])
    assert kind == KINDS.get(spoken.name, {}).get(403, kind)


@every
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"null", b'{"model": "\\ud800"}', b"\xff", b"[" * 500], ids=range(8)
)
def test_what_is_no_body_is_400_in_the_dialects_shape(serve: Serve, spoken: Spoken, body: bytes) -> None:
    serve(converse_reply())

    response = post(spoken, body)

    kind, _ = spoken.error(response.json())
    assert (response.status_code, kind) == (400, "invalid_request_error")


@every
def test_a_body_that_is_too_large_is_413_in_the_dialects_shape(serve: Serve, spoken: Spoken) -> None:
    serve(converse_reply())

    response = post(spoken, b'{"model": "' + b"x" * 10_000_000 + b'"}')

    kind, code = spoken.error(response.json())
    assert (response.status_code, code) == (413, "request_too_large")
    assert kind == ("request_too_large" if spoken.name == "messages" else "invalid_request_error")


@every
@whole_or_streamed
def test_what_nobody_foresaw_is_500_in_the_dialects_shape(serve: Serve, spoken: Spoken, stream: bool) -> None:
    serve(ZeroDivisionError("secret"))

    response = ask(spoken, stream=stream)

    _, code = spoken.error(response.json())
    assert (response.status_code, code) == (500, "internal_error")
    assert "secret" not in response.text


@every
@pytest.mark.parametrize(
    ("error", "code"),
    [("throttlingException", "rate_limit_exceeded"), ("serviceUnavailableException", "model_unavailable")],
)
def test_whatever_fails_in_mid_stream_is_the_last_event_with_its_code(
    serve: Serve, spoken: Spoken, error: str, code: str
) -> None:
    serve([*stream_events("An ", "open ")[:3], client_error(error)])

    response = ask(spoken, stream=True)

    assert (response.status_code, spoken.broken(sent(response))[1]) == (200, code)


@every
def test_an_unknown_alias_is_told_in_the_dialects_shape(serve: Serve, spoken: Spoken) -> None:
    serve(converse_reply())

    unknown = ask(spoken, model="nobody")
    kind, code = spoken.error(unknown.json())
    assert (unknown.status_code, code) == (404, "model_not_found")
    assert kind in ("invalid_request_error", "not_found_error")
