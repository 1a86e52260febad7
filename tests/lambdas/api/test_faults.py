"""Every fault in every dialect: told in its shape, whole and in a stream, before its first token and after."""

import json
from typing import Any

import pytest

from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.faults import CONTEXT, SPOKEN, WITH_TOOLS, Spoken, ask, sent
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


@every
def test_an_unknown_alias_is_told_in_the_dialects_shape(serve: Serve, spoken: Spoken) -> None:
    serve(converse_reply())

    unknown = ask(spoken, model="nobody")
    kind, code = spoken.error(unknown.json())
    assert (unknown.status_code, code) == (404, "model_not_found")
    assert kind in ("invalid_request_error", "not_found_error")
