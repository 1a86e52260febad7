"""Answering: the alias, the guardrail, the retries."""

import dataclasses
import io
import json
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ReadTimeoutError, ResponseStreamingError

from lambdas.chat.aliases import Aliases
from lambdas.chat.conversation import Conversation, Reasoning
from lambdas.chat.events import Began, CallBegan, Ended, TextDelta
from lambdas.chat.service import ChatService
from lambdas.chat.settings import Promoted
from lambdas.chat.told import Completion
from lambdas.common.deadline import Deadline
from lambdas.common.errors import (
    ApiError,
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
    UpstreamError,
    UpstreamTimeoutError,
)
from tests.lambdas.chatting import chunks, parse
from tests.lambdas.common.test_deadline import Clock
from tests.lambdas.fakes import (
    ALIASES,
    NOVA_MICRO,
    SETTINGS,
    FakeConverse,
    client_error,
    converse_reply,
    stream_events,
)


class Waits(list[float]):
    """Remembers the seconds instead of sleeping them."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Service(ChatService):
    """The service, asked with what the request itself says."""

    def ask(self, asked: Conversation) -> Completion:
        return self.complete(asked, asked.spoken)


def service(client: FakeConverse, waits: Waits | None = None) -> Service:
    return Service(settings=SETTINGS, aliases=ALIASES, client=client, sleep=waits if waits is not None else Waits())


def request(model: str = "fast") -> Any:
    return parse(json.dumps({"model": model, "messages": [{"role": "user", "content": "Hi"}]}).encode())


def test_the_alias_is_called_as_resolved_and_through_the_guardrail() -> None:
    client = FakeConverse(converse_reply())

    completion = service(client).ask(request("smart"))

    assert client.calls[0]["modelId"] == "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    assert client.calls[0]["guardrailConfig"] == {
        "guardrailIdentifier": "gr123",
        "guardrailVersion": "2",
        "trace": "disabled",
    }
    assert completion.text == "An open pit."


def test_an_unknown_alias_names_the_known_ones_and_calls_nothing() -> None:
    client = FakeConverse(converse_reply())

    with pytest.raises(NotFoundError, match="`embed`, `fast`, `smart`") as refused:
        service(client).ask(request("gpt-4o"))

    assert refused.value.code == "model_not_found"
    assert client.calls == []


def test_an_embedding_model_cannot_chat() -> None:
    with pytest.raises(InvalidRequestError, match="`embed` is not a model that can chat"):
        service(FakeConverse(converse_reply())).ask(request("embed"))


def test_an_intervention_is_an_answer() -> None:
    completion = service(FakeConverse(converse_reply("Stopped.", stop_reason="guardrail_intervened"))).ask(request())

    assert completion.stop_reason == "guardrail_intervened"
    assert completion.was_stopped
    assert completion.text == "Stopped."


def test_throttling_is_tried_again_with_growing_waits() -> None:
    waits = Waits()
    client = FakeConverse(client_error("ThrottlingException"), client_error("ThrottlingException"), converse_reply())

    completion = service(client, waits).ask(request())

    assert completion.answered.fallbacks == 0
    assert len(client.calls) == 3
    assert len(waits) == 2
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1


def test_attempts_are_bounded_per_candidate_and_the_last_failure_is_told() -> None:
    client = FakeConverse(client_error("ThrottlingException"))

    with pytest.raises(RateLimitError):
        service(client).ask(request())

    called = [call["modelId"] for call in client.calls]
    assert called == ["amazon.nova-micro-v1:0"] * 3 + ["us.amazon.nova-lite-v1:0"] * 3


ENDED = "This model version has reached the end of its life. Please refer to the AWS documentation."


@pytest.mark.parametrize(
    ("failures", "calls"),
    [
        ([client_error("ThrottlingException")] * 3, 4),
        ([client_error("ServiceUnavailableException")] * 3, 4),
        ([client_error("ServiceQuotaExceededException")], 2),
        ([client_error("ModelNotReadyException")], 2),
        ([client_error("ResourceNotFoundException", ENDED)], 2),
    ],
)
def test_the_next_candidate_answers_when_the_first_cannot(failures: list[Exception], calls: int) -> None:
    client = FakeConverse(*failures, converse_reply())

    completion = service(client).ask(request())

    assert len(client.calls) == calls
    assert completion.answered.fallbacks == 1
    assert completion.answered.candidate.base_model_id == "amazon.nova-lite-v1:0"
    assert completion.model == "fast"


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "ModelNotReadyException"])
def test_a_promoted_model_that_is_gone_is_stepped_in_for_by_the_configured_ones(code: str) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
    entries = {"fast": (Promoted(arn, NOVA_MICRO, "fast-0123456789ab"), NOVA_MICRO)}
    client = FakeConverse(client_error(code), converse_reply())
    asked = Service(settings=SETTINGS, aliases=Aliases(lambda: entries), client=client, sleep=Waits())

    answered = asked.ask(request()).answered

    assert [call["modelId"] for call in client.calls] == [arn, NOVA_MICRO]
    assert (answered.fallbacks, answered.candidate.run) == (1, None)


@pytest.mark.parametrize(
    "failure",
    [
        client_error("ValidationException", "The request is wrong"),
        client_error("AccessDeniedException"),
        client_error("ResourceNotFoundException", "Model use case details have not been submitted for this account"),
        client_error("ModelErrorException"),
        ReadTimeoutError(endpoint_url="http://x"),
    ],
)
def test_what_another_model_would_only_hide_is_told_at_once(failure: Exception) -> None:
    client = FakeConverse(failure, converse_reply())

    with pytest.raises(ApiError):
        service(client).ask(request())

    assert len(client.calls) == 1


def test_an_intervention_never_falls_back() -> None:
    client = FakeConverse(converse_reply("Stopped.", stop_reason="guardrail_intervened"))

    assert service(client).ask(request()).answered.fallbacks == 0
    assert len(client.calls) == 1


def test_nothing_is_tried_anew_when_the_time_is_up() -> None:
    times = iter([0.0, 1.0, 5.0, 5.0, 5.0])
    client = FakeConverse(client_error("ThrottlingException"))
    slow = Service(settings=SETTINGS, aliases=ALIASES, client=client, sleep=Waits(), clock=lambda: next(times))

    with pytest.raises(RateLimitError):
        slow.ask(request())

    assert len(client.calls) == 2


def test_each_family_gets_what_it_takes_and_the_caller_is_told_the_rest() -> None:
    client = FakeConverse(converse_reply())
    both = parse(
        json.dumps(
            {"model": "smart", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5, "top_p": 0.5}
        ).encode()
    )

    completion = service(client).ask(both)

    assert client.calls[0]["inferenceConfig"] == {"maxTokens": 64000, "temperature": 0.5}
    assert completion.answered.dropped == ["top_p"]


def test_a_stream_begins_with_its_first_event_already_there() -> None:
    client = FakeConverse(stream_events("An ", "open pit."))

    streamed = service(client).stream(request(), request().spoken)

    assert streamed.answered.candidate.base_model_id == "amazon.nova-micro-v1:0"
    assert [chunk["choices"][0]["delta"].get("content") for chunk in chunks(streamed)] == ["", "An ", "open pit.", None]
    assert streamed.state.usage["outputTokens"] == 2


@pytest.mark.parametrize("where", ["call", "first event"])
def test_a_stream_that_cannot_begin_is_begun_by_the_next_candidate(where: str) -> None:
    failure = client_error("throttlingException" if where == "first event" else "ThrottlingException")
    failing: Any = failure if where == "call" else [failure]
    client = FakeConverse(failing, failing, failing, stream_events("Yes."))

    streamed = service(client).stream(request(), request().spoken)

    assert streamed.answered.fallbacks == 1


def test_a_failure_in_mid_stream_is_told_and_never_begun_anew() -> None:
    client = FakeConverse([*stream_events("An ")[:2], client_error("modelStreamErrorException")])
    streamed = service(client).stream(request(), request().spoken)

    with pytest.raises(ApiError):
        list(streamed)

    streamed.close()
    assert client.streams[0].closed
    assert len(client.calls) == 1


def test_the_guardrails_findings_are_told_on_request() -> None:
    found: dict[str, Any] = {"guardrail": {"inputAssessment": {"gr123": {}}}}
    client = FakeConverse({**converse_reply(), "trace": found})
    asked = parse(
        b'{"model": "fast", "messages": [{"role": "user", "content": "Hi"}], "quarry": {"guardrail_trace": true}}'
    )

    completion = service(client).ask(asked)

    assert client.calls[0]["guardrailConfig"]["trace"] == "enabled"
    assert completion.quarry == found


def test_a_stream_that_ends_before_its_first_event_never_began() -> None:
    with pytest.raises(UpstreamError):
        service(FakeConverse([])).stream(request(), request().spoken)


def test_a_stream_that_the_reader_closed_has_not_broken_off() -> None:
    streamed = service(FakeConverse(stream_events("An ", "open ")[:2])).stream(request(), request().spoken)
    streamed.close()

    assert list(streamed) == [Began(), TextDelta(0, "An ")]


def test_closing_what_is_being_read_is_no_failure_of_bedrocks(printed: io.StringIO) -> None:
    events: list[Any] = [*stream_events("An ", "open ")[:2], ResponseStreamingError(error="closed")]
    streamed = service(FakeConverse(events)).stream(request(), request().spoken)
    events_ = iter(streamed)
    next(events_)
    streamed.close()

    assert list(events_) == [TextDelta(0, "An ")]
    assert "bedrock failed" not in printed.getvalue()


def test_a_used_up_day_is_not_tried_again_at_once() -> None:
    client = FakeConverse(client_error("ThrottlingException", "Too many tokens per day, please wait."))
    with pytest.raises(RateLimitError) as refused:
        service(client).complete(request(), request().spoken)

    assert (refused.value.code, refused.value.retry_after) == ("insufficient_quota", 3600)
    assert len({call["modelId"] for call in client.calls}) == len(client.calls)


def test_every_call_is_over_by_the_deadline() -> None:
    client, deadline = FakeConverse(converse_reply()), Deadline.after(115, clock=Clock())

    bound = service(client).until(deadline)
    bound.complete(request(), request().spoken)
    bound.guardrail.stopped("x")

    assert client.deadlines == [deadline]


def test_a_stream_ends_at_its_deadline_however_fast_its_events_come() -> None:
    clock = Clock()
    client = FakeConverse(stream_events("An ", "open ", "pit."))
    streamed = service(client).until(Deadline.after(5, clock=clock)).stream(request(), request().spoken)
    events = iter(streamed)
    assert [next(events) for _ in range(2)] == [Began(), TextDelta(0, "An ")]
    clock.now += 5

    with pytest.raises(UpstreamTimeoutError, match="fast"):
        next(events)


def test_an_answer_that_ended_just_in_time_is_an_answer() -> None:
    clock = Clock()
    client = FakeConverse(stream_events("An open pit."))
    streamed = service(client).until(Deadline.after(5, clock=clock)).stream(request(), request().spoken)
    events = iter(streamed)
    last = next(event for event in events if isinstance(event, Ended))
    clock.now += 5

    assert list(events) == []
    assert last.stop_reason == "end_turn"
    assert streamed.state.usage["outputTokens"] == 1


def test_trouble_after_bedrocks_word_that_the_answer_is_over_takes_nothing_from_it(printed: io.StringIO) -> None:
    events: list[Any] = [*stream_events("An open pit.")[:-1], ResponseStreamingError(error="reset")]
    streamed = service(FakeConverse(events)).stream(request(), request().spoken)

    assert list(streamed)[-1] == Ended("end_turn")
    assert "bedrock failed" in printed.getvalue()


def test_a_whole_answer_without_bedrocks_word_that_it_is_over_is_none() -> None:
    reply = {name: value for name, value in converse_reply().items() if name != "stopReason"}

    with pytest.raises(UpstreamError, match="broke off"):
        service(FakeConverse(reply)).ask(request())


def test_an_alias_may_have_a_length_of_its_own() -> None:
    settings = dataclasses.replace(SETTINGS, default_max_tokens=100, default_max_tokens_of={"smart": 200})
    bounded = ChatService(settings=settings, aliases=ALIASES, client=FakeConverse({})).bounded

    assert bounded(request()).max_tokens == 100
    assert bounded(request(model="smart")).max_tokens == 200
    said = parse(b'{"model": "fast", "max_completion_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}')
    assert bounded(said) is said


def test_each_step_to_another_candidate_is_logged_from_the_one_to_the_next(printed: io.StringIO) -> None:
    third = SETTINGS.aliases["smart"]
    settings = dataclasses.replace(SETTINGS, aliases={"fast": (*SETTINGS.aliases["fast"], *third)})
    quota = client_error("ServiceQuotaExceededException")
    client = FakeConverse(quota, quota, converse_reply())

    completion = Service(
        settings=settings, aliases=Aliases(lambda: settings.aliases), client=client, sleep=Waits()
    ).ask(request())

    lines = [json.loads(line) for line in printed.getvalue().splitlines() if '"fallback"' in line]
    assert completion.answered.fallbacks == 2
    assert [(line["from_model"], line["to_model"], line["reason"]) for line in lines] == [
        ("amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0", "ServiceQuotaExceededException"),
        ("amazon.nova-lite-v1:0", completion.answered.candidate.base_model_id, "ServiceQuotaExceededException"),
    ]


@pytest.mark.parametrize(
    ("code", "words"), [("AccessDeniedException", "not authorized"), ("ValidationException", None)]
)
def test_awss_words_are_logged_unless_they_may_quote_the_request(
    code: str, words: str | None, printed: io.StringIO
) -> None:
    with pytest.raises(ApiError):
        service(FakeConverse(client_error(code, "not authorized: xylophone"))).ask(request())

    (line,) = [json.loads(line) for line in printed.getvalue().splitlines() if '"bedrock failed"' in line]
    assert line["reason"] == code
    assert line["aws"] == "" if words is None else words in line["aws"]


@pytest.mark.parametrize(("wanted", "calls"), [(None, 2), (True, 2), (False, 1)])
def test_of_parallel_calls_that_were_not_wanted_the_first_is_told(wanted: bool | None, calls: int) -> None:
    reply = converse_reply(stop_reason="tool_use")
    uses: list[Any] = [{"toolUse": {"toolUseId": one, "name": "dig", "input": {}}} for one in ("a", "b")]
    reply["output"]["message"]["content"] = uses
    fields: dict[str, Any] = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}
    fields |= {"parallel_tool_calls": wanted, "tools": [{"type": "function", "function": {"name": "dig"}}]}
    asked = parse(json.dumps(fields).encode())
    events: list[Any] = [{"messageStart": {"role": "assistant"}}]
    for index, one in enumerate(("a", "b")):
        start = {"toolUse": {"toolUseId": one, "name": "dig"}}
        events.append({"contentBlockStart": {"contentBlockIndex": index, "start": start}})
    events += stream_events(stop_reason="tool_use")[1:]

    completion = service(FakeConverse(reply)).ask(asked)
    streamed = list(service(FakeConverse(events)).stream(asked, asked.spoken))

    assert len(completion.calls) == calls
    assert sum(isinstance(event, CallBegan) for event in streamed) == calls


def test_the_base_id_is_told_where_it_is_set_so() -> None:
    settings = dataclasses.replace(SETTINGS, reply_model="answered")
    asked = Service(settings=settings, aliases=ALIASES, client=FakeConverse(converse_reply()), sleep=Waits())

    assert asked.ask(request()).model == NOVA_MICRO


@pytest.mark.parametrize("strict", [False, True])
def test_what_the_model_has_no_word_for_is_dropped_and_named_or_refused(strict: bool) -> None:
    settings = dataclasses.replace(SETTINGS, strict=strict)
    client = FakeConverse(converse_reply())
    asked = Service(settings=settings, aliases=ALIASES, client=client, sleep=Waits())
    thinking = msgspec.structs.replace(request(), reasoning=Reasoning(effort="low"))

    if not strict:
        assert asked.ask(thinking).answered.dropped == ["reasoning_effort"]
        return
    with pytest.raises(InvalidRequestError) as refused:
        asked.ask(thinking)
    assert refused.value.param == "reasoning_effort"
    assert client.calls == []


def test_arguments_are_made_once_for_a_request() -> None:
    chat = Service(settings=SETTINGS, aliases=ALIASES, client=FakeConverse(converse_reply()), sleep=Waits())
    asked = request()
    spoken, (candidate, other) = asked.spoken, ALIASES.candidates("fast")

    made, _ = chat.arguments(asked, spoken, candidate)

    assert chat.arguments(asked, spoken, candidate)[0] is made
    assert chat.arguments(asked, spoken, other)[0] is not made
    assert chat.arguments(asked, request().spoken, candidate)[0] is not made
