"""Calls besides the answer: rewritten questions and summaries are reserved for and charged to the same key."""

import json
from typing import Any

import pytest

from lambdas.chat.conversation import Conversation
from lambdas.chat.events import Counted
from lambdas.common.deadline import Deadline
from lambdas.common.errors import ApiError
from lambdas.knowledge import rewriting
from lambdas.knowledge.rewriting import MOST_OUTPUT_TOKENS
from tests.lambdas.chatting import parse
from tests.lambdas.common.test_deadline import Clock
from tests.lambdas.exchange.test_documents import CITED, LIMITED, ONE_CALL, account, ask
from tests.lambdas.fakes import client_error, converse_reply, stream_events
from tests.lambdas.knowledge.fakes import WEAK, FakeRetrieve, retrieve_error
from tests.lambdas.stores import Desk, desk

DEAR = {"inputTokens": 1_000_000, "outputTokens": 0, "totalTokens": 1_000_000}
DEAR_MICRO_DOLLARS = 35_000
# What a summary of stores.desk's sessions may have.
SUMMARY_TOKENS = 1_000


def chat(content: str, session: str | None = None) -> Conversation:
    quarry = {"session": session} if session else {}
    body = {"model": "fast", "max_tokens": 10, "messages": [{"role": "user", "content": content}], "quarry": quarry}
    return parse(json.dumps(body).encode())


def message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"text": text}]}


def reserved(at: Desk, request: Conversation) -> int:
    """Return how many tokens are reserved while a request is answered."""
    exchange = at.exchanges.stream(request, LIMITED)
    tokens: int = account(at)["reserved"]["tokens"]
    exchange.close()
    return tokens


def test_what_side_calls_may_take_is_reserved_with_the_answer() -> None:
    with desk(converse_reply("Days?"), stream_events("x"), stream_events("x")) as at:
        rewritten = reserved(at, ask("x", "y", "x", max_tokens=10))
        alone = reserved(at, ask("x", max_tokens=10))
        written = rewriting.tokens("x", past=[message("user", "x"), message("assistant", "y")], notes=None).most

    # The two messages more have a few tokens of their own, and what the guardrail is told of them.
    assert 0 <= rewritten - alone - written - MOST_OUTPUT_TOKENS < 100


@pytest.mark.parametrize("streamed", [True, False])
def test_an_answer_tells_what_it_cost_with_what_was_asked_besides(*, streamed: bool) -> None:
    answer: Any = stream_events(CITED) if streamed else converse_reply(CITED)
    with desk({**converse_reply("Days?"), "usage": DEAR}, answer) as at:
        if streamed:
            exchange = at.exchanges.stream(ask("x", "y", "x"), LIMITED)
            *_, last = exchange
            exchange.close()
            assert isinstance(last, Counted)
            told = last.micro_dollars
        else:
            headers = at.exchanges.complete(ask("x", "y", "x"), LIMITED).headers
            told = round(float(headers["x-quarry-charged-usd"]) * 1_000_000)
        spent = account(at)["total"]["micro_dollars"]

    assert told == spent > DEAR_MICRO_DOLLARS


def test_a_question_in_a_session_that_is_new_leans_on_nothing() -> None:
    with desk(stream_events("x")) as at:
        session = at.sessions.create("key_1").session_id
        in_session = reserved(at, ask("x", max_tokens=10, session=session))
        alone = reserved(at, ask("x", max_tokens=10))

    assert in_session == alone


def test_a_sessions_system_and_history_are_reserved_as_they_are() -> None:
    with desk(converse_reply("y" * 2_000), stream_events("x")) as at:
        session = at.sessions.create("key_1", system="石" * 3_000).session_id
        at.exchanges.complete(chat("x" * 3_000, session), LIMITED)
        more = reserved(at, chat("x", session))

    assert 9_000 + 3_000 + 2_000 < more < 9_000 + 3_000 + 2_000 + 100


def test_a_summary_that_is_due_is_reserved_with_what_it_reads_and_writes() -> None:
    with desk(converse_reply("- notes"), stream_events("x")) as at:
        session = at.sessions.create("key_1")
        said = [message("user", "stone " * 1_000), message("assistant", "石" * 5_000)]
        at.sessions.append(session, said, {})
        more = reserved(at, chat("x", session.session_id))

    # All is read by the one who summarises; the notes are read by the one who answers.
    assert 6_000 + 15_000 + SUMMARY_TOKENS + SUMMARY_TOKENS * 3 < more < 6_000 + 15_000 + SUMMARY_TOKENS * 4 + 1_500


def test_side_calls_are_charged_with_the_answer() -> None:
    dear = {**converse_reply("Days in Spain?"), "usage": DEAR}
    with desk(dear, converse_reply(CITED)) as at:
        at.exchanges.complete(ask("Days in Germany?", "28.", "And in Spain?"), LIMITED)

        assert account(at)["total"]["micro_dollars"] == DEAR_MICRO_DOLLARS + ONE_CALL
        assert account(at)["today"]["requests"] == 1
        assert account(at)["today"]["input_tokens"] == 1_000_007


@pytest.mark.parametrize("failing", ["search", "answer", "stream", "guardrail"])
def test_side_calls_are_charged_without_an_answer_too(failing: str) -> None:
    dear = {**converse_reply("Days in Spain?"), "usage": DEAR}
    documents = FakeRetrieve(retrieve_error("AccessDeniedException")) if failing == "search" else None
    if failing == "guardrail":
        documents = FakeRetrieve([WEAK])
    with desk(dear, client_error("ValidationException"), documents=documents) as at:
        at.bedrock.stops = client_error("AccessDeniedException")
        answer = at.exchanges.stream if failing == "stream" else at.exchanges.complete
        with pytest.raises(ApiError):
            answer(ask("Days in Germany?", "28.", "And in Spain?"), LIMITED)

        assert account(at)["total"]["micro_dollars"] == DEAR_MICRO_DOLLARS
        assert account(at)["reserved"]["micro_dollars"] == 0


def test_a_sessions_summary_is_charged_to_the_key() -> None:
    summary = {**converse_reply("- notes"), "usage": DEAR}
    long = converse_reply("x" * 9_000)
    with desk(long, summary, converse_reply("Fine.")) as at:
        session = at.sessions.create("key_1").session_id
        for question in ("How deep? " * 500, "And now?"):
            at.exchanges.complete(chat(question, session), LIMITED)

        assert "summariser" in at.bedrock.calls[1]["system"][0]["text"]
        assert account(at)["total"]["micro_dollars"] == DEAR_MICRO_DOLLARS + 2 * ONE_CALL


@pytest.mark.parametrize(("left", "at_most"), [(24.0, 12.0), (115.0, 30.0)])
def test_a_side_call_leaves_time_for_the_answer_and_the_search_is_over_in_time_too(left: float, at_most: float) -> None:
    deadline = Deadline.after(left, clock=Clock())
    with desk(converse_reply("Days in Spain?"), converse_reply(CITED)) as at:
        at.exchanges.complete(ask("Days in Germany?", "28.", "And in Spain?"), LIMITED, deadline=deadline)

        assert [one.left for one in at.bedrock.deadlines] == [left, at_most]
        assert at.documents.deadlines == [deadline]


def test_a_sessions_summary_leaves_time_for_the_answer() -> None:
    deadline = Deadline.after(24, clock=Clock())
    with desk(converse_reply("x" * 9_000), converse_reply("- notes"), converse_reply("Fine.")) as at:
        session = at.sessions.create("key_1").session_id
        for question in ("How deep? " * 500, "And now?"):
            at.exchanges.complete(chat(question, session), LIMITED, deadline=deadline)

        assert [one.left for one in at.bedrock.deadlines] == [24, 24, 12]
