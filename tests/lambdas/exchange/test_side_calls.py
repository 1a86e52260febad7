"""Calls besides the answer: rewritten questions and summaries are reserved for and charged to the same key."""

import json

import pytest

from lambdas.chat.request import ChatRequest, parse
from lambdas.common.deadline import Deadline
from lambdas.common.errors import ApiError
from lambdas.knowledge.rewriting import MOST_INPUT_TOKENS, MOST_OUTPUT_TOKENS
from tests.lambdas.common.test_deadline import Clock
from tests.lambdas.exchange.test_documents import CITED, LIMITED, ONE_CALL, account, ask
from tests.lambdas.fakes import client_error, converse_reply, stream_events
from tests.lambdas.knowledge.fakes import WEAK, FakeRetrieve, retrieve_error
from tests.lambdas.stores import Desk, desk

DEAR = {"inputTokens": 1_000_000, "outputTokens": 0, "totalTokens": 1_000_000}
DEAR_MICRO_DOLLARS = 35_000
# stores.desk's sessions: what they may send, and what a summary may have.
HISTORY_TOKENS = 4_000
SUMMARY_TOKENS = 1_000


def chat(content: str, session: str | None = None) -> ChatRequest:
    quarry = {"session": session} if session else {}
    body = {"model": "fast", "max_tokens": 10, "messages": [{"role": "user", "content": content}], "quarry": quarry}
    return parse(json.dumps(body).encode())


def reserved(at: Desk, request: ChatRequest) -> int:
    """Return how many tokens are reserved while a request is answered."""
    exchange = at.exchanges.stream(request, LIMITED)
    tokens: int = account(at)["reserved"]["tokens"]
    exchange.close()
    return tokens


def test_what_side_calls_may_take_is_reserved_with_the_answer() -> None:
    with desk(converse_reply("Days?"), stream_events("x"), stream_events("x")) as at:
        rewritten = reserved(at, ask("x", "y", "x", max_tokens=10))
        alone = reserved(at, ask("x", max_tokens=10))

    # The two messages more have a few tokens of their own.
    assert 0 <= rewritten - alone - MOST_INPUT_TOKENS - MOST_OUTPUT_TOKENS < 60


def test_a_sessions_summary_is_reserved_with_its_history() -> None:
    with desk(stream_events("x")) as at:
        session = at.sessions.create("key_1").session_id
        more = reserved(at, chat("x", session)) - reserved(at, chat("x"))

    assert more == HISTORY_TOKENS + HISTORY_TOKENS + SUMMARY_TOKENS


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
