"""``/v1/messages`` as the Lambda Web Adapter calls it: answers, events, and every failure in Anthropic's shape."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from lambdas.api import app as module
from lambdas.api import composition
from lambdas.chat.service import ChatService
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.chat.test_counting import FakeCounter
from tests.lambdas.fakes import ALIASES, SETTINGS, FakeConverse, client_error, converse_reply, stream_events

CONTEXT = events.load("chat_completion")["requestContext"]
HELLO = [{"role": "user", "content": "What is a quarry?"}]


def post(
    path: str = "/v1/messages", *, context: Any = CONTEXT, headers: dict[str, str] | None = None, **fields: Any
) -> Any:
    body = {"model": "fast", "max_tokens": 50, "messages": HELLO, **fields}
    told = {"x-amzn-request-context": json.dumps(context), **(headers or {})}
    return TestClient(module.app).post(f"{path}?beta=true", content=json.dumps(body).encode(), headers=told)


def sent(response: Any) -> list[Any]:
    """Return a stream's events, by their names."""
    found = []
    for frame in response.text.split("\n\n")[:-1]:
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def shaped(body: Any, kind: str) -> bool:
    """Whether a body is an error of a kind in Anthropic's shape."""
    return (
        set(body) == {"type", "error", "request_id"}
        and body["type"] == "error"
        and body["error"]["type"] == kind
        and bool(body["error"]["message"])
        and body["request_id"] == CONTEXT["requestId"]
    )


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/v1/messages", {}, 200),
        ("/v1/messages", {"stream": True}, 200),
        ("/v1/messages", {"messages": []}, 400),
        ("/v1/messages", {"model": "nobody", "stream": True}, 404),
        ("/v1/messages/count_tokens", {}, 200),
        ("/v1/messages/count_tokens", {"model": "nobody"}, 404),
    ],
)
def test_a_requests_id_is_told_under_anthropics_name_too(
    serve: Serve, path: str, fields: dict[str, Any], status: int
) -> None:
    serve(stream_events() if fields.get("stream") else converse_reply())

    response = post(path, **fields)

    assert response.status_code == status
    assert response.headers["request-id"] == response.headers["x-request-id"] == CONTEXT["requestId"]


def test_a_whole_answer_has_anthropics_shape(serve: Serve) -> None:
    at = serve(converse_reply())

    response = post(system="Be brief.", temperature=0.5, stop_sequences=["END"])

    assert response.status_code == 200
    body = response.json()
    assert (body["type"], body["content"][0]["text"], body["stop_reason"]) == ("message", "An open pit.", "end_turn")
    assert body["model"] == "fast"
    assert response.headers["x-quarry-model"] == "amazon.nova-micro-v1:0"
    (call,) = at.bedrock.calls
    assert call["system"] == [{"text": "Be brief."}]
    assert call["inferenceConfig"] == {"maxTokens": 50, "temperature": 0.5, "stopSequences": ["END"]}


def test_a_stream_has_anthropics_events(serve: Serve) -> None:
    serve(stream_events("An ", "open pit."))

    response = post(stream=True)

    told = sent(response)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert (told[0]["type"], told[-1]["type"]) == ("message_start", "message_stop")
    assert "".join(event["delta"]["text"] for event in told if event["type"] == "content_block_delta") == "An open pit."
    assert told[-2]["usage"]["input_tokens"] == 7
    assert "[DONE]" not in response.text


def test_a_streams_cost_and_who_answered_are_told_at_its_end(serve: Serve) -> None:
    serve(stream_events("An open pit."), converse_reply())

    told = sent(post(stream=True))
    whole = post()

    assert told[-2]["quarry"]["answered_by"] == whole.headers["x-quarry-model"]
    # Seven tokens in, one out; whole, four out.
    assert 0 < told[-2]["quarry"]["micro_dollars"] <= float(whole.headers["x-quarry-charged-usd"]) * 1_000_000


def test_a_stream_begins_with_about_as_many_tokens_as_it_reads(serve: Serve) -> None:
    serve(stream_events("Yes."), stream_events("Yes."))
    short, long = (
        sent(post(stream=True, messages=[{"role": "user", "content": "stone " * words}]))[0]["message"]["usage"]
        for words in (1, 100)
    )

    assert 0 < short["input_tokens"] < 30
    assert 100 <= long["input_tokens"] < 400
    assert (short["output_tokens"], long["output_tokens"]) == (0, 0)


STOPS = ["END", "STOP"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "fields", "wanted"),
    [
        ("smart", {"stop_sequence": "STOP"}, "STOP"),
        ("smart", {"stop_sequence": None}, None),
        ("smart", None, None),
        ("fast", None, None),
    ],
)
def test_which_of_several_texts_ended_an_answer_is_told_where_the_model_tells(
    serve: Serve, model: str, fields: dict[str, Any] | None, wanted: str | None, stream: bool
) -> None:
    ends = "stop_sequence"
    given: Any = stream_events("An ", stop_reason=ends) if stream else converse_reply(stop_reason=ends)
    if fields is not None:
        ending = next(one["messageStop"] for one in given if "messageStop" in one) if stream else given
        ending["additionalModelResponseFields"] = fields
    at = serve(given)

    response = post(model=model, stop_sequences=STOPS, stream=stream)

    told = sent(response)[-2]["delta"] if stream else response.json()
    assert (told["stop_reason"], told["stop_sequence"]) == ("stop_sequence", wanted)
    asked = at.bedrock.calls[0].get("additionalModelResponseFieldPaths")
    assert asked == (["/stop_sequence"] if model == "smart" else None)


def test_nothing_is_asked_of_a_model_where_there_can_be_one_text_alone(serve: Serve) -> None:
    at = serve(converse_reply(stop_reason="stop_sequence"))

    assert post(model="smart", stop_sequences=["END"]).json()["stop_sequence"] == "END"
    assert "additionalModelResponseFieldPaths" not in at.bedrock.calls[0]


def test_what_is_dropped_is_named_with_the_betas(serve: Serve) -> None:
    serve(converse_reply())

    response = post(headers={"anthropic-beta": "files-api-2025-04-14"}, speed="fast", output_config={"effort": "low"})

    assert response.headers["x-quarry-dropped-parameters"] == (
        "anthropic-beta.files-api-2025-04-14, speed, output_config.effort"
    )


def test_top_k_goes_where_a_model_has_none(serve: Serve) -> None:
    at = serve(converse_reply())
    served = [post(model="fast", top_k=5), post(model="smart", top_k=5)]

    dropped = [response.headers.get("x-quarry-dropped-parameters") for response in served]
    assert [response.status_code for response in served] == [200, 200]
    told = [call.get("additionalModelRequestFields") is not None for call in at.bedrock.calls]
    assert [one == "top_k" for one in dropped] == [not one for one in told]


@pytest.mark.parametrize(
    ("fields", "status", "kind"),
    [
        ({"model": "gpt-4o"}, 404, "not_found_error"),
        ({"messages": []}, 400, "invalid_request_error"),
        ({"max_tokens": None}, 400, "invalid_request_error"),
        ({"messages": [{"role": "user", "content": "x" * 5_000}]}, 413, "request_too_large"),
        ({"headers": {"anthropic-version": "2020-01-01"}}, 400, "invalid_request_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_wrong_with_a_request_is_told_in_anthropics_shape(
    serve: Serve, fields: dict[str, Any], status: int, kind: str, stream: bool
) -> None:
    serve(converse_reply())

    response = post(**fields, stream=stream)

    assert (response.status_code, shaped(response.json(), kind)) == (status, True)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 429, "rate_limit_error"),
        ("AccessDeniedException", 403, "permission_error"),
        ("ModelTimeoutException", 504, "timeout_error"),
        ("ModelNotReadyException", 503, "overloaded_error"),
        ("ModelErrorException", 502, "api_error"),
        ("ValidationException", 400, "invalid_request_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_bedrocks_failures_are_told_in_anthropics_shape(
    serve: Serve, code: str, status: int, kind: str, stream: bool
) -> None:
    serve(client_error(code))

    response = post(model="smart", stream=stream)

    assert (response.status_code, shaped(response.json(), kind)) == (status, True)


def test_a_failure_in_mid_stream_is_the_last_event(serve: Serve) -> None:
    serve([*stream_events("An ")[:2], client_error("modelStreamErrorException")])

    told = sent(post(stream=True))

    assert [event["type"] for event in told[-2:]] == ["content_block_delta", "error"]
    assert shaped(told[-1], "api_error")


def test_what_the_guardrail_stops_in_mid_stream_is_a_refusal(serve: Serve) -> None:
    serve(stream_events("Stopped.", stop_reason="guardrail_intervened"))

    ending = sent(post(stream=True))[-2]

    assert ending["delta"]["stop_reason"] == "refusal"
    assert ending["delta"]["stop_details"]["type"] == "refusal"


@pytest.mark.parametrize("stream", [False, True])
def test_an_allowance_that_is_used_up_is_told_in_anthropics_shape(serve: Serve, stream: bool) -> None:
    serve(converse_reply())
    broke = {**CONTEXT, "authorizer": {"key_id": "key_1", "owner": "ann", "limits": '{"usd_total":0}'}}

    response = post(context=broke, stream=stream)

    assert (response.status_code, shaped(response.json(), "rate_limit_error")) == (429, True)
    assert response.headers["x-should-retry"] == "false"


def test_what_nobody_foresaw_is_told_in_anthropics_shape(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(converse_reply())
    monkeypatch.setattr(composition, "exchanges", lambda: None)

    response = post()

    assert (response.status_code, shaped(response.json(), "api_error")) == (500, True)


@pytest.fixture
def counter(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> FakeCounter:
    serve(converse_reply())
    made = FakeCounter()
    service = ChatService(settings=SETTINGS, aliases=ALIASES, client=FakeConverse(converse_reply()))
    monkeypatch.setattr(composition, "service", lambda: service)
    monkeypatch.setattr(composition, "runtime_client", lambda: Until(made))
    return made


class Until:
    """A client with a deadline."""

    def __init__(self, client: FakeCounter) -> None:
        self._client = client

    def until(self, _: object) -> FakeCounter:
        return self._client


def test_tokens_are_counted_for_claude_and_estimated_for_others(counter: FakeCounter) -> None:
    counted = post("/v1/messages/count_tokens", model="smart", system="Be brief.")
    estimated = post("/v1/messages/count_tokens", model="fast", thinking={"type": "adaptive"})

    assert (counted.status_code, counted.json()) == (200, {"input_tokens": 12})
    assert estimated.json()["quarry"] == {"estimated": True}
    assert estimated.json()["input_tokens"] > 5
    assert len(counter.asked) == 1


def test_a_count_counts_as_a_request_of_the_minute(counter: FakeCounter) -> None:
    once = {**CONTEXT, "authorizer": {"key_id": "key_1", "owner": "ann", "limits": '{"requests_per_minute":1}'}}

    answers = [post("/v1/messages/count_tokens", context=once, model="smart") for _ in range(3)]

    assert answers[0].status_code == 200
    # The minute may change between two of them, but not between all.
    assert any(shaped(answer.json(), "rate_limit_error") for answer in answers[1:])


def test_what_cannot_be_counted_is_told_in_anthropics_shape(counter: FakeCounter) -> None:
    assert shaped(post("/v1/messages/count_tokens", model="gpt-4o").json(), "not_found_error")
    assert shaped(post("/v1/messages/count_tokens", model="embed").json(), "invalid_request_error")
    assert shaped(post("/v1/messages/count_tokens", messages=[]).json(), "invalid_request_error")
    assert counter.asked == []
