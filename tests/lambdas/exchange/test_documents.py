"""Exchanges with the documents: reserved, searched, answered, cited, settled, stored."""

import json
import threading
from typing import Any

import msgspec
import pytest

from lambdas.allowances.ledger import Ledger
from lambdas.api.routes import compare
from lambdas.chat.conversation import Conversation
from lambdas.common.caller import Caller, KeyLimits
from lambdas.common.errors import NotFoundError, RateLimitError
from lambdas.knowledge.citations import NOT_IN_DOCUMENTS
from tests.lambdas.chatting import body_of, chunks, parse
from tests.lambdas.fakes import client_error, converse_reply, stream_events
from tests.lambdas.knowledge.fakes import WEAK, FakeRetrieve, retrieve_error
from tests.lambdas.stores import Desk, desk
from tests.waiting import PATIENCE

LIMITED = Caller(key_id="key_1", owner="ann", limits=KeyLimits(usd_total=1_000_000, requests_per_minute=50))
CITED = "Second class [1], see [9]."
NOTHING = FakeRetrieve([WEAK])
# Nova Micro: 7 tokens in at 0.035 and 4 out at 0.14 USD per million, rounded up.
ONE_CALL = 1


def ask(*messages: str, session: str | None = None, knowledge: Any = None, **fields: Any) -> Conversation:
    said = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(messages)]
    quarry = {"knowledge": knowledge or {}, **({"session": session} if session else {}), **fields.pop("quarry", {})}
    return parse(json.dumps({"model": "fast", "messages": said, "quarry": quarry, **fields}).encode())


def account(at: Desk) -> dict[str, Any]:
    usage: dict[str, Any] = msgspec.to_builtins(at.ledger.usage("key_1", limits=LIMITED.limits))
    return usage


def stored(at: Desk, session: str) -> list[str]:
    turns = at.sessions.turns(at.sessions.get(session, "key_1"))
    return [block["text"] for turn in turns for message in turn.messages for block in message["content"]]


def content(body: dict[str, Any]) -> Any:
    return body["choices"][0]["message"]["content"]


def test_a_whole_answer_cites_its_passages() -> None:
    with desk(converse_reply(CITED)) as at:
        body = body_of(at.exchanges.complete(ask("Which class?"), LIMITED).completion)

        assert account(at)["total"]["micro_dollars"] == ONE_CALL
        assert account(at)["reserved"]["micro_dollars"] == 0
    assert content(body) == "Second class [1], see."
    assert [citation["document"] for citation in body["quarry"]["citations"]] == ["travel.md"]
    assert (body["quarry"]["answered"], body["quarry"]["search_query"]) == (True, "Which class?")
    assert "<question>Which class?</question>" in json.dumps(at.bedrock.calls[0]["messages"])


def test_a_stream_tells_its_citations_with_the_finish_reason() -> None:
    with desk(stream_events("Second class [", "1], see [9].")) as at:
        exchange = at.exchanges.stream(ask("Which class?", stream_options={"include_usage": True}), LIMITED)
        *pieces, finish, usage = chunks(exchange, usage=True)
        exchange.close()

    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in pieces) == CITED
    assert all("quarry" not in chunk for chunk in pieces)
    assert set(usage["quarry"]) == {"answered_by", "micro_dollars"}
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert [citation["number"] for citation in finish["quarry"]["citations"]] == [1]
    assert exchange.told == finish["quarry"]


def test_filter_and_number_reach_the_knowledge_base() -> None:
    with desk(converse_reply(CITED)) as at:
        at.exchanges.complete(ask("x", knowledge={"filter": {"year": {"gte": 2024}}, "results": 2}), LIMITED)

    search = at.documents.calls[0]["retrievalConfiguration"]["vectorSearchConfiguration"]
    assert search["filter"] == {"greaterThanOrEquals": {"key": "year", "value": 2024}}
    assert search["numberOfResults"] == 2


def test_the_reservation_has_room_for_the_passages() -> None:
    with desk(stream_events("x"), stream_events("x")) as at:
        plain = parse(b'{"model": "fast", "max_tokens": 10, "messages": [{"role": "user", "content": "x"}]}')
        first = at.exchanges.stream(plain, LIMITED)
        without = account(at)["reserved"]["tokens"]
        second = at.exchanges.stream(ask("x", max_tokens=10), LIMITED)
        reserved = account(at)["reserved"]["tokens"] - without
        first.close()
        second.close()

    assert reserved > without + 5 * 300 * 2 * 3


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_in_the_documents_is_said_without_a_model(stream: bool) -> None:
    with desk(client_error("AccessDeniedException"), documents=NOTHING) as at:
        session = at.sessions.create("key_1").session_id
        asked = ask("What is the meaning of life?", session=session, stream_options={"include_usage": True})
        if stream:
            exchange = at.exchanges.stream(asked, LIMITED)
            *sent, last = chunks(exchange, usage=True)
            exchange.close()
            found = sent[-1]["quarry"]
            said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in sent)
            assert [chunk["choices"][0]["finish_reason"] for chunk in sent] == [None, None, "stop"]
            usage = last["usage"]
        else:
            body = body_of(at.exchanges.complete(asked, LIMITED).completion)
            found, said, usage = body["quarry"], content(body), body["usage"]

        assert at.bedrock.calls == []
        assert account(at)["total"]["micro_dollars"] == account(at)["reserved"]["micro_dollars"] == 0
        assert stored(at, session) == ["What is the meaning of life?", NOT_IN_DOCUMENTS]
    assert said == NOT_IN_DOCUMENTS
    assert (found["answered"], found["citations"]) == (False, [])
    assert usage["total_tokens"] == 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_question_that_the_guardrail_stops_is_stopped_without_a_model_too(stream: bool) -> None:
    with desk(converse_reply("Deep."), documents=NOTHING) as at:
        at.bedrock.stops = {"project-nightshade?"}
        session = at.sessions.create("key_1").session_id
        asked = ask("project-nightshade?", session=session)
        if stream:
            finish = list(chunks(at.exchanges.stream(asked, LIMITED)))[-1]
            found, reason = finish["quarry"], finish["choices"][0]["finish_reason"]
        else:
            body = body_of(at.exchanges.complete(asked, LIMITED).completion)
            found, reason = body["quarry"], body["choices"][0]["finish_reason"]
        # It does not stop the turns after it.
        plain = {"model": "fast", "messages": [{"role": "user", "content": "?"}], "quarry": {"session": session}}
        at.exchanges.complete(parse(json.dumps(plain).encode()), LIMITED)

    assert (reason, found["answered"]) == ("content_filter", False)
    assert "nightshade" not in json.dumps(at.bedrock.calls[0]["messages"])


def test_a_caller_who_hangs_up_on_an_answer_without_a_model_is_charged_nothing() -> None:
    with desk(converse_reply(), documents=NOTHING) as at:
        exchange = at.exchanges.stream(ask("x"), LIMITED)
        next(iter(exchange))
        exchange.close()

        assert account(at)["total"]["micro_dollars"] == account(at)["reserved"]["micro_dollars"] == 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_session_keeps_the_callers_words_and_the_next_question_is_rewritten(stream: bool) -> None:
    rewritten = converse_reply("How many days of leave are there in Spain?")
    answer: Any = stream_events(CITED) if stream else converse_reply(CITED)
    with desk(answer, rewritten, answer) as at:
        session = at.sessions.create("key_1", system="Be brief.").session_id
        for question in ("How many days of leave in Germany?", "And in Spain?"):
            if stream:
                found = list(chunks(at.exchanges.stream(ask(question, session=session), LIMITED)))[-1]["quarry"]
            else:
                found = body_of(at.exchanges.complete(ask(question, session=session), LIMITED).completion)["quarry"]

        said = CITED if stream else "Second class [1], see."
        assert stored(at, session) == ["How many days of leave in Germany?", said, "And in Spain?", said]
    assert at.documents.queries == ["How many days of leave in Germany?", "How many days of leave are there in Spain?"]
    assert found["search_query"] == at.documents.queries[1]
    # The model is asked the caller's own question, after what was said.
    last = json.dumps(at.bedrock.calls[2]["messages"])
    assert "<question>And in Spain?</question>" in last
    assert last.count("<passage number") == 2
    assert at.bedrock.calls[2]["system"][0] == {"text": "Be brief."}


def test_earlier_messages_of_the_request_are_a_history_too() -> None:
    with desk(converse_reply("Days in Spain?"), converse_reply(CITED)) as at:
        at.exchanges.complete(ask("Days in Germany?", "28.", "And in Spain?"), LIMITED)

    assert at.documents.queries == ["Days in Spain?"]


def test_a_rewriting_that_fails_costs_nothing_and_searches_for_the_question() -> None:
    with desk(*[client_error("ValidationException")], converse_reply(CITED)) as at:
        body = body_of(at.exchanges.complete(ask("Days in Germany?", "28.", "And in Spain?"), LIMITED).completion)

        assert account(at)["total"]["micro_dollars"] == ONE_CALL
    assert at.documents.queries == ["And in Spain?"]
    assert body["quarry"]["search_query"] == "And in Spain?"


def test_a_failed_search_releases_what_was_reserved() -> None:
    with desk(converse_reply(), documents=FakeRetrieve(retrieve_error("ResourceNotFoundException"))) as at:
        for answer in (at.exchanges.complete, at.exchanges.stream):
            with pytest.raises(NotFoundError) as refused:
                answer(ask("x"), LIMITED)
            assert refused.value.code == "knowledge_base_missing"

        assert at.bedrock.calls == []
        assert account(at)["total"]["micro_dollars"] == account(at)["reserved"]["micro_dollars"] == 0


def test_a_spent_allowance_is_refused_and_no_model_asked() -> None:
    poor = Caller(key_id="key_1", limits=KeyLimits(usd_total=1))
    with desk(converse_reply()) as at:
        with pytest.raises(RateLimitError):
            at.exchanges.complete(ask("Days?", "28.", "x"), poor)

        assert at.bedrock.calls == []
        # A question with a history is rewritten with the key's money, so nothing is searched for before.
        assert at.documents.calls == []


def test_the_allowance_and_the_documents_are_asked_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2, timeout=PATIENCE)

    class Waiting(FakeRetrieve):
        def retrieve(self, **kwargs: Any) -> dict[str, Any]:
            together.wait()
            return super().retrieve(**kwargs)

    reserve = Ledger.reserve

    def waiting(self: Ledger, *args: Any, **kwargs: Any) -> Any:
        together.wait()
        return reserve(self, *args, **kwargs)

    monkeypatch.setattr(Ledger, "reserve", waiting)
    with desk(converse_reply(CITED), documents=Waiting()) as at:
        at.exchanges.complete(ask("Which class?"), LIMITED)

    assert len(at.documents.calls) == 1


def test_the_guardrails_grounding_check_gets_its_sources() -> None:
    stopped = converse_reply("Not grounded.", stop_reason="guardrail_intervened")
    with desk(stopped, grounding_check=True) as at:
        body = body_of(at.exchanges.complete(ask("Which class?"), LIMITED).completion)

    guarded = [block["guardContent"]["text"] for block in at.bedrock.calls[0]["messages"][0]["content"]]
    assert [one["qualifiers"][0] for one in guarded] == ["grounding_source", "grounding_source", "query"]
    assert body["choices"][0]["finish_reason"] == "content_filter"
    assert body["quarry"]["answered"] is False


@pytest.mark.parametrize("usage", [False, True])
def test_a_stream_tells_the_guardrails_findings_in_its_last_chunk(usage: bool) -> None:
    found: dict[str, Any] = {"guardrail": {"inputAssessment": {"gr123": {}}}}
    events: list[Any] = stream_events("Deep.")
    events[-1] = {"metadata": {**events[-1]["metadata"], "trace": found}}
    fields = {"quarry": {"guardrail_trace": True}, "stream_options": {"include_usage": usage}}
    plain = {"model": "fast", "messages": [{"role": "user", "content": "x"}], **fields}
    with desk(events) as at:
        *_, last = chunks(at.exchanges.stream(parse(json.dumps(plain).encode()), LIMITED), usage=usage)

        assert at.bedrock.calls[0]["guardrailConfig"]["trace"] == "enabled"
    took = {"answered_by": "amazon.nova-micro-v1:0", "micro_dollars": 1} if usage else {}
    assert (last["choices"], last["quarry"], "usage" in last) == ([], found | took, usage)


def test_the_guardrails_findings_stand_beside_the_citations() -> None:
    found: dict[str, Any] = {"guardrail": {"inputAssessment": {}}}
    with desk({**converse_reply(CITED), "trace": found}) as at:
        body = body_of(at.exchanges.complete(ask("x", quarry={"guardrail_trace": True}), LIMITED).completion)

    assert set(body["quarry"]) == {"guardrail", "citations", "answered", "search_query"}


def test_several_aliases_can_be_asked_the_same_documents() -> None:
    body = {"models": ["fast", "smart"], "messages": [{"role": "user", "content": "x"}], "quarry": {"knowledge": {}}}
    with desk(converse_reply(CITED)) as at:
        compared = compare.compare(compare.parse(json.dumps(body).encode()).body, LIMITED, at.exchanges).body

    sent = msgspec.to_builtins(compared)
    assert [one["completion"]["quarry"]["answered"] for one in sent["data"]] == [True, True]


@pytest.mark.parametrize(
    ("check", "documents", "asked", "longest"),
    [(True, True, None, 1_000), (True, True, 4_000, 1_000), (True, True, 300, 300), (True, False, 4_000, 4_000),
     (False, True, 4_000, 4_000)],
)  # fmt: skip
def test_an_answer_is_no_longer_than_what_can_be_held_against_the_passages(
    check: bool, documents: bool, asked: int | None, longest: int
) -> None:
    fields: dict[str, Any] = {"max_tokens": asked} if asked else {}
    conversation = ask("Which class?", **fields)
    if not documents:
        conversation = msgspec.structs.replace(conversation, documents=None)

    with desk(converse_reply(CITED), grounding_check=check) as at:
        at.exchanges.complete(conversation, LIMITED)

    assert at.bedrock.calls[0]["inferenceConfig"]["maxTokens"] == longest
