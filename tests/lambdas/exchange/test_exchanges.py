"""One exchange: reserved, answered, settled, stored; or released and nothing stored."""

import io
import json
from typing import Any

import msgspec
import pytest

from lambdas.allowances.ledger import Ledger
from lambdas.chat.conversation import Conversation
from lambdas.common.caller import Caller, KeyLimits
from lambdas.common.deadline import Deadline
from lambdas.common.errors import ApiError, NotFoundError, RateLimitError, UnavailableError, UpstreamTimeoutError
from lambdas.common.tokens import likely_tokens
from tests.lambdas.chatting import chunks, parse
from tests.lambdas.common.test_deadline import Clock
from tests.lambdas.fakes import client_error, converse_reply, stream_events
from tests.lambdas.stores import Desk, desk

LIMITED = Caller(key_id="key_1", owner="ann", limits=KeyLimits(usd_total=1_000_000, requests_per_minute=50))
OTHER = Caller(key_id="key_2", owner="bob")
USE = {"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": {}}}
TOOL = {"type": "function", "function": {"name": "get_weather"}}


def ask(content: Any = "How deep?", role: str = "user", **fields: Any) -> Conversation:
    message = {"role": role, "content": content, **fields.pop("message", {})}
    return parse(json.dumps({"model": "fast", "messages": [message], **fields}).encode())


def account(at: Desk) -> dict[str, Any]:
    usage: dict[str, Any] = msgspec.to_builtins(at.ledger.usage("key_1", limits=LIMITED.limits))
    return usage


def test_an_answer_is_charged_what_it_took_and_the_headers_tell_what_is_left() -> None:
    with desk(converse_reply()) as at:
        done = at.exchanges.complete(ask(), LIMITED)

        spent = account(at)

    # 7 tokens in at 0.035 and 4 out at 0.14 USD per million, rounded up.
    assert spent["total"]["micro_dollars"] == 1
    assert spent["reserved"]["micro_dollars"] == 0
    assert done.headers["x-quarry-remaining-usd"] == "0.999999"
    assert done.headers["x-quarry-charged-usd"] == "0.000001"
    assert done.headers["x-ratelimit-remaining-requests"] == "49"


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException"])
def test_a_refused_call_is_charged_nothing(code: str) -> None:
    with desk(client_error(code)) as at:
        with pytest.raises(ApiError):
            at.exchanges.complete(ask(), LIMITED)
        with pytest.raises(ApiError):
            at.exchanges.stream(ask(), LIMITED)

        assert account(at)["total"]["micro_dollars"] == 0
        assert account(at)["reserved"]["micro_dollars"] == 0


def test_an_unknown_alias_reserves_nothing() -> None:
    with desk(converse_reply()) as at:
        with pytest.raises(NotFoundError):
            at.exchanges.complete(ask(model="gpt"), LIMITED)

        assert at.bedrock.calls == []


@pytest.mark.parametrize(
    ("fields", "longest"),
    [
        ({}, 4_096),
        ({"model": "smart"}, 4_096),
        ({"max_tokens": 7}, 7),
        ({"model": "smart", "max_completion_tokens": 9_000}, 9_000),
        ({"max_tokens": 900_000}, 5_000),
    ],
)
def test_an_answer_whose_length_nobody_said_has_the_default_and_no_more_is_held(
    fields: dict[str, Any], longest: int
) -> None:
    with desk(stream_events("x"), converse_reply()) as at:
        exchange = at.exchanges.stream(ask(**fields), LIMITED)
        assert longest < account(at)["reserved"]["tokens"] < longest + 60
        exchange.close()
        at.exchanges.complete(ask(**fields), LIMITED)

        assert [call["inferenceConfig"]["maxTokens"] for call in at.bedrock.calls] == [longest, longest]


def test_a_key_with_a_dollar_may_call_six_times_at_once() -> None:
    with desk(stream_events("x")) as at:
        exchanges = [at.exchanges.stream(ask(model="smart"), LIMITED) for _ in range(6)]
        for exchange in exchanges:
            list(exchange)
            exchange.close()

        assert account(at)["reserved"]["micro_dollars"] == 0


def test_a_spent_allowance_is_refused_before_the_call() -> None:
    poor = Caller(key_id="key_1", limits=KeyLimits(usd_total=1))
    with desk(converse_reply()) as at:
        with pytest.raises(RateLimitError) as refused:
            at.exchanges.complete(ask(), poor)

        assert at.bedrock.calls == []
    assert refused.value.code == "insufficient_quota"
    assert refused.value.headers()["x-should-retry"] == "false"


def test_a_stream_is_charged_at_its_end() -> None:
    with desk(stream_events(*["token "] * 500)) as at:
        exchange = at.exchanges.stream(ask(stream_options={"include_usage": True}), LIMITED)
        assert account(at)["reserved"]["micro_dollars"] > 0

        *_, last = chunks(exchange, usage=True)
        exchange.close()

        assert account(at)["reserved"]["micro_dollars"] == 0
        assert account(at)["total"]["micro_dollars"] == 71
    assert last["usage"]["completion_tokens"] == 500
    assert last["quarry"] == {"answered_by": "amazon.nova-micro-v1:0", "micro_dollars": 71}


def test_a_caller_who_hangs_up_is_charged_what_was_written_so_far() -> None:
    with desk(stream_events(*["token "] * 500)) as at:
        exchange = at.exchanges.stream(ask(), LIMITED)
        events = iter(exchange)
        for _ in range(200):
            next(events)
        exchange.close()
        exchange.close()

        assert at.bedrock.streams[0].closed
        assert account(at)["reserved"]["micro_dollars"] == 0
        assert 0 < account(at)["total"]["micro_dollars"] < 71


def test_a_failure_in_mid_stream_leaves_no_reservation_and_no_turn() -> None:
    with desk([*stream_events("An ")[:2], client_error("modelStreamErrorException")]) as at:
        session = at.sessions.create("key_1")
        exchange = at.exchanges.stream(ask(quarry={"session": session.session_id}), LIMITED)
        with pytest.raises(ApiError):
            list(exchange)
        exchange.close()

        assert account(at)["reserved"]["micro_dollars"] == 0
        assert list(at.sessions.turns(at.sessions.get(session.session_id, "key_1"))) == []


def test_a_session_goes_before_the_message_and_keeps_both_turns() -> None:
    with desk(converse_reply("Deep."), stream_events("Very ", "deep.")) as at:
        session = at.sessions.create("key_1", system="Be brief.").session_id
        at.exchanges.complete(ask("How deep?", quarry={"session": session}), LIMITED)
        list(at.exchanges.stream(ask("Really?", quarry={"session": session}), LIMITED))
        list(at.exchanges.stream(ask("And now?", quarry={"session": session}), LIMITED))

        texts = [[block["text"] for block in message["content"]] for message in at.bedrock.calls[2]["messages"]]
    assert at.bedrock.calls[0]["system"] == [{"text": "Be brief."}]
    assert texts == [["How deep?"], ["Deep."], ["Really?"], ["Very deep."], ["And now?"]]


def test_another_keys_session_does_not_exist() -> None:
    with desk(converse_reply()) as at:
        session = at.sessions.create("key_1").session_id

        with pytest.raises(NotFoundError):
            at.exchanges.complete(ask(quarry={"session": session}), OTHER)

        assert at.bedrock.calls == []


def test_a_blocked_turn_is_not_sent_again() -> None:
    blocked = converse_reply("Stopped.", stop_reason="guardrail_intervened")
    with desk(blocked, converse_reply()) as at:
        session = at.sessions.create("key_1").session_id
        at.exchanges.complete(ask("Something bad", quarry={"session": session}), LIMITED)
        at.exchanges.complete(ask("Something good", quarry={"session": session}), LIMITED)

    assert "Something bad" not in str(at.bedrock.calls[1]["messages"])


def test_a_tools_result_may_answer_a_call_of_the_session() -> None:
    calling = converse_reply(stop_reason="tool_use")
    calling["output"]["message"]["content"] = [USE]
    result = {"message": {"tool_call_id": "c1"}, "tools": [TOOL]}
    with desk(calling, converse_reply("Sunny.")) as at:
        session = at.sessions.create("key_1").session_id
        at.exchanges.complete(ask("Weather?", tools=[TOOL], quarry={"session": session}), LIMITED)
        at.exchanges.complete(ask("sunny", "tool", quarry={"session": session}, **result), LIMITED)

        assert at.bedrock.calls[1]["messages"][2]["content"][0]["toolResult"]["toolUseId"] == "c1"
        with pytest.raises(ApiError, match="answers no tool call"):
            at.exchanges.complete(ask("sunny", "tool", quarry={"session": session}, **result), LIMITED)
        assert account(at)["reserved"]["micro_dollars"] == 0


def test_an_end_without_a_stop_reason_is_no_answer_is_charged_and_not_stored() -> None:
    with desk(stream_events("An ", "open ")[:3]) as at:
        session = at.sessions.create("key_1")
        exchange = at.exchanges.stream(ask(quarry={"session": session.session_id}), LIMITED)
        with pytest.raises(ApiError) as broken:
            list(exchange)
        exchange.close()

        assert (broken.value.status, broken.value.code) == (502, "upstream_error")
        assert account(at)["total"]["micro_dollars"] > 0
        assert account(at)["reserved"]["micro_dollars"] == 0
        assert list(at.sessions.turns(at.sessions.get(session.session_id, "key_1"))) == []


@pytest.mark.parametrize("limits", [LIMITED.limits, KeyLimits()])
def test_a_stream_that_the_deadline_ends_is_told_charged_and_not_stored(limits: KeyLimits) -> None:
    clock = Clock()
    with desk(stream_events(*["token "] * 500)) as at:
        session = at.sessions.create("key_1")
        exchange = at.exchanges.stream(
            ask(quarry={"session": session.session_id}),
            Caller(key_id="key_1", limits=limits),
            deadline=Deadline.after(115, clock=clock),
        )
        events = iter(exchange)
        for _ in range(200):
            next(events)
        clock.now += 115
        with pytest.raises(ApiError) as ended:
            next(events)
        exchange.close()

        assert (ended.value.status, ended.value.code) == (504, "upstream_timeout")
        assert at.bedrock.streams[0].closed
        assert account(at)["today"]["output_tokens"] == likely_tokens("token " * 199)
        assert account(at)["reserved"]["micro_dollars"] == 0
        assert list(at.sessions.turns(at.sessions.get(session.session_id, "key_1"))) == []


def test_an_answer_whose_count_was_never_sent_is_charged_by_the_estimates_rule() -> None:
    with desk(stream_events(*["token "] * 500)[:-1]) as at:
        exchange = at.exchanges.stream(ask(stream_options={"include_usage": True}), LIMITED)
        *_, last = chunks(exchange, usage=True)
        exchange.close()

        assert account(at)["today"]["output_tokens"] == likely_tokens("token " * 500)
        assert last["usage"]["completion_tokens"] == likely_tokens("token " * 500)


@pytest.mark.parametrize(("text", "tokens"), [("granite ", 534), ("\u77f3", 240), ('{"a":[1,2,3]},', 14 * 200)])
def test_who_hangs_up_pays_for_what_was_written_by_the_estimates_rule(text: str, tokens: int) -> None:
    with desk(stream_events(*[text] * 300)) as at:
        exchange = at.exchanges.stream(ask(), LIMITED)
        events = iter(exchange)
        for _ in range(201):
            next(events)
        exchange.close()

        assert account(at)["today"]["output_tokens"] == likely_tokens(text * 200) == tokens


def test_who_hangs_up_pays_for_thoughts_and_never_for_more_than_was_asked_for() -> None:
    thought = {"contentBlockDelta": {"contentBlockIndex": 7, "delta": {"reasoningContent": {"text": "Hm. " * 90}}}}
    start, *rest = stream_events("No.")
    spent = []
    with desk([start, thought, *rest]) as at:
        for most in (5000, 50):
            exchange = at.exchanges.stream(ask(max_tokens=most), LIMITED)
            events = iter(exchange)
            next(events), next(events)
            exchange.close()
            spent.append(account(at)["today"]["output_tokens"])

    assert spent == [likely_tokens("Hm. " * 90 + "No."), likely_tokens("Hm. " * 90 + "No.") + 50]


@pytest.mark.parametrize("session", [True, False])
@pytest.mark.parametrize("caller", [LIMITED, OTHER], ids=["limited", "unlimited"])
@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (UnavailableError("busy", code="allowances_busy"), "charge=allowances_busy"),
        (client_error("AccessDeniedException"), "charge=unavailable"),
    ],
)
def test_a_whole_answer_that_cannot_be_charged_is_given_stored_and_told(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, told: str, *, session: bool, caller: Caller
) -> None:
    def denied(*_: Any) -> Any:
        raise failure

    with desk(converse_reply("Deep.")) as at:
        session_id = at.sessions.create(caller.key_id).session_id
        monkeypatch.setattr(Ledger, "settle", denied)
        wanted: dict[str, Any] = {"quarry": {"session": session_id}} if session else {}
        done = at.exchanges.complete(ask(**wanted), caller)

        # The sweep settles a reservation that nobody settled.
        assert (account(at)["reserved"]["micro_dollars"] > 0) == (caller is LIMITED)
        assert len(at.sessions.open(session_id, caller.key_id)[1]) == session
    assert done.headers["x-quarry-not-recorded"] == told
    assert ("x-quarry-remaining-usd" in done.headers) == (caller is LIMITED)
    assert done.completion.text == "Deep."


@pytest.mark.parametrize("streamed", [True, False])
def test_why_there_is_no_answer_is_told_though_nothing_can_be_given_back(
    monkeypatch: pytest.MonkeyPatch, printed: io.StringIO, *, streamed: bool
) -> None:
    def denied(*_: Any) -> Any:
        raise client_error("AccessDeniedException")

    with desk(client_error("ModelTimeoutException")) as at:
        monkeypatch.setattr(Ledger, "release", denied)
        with pytest.raises(UpstreamTimeoutError):
            (at.exchanges.stream if streamed else at.exchanges.complete)(ask(), LIMITED)

        # The sweep gives it back.
        assert account(at)["reserved"]["micro_dollars"] > 0
    assert "answer not recorded" in printed.getvalue()


def test_an_answer_that_was_charged_and_stored_has_no_such_header() -> None:
    with desk(converse_reply()) as at:
        assert "x-quarry-not-recorded" not in at.exchanges.complete(ask(), LIMITED).headers


def test_a_streams_turn_is_stored_though_it_cannot_be_charged(
    monkeypatch: pytest.MonkeyPatch, printed: io.StringIO
) -> None:
    def denied(*_: Any) -> Any:
        raise client_error("AccessDeniedException")

    with desk(stream_events("Deep.")) as at:
        session = at.sessions.create("key_1").session_id
        monkeypatch.setattr(Ledger, "settle", denied)
        streamed = at.exchanges.stream(ask(quarry={"session": session}), LIMITED)
        sent = list(chunks(streamed))
        streamed.close()

        assert len(at.sessions.open(session, "key_1")[1]) == 1
    assert sent[-2]["choices"][0]["finish_reason"] == "stop"
    assert sent[-1]["quarry"] == {"not_recorded": {"charge": "unavailable"}}
    assert printed.getvalue().count("answer not recorded") == 1
