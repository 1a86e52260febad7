"""Any ingredient takes part in the steps of an exchange, whole or streamed; nothing else needs to know it."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import msgspec
import pytest
from botocore.exceptions import EndpointConnectionError
from msgspec.structs import replace

from lambdas.allowances.estimate import MESSAGE_TOKENS, input_tokens
from lambdas.allowances.ledger import Ledger
from lambdas.chat.answers import StreamedCompletion
from lambdas.chat.conversation import Conversation
from lambdas.chat.events import Ended, Event
from lambdas.chat.side_calls import Expected
from lambdas.chat.spoken import Spoken
from lambdas.chat.told import Completion
from lambdas.common.caller import Caller, KeyLimits
from lambdas.common.errors import ApiError, ConflictError, RateLimitError, RequestTooLargeError, UnavailableError
from lambdas.common.tokens import Tokens
from lambdas.exchange import exchanges
from lambdas.exchange.ingredient import Asked, Draft, Expectation, Ingredient
from lambdas.sessions.store import SessionStore
from tests.lambdas.chatting import body_of, chunks, parse
from tests.lambdas.fakes import FakeConverse, client_error, converse_reply, stream_events
from tests.lambdas.stores import Desk, desk

LIMITED = Caller(key_id="key_1", owner="ann", limits=KeyLimits(usd_total=1_000_000, requests_per_minute=50))
POOR = Caller(key_id="key_1", owner="ann", limits=KeyLimits(usd_total=1))
# Of the weather, and of the side call that finds it.
PLANNED_TOKENS, TOKENS, SIDE_TOKENS = 500, 1_000, 600
BEFORE = ["start", "plan", "expects", "reserve", "look_up", "ask"]


class Weather(Ingredient):
    """An ingredient as one may be added: it tells the model the weather, and the caller and its diary that it did.

    Args:
        log: is told what happens.
        finds: finds the weather, in a thread beside the reservation.
        keeps: is given the answer.
    """

    stores = True

    def __init__(
        self, asked: Asked, log: list[str], finds: Callable[[], str], keeps: Callable[[Completion], None]
    ) -> None:
        self._asked = asked
        self._log = log
        self._finds = finds
        self._keeps = keeps
        self._finding: Future[str]
        self.draft: Draft

    def start(self, pool: Executor) -> None:
        self._log.append("start")
        self._finding = pool.submit(self._finds)

    def plan(self, draft: Draft) -> Draft:
        self._log.append("plan")
        known = {"text": "w" * PLANNED_TOKENS}
        return replace(draft, spoken=Spoken(system=[*draft.spoken.system, known], turns=draft.spoken.turns))

    def expects(self) -> Expectation:
        self._log.append("expects")
        side = Expected(alias="fast", input_tokens=Tokens(SIDE_TOKENS - 100, 100), output_tokens=100)
        return Expectation(input_tokens=Tokens(TOKENS, 10), side=(side,))

    def look_up(self, draft: Draft) -> Draft:
        self._log.append("look_up")
        self.draft = draft
        found = self._finding.result()
        if found == "side":
            found = self._asked.side.complete(ask()).text
        return replace(draft, spoken=Spoken(system=[*draft.spoken.system, {"text": found}], turns=draft.spoken.turns))

    def whole(self, completion: Completion) -> Completion:
        self._log.append("whole")
        return replace(completion, quarry={**completion.quarry, "weather": "told"})

    def streamed(self, events: Iterator[Event], answer: StreamedCompletion) -> Iterator[Event]:
        self._log.append("streamed")
        for event in events:
            yield replace(event, quarry={**event.quarry, "weather": "told"}) if isinstance(event, Ended) else event

    def store(self, answer: Completion) -> None:
        self._log.append("store")
        self._keeps(answer)


class Kitchen:
    """Makes the weather for requests whose ``user`` is "weather"; remembers what was made, kept and done, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.made: list[Weather] = []
        self.kept: list[Completion] = []
        self.finds: Callable[[], str] = lambda: "It rains."
        self.keeps: Callable[[Completion], None] = self.kept.append

    def __call__(self, asked: Asked) -> Ingredient | None:
        if asked.conversation.labels.get("user") != "weather":
            return None
        self.made.append(Weather(asked, self.log, self.finds, self.keeps))
        return self.made[-1]


@pytest.fixture
def kitchen(monkeypatch: pytest.MonkeyPatch) -> Kitchen:
    """A kitchen that sees the ledger and Bedrock at work, too."""
    made = Kitchen()
    seen = [
        (Ledger, "reserve", "reserve"),
        (Ledger, "settle", "settle"),
        (Ledger, "release", "release"),
        (FakeConverse, "converse", "ask"),
        (FakeConverse, "converse_stream", "ask"),
    ]
    for owner, name, told in seen:
        monkeypatch.setattr(owner, name, _seen(getattr(owner, name), made.log, told))
    return made


def _seen(method: Any, log: list[str], told: str) -> Any:
    def seen(*args: Any, **kwargs: Any) -> Any:
        log.append(told)
        return method(*args, **kwargs)

    return seen


def ask(user: str | None = None, **quarry: Any) -> Conversation:
    body = {"model": "fast", "max_tokens": 10, "messages": [{"role": "user", "content": "How deep?"}]}
    return parse(json.dumps({**body, "user": user, "quarry": quarry}).encode())


def account(at: Desk) -> dict[str, Any]:
    usage: dict[str, Any] = msgspec.to_builtins(at.ledger.usage("key_1", limits=LIMITED.limits))
    return usage


def test_it_takes_part_in_every_step_of_a_whole_answer(kitchen: Kitchen) -> None:
    with desk(converse_reply("Deep."), ingredients=[kitchen]) as at:
        body = body_of(at.exchanges.complete(ask("weather"), LIMITED).completion)

    assert kitchen.log[:-2] == [*BEFORE, "whole"]
    # Side by side.
    assert set(kitchen.log[-2:]) == {"settle", "store"}
    assert at.bedrock.calls[0]["system"] == [{"text": "It rains."}]
    assert body["quarry"] == {"weather": "told"}
    (kept,) = kitchen.kept
    assert kept.message == {"role": "assistant", "content": [{"text": "Deep."}]}
    assert (kept.usage["outputTokens"], kept.blocked) == (4, False)


def test_it_takes_part_in_every_step_of_a_stream(kitchen: Kitchen) -> None:
    with desk(stream_events("De", "ep.", stop_reason="guardrail_intervened"), ingredients=[kitchen]) as at:
        exchange = at.exchanges.stream(ask("weather"), LIMITED)
        begun = list(kitchen.log)
        sent = list(chunks(exchange))
        exchange.close()

    assert begun == BEFORE
    assert kitchen.log == [*BEFORE, "streamed", "settle", "store"]
    assert at.bedrock.calls[0]["system"] == [{"text": "It rains."}]
    assert [chunk.get("quarry") for chunk in sent] == [None, None, None, {"weather": "told"}]
    assert exchange.told == {"weather": "told"}
    (kept,) = kitchen.kept
    assert kept.message == {"role": "assistant", "content": [{"text": "Deep."}]}
    assert (kept.usage["outputTokens"], kept.blocked) == (2, True)


@pytest.mark.parametrize("answer", ["complete", "stream"])
def test_a_request_without_it_has_nothing_of_it_and_no_thread(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(exchanges, "_beside", None)
    reply: Any = converse_reply() if answer == "complete" else stream_events("Deep.")
    with desk(reply, ingredients=[kitchen]) as at:
        done = getattr(at.exchanges, answer)(ask(), LIMITED)
        if answer == "stream":
            list(done)
            assert kitchen.log == ["reserve", "ask"]
            # After the last event, which need not wait for it.
            done.close()

    assert kitchen.log == ["reserve", "ask", "settle"]
    assert "system" not in at.bedrock.calls[0]


def test_what_it_may_take_is_reserved_and_what_its_side_call_took_is_charged(kitchen: Kitchen) -> None:
    kitchen.finds = lambda: "side"
    with desk(converse_reply("It snows."), stream_events("x"), ingredients=[kitchen]) as at:
        exchange = at.exchanges.stream(ask("weather"), LIMITED)
        reserved = account(at)["reserved"]["tokens"]
        list(exchange)
        exchange.close()
        plain = at.exchanges.stream(ask(), LIMITED)
        without = account(at)["reserved"]["tokens"]
        plain.close()

        assert reserved - without == PLANNED_TOKENS + MESSAGE_TOKENS + TOKENS + SIDE_TOKENS
        assert account(at)["today"]["output_tokens"] == 4 + 1
    assert at.bedrock.calls[1]["system"] == [{"text": "It snows."}]


@pytest.mark.parametrize("answer", ["complete", "stream"])
def test_a_model_that_fails_leaves_nothing_to_change_or_to_store(kitchen: Kitchen, answer: str) -> None:
    with desk(client_error("ValidationException"), ingredients=[kitchen]) as at:
        with pytest.raises(ApiError):
            getattr(at.exchanges, answer)(ask("weather"), LIMITED)

        assert account(at)["reserved"]["tokens"] == account(at)["total"]["micro_dollars"] == 0
    assert kitchen.log == [*BEFORE, "release"]


def test_a_stream_that_fails_is_not_stored(kitchen: Kitchen) -> None:
    with desk([*stream_events("De")[:2], client_error("modelStreamErrorException")], ingredients=[kitchen]) as at:
        exchange = at.exchanges.stream(ask("weather"), LIMITED)
        with pytest.raises(ApiError):
            list(exchange)
        exchange.close()

        assert account(at)["reserved"]["tokens"] == 0
    assert kitchen.log == [*BEFORE, "streamed", "settle"]


@pytest.mark.parametrize("read", [0, 2])
def test_a_stream_whose_caller_hangs_up_is_charged_and_not_stored(kitchen: Kitchen, read: int) -> None:
    with desk(stream_events("De", "ep."), ingredients=[kitchen]) as at:
        exchange = at.exchanges.stream(ask("weather"), LIMITED)
        events = iter(exchange)
        for _ in range(read):
            next(events)
        exchange.close()
        # Who reads on in another thread sees an end.
        rest = list(events)

        assert account(at)["reserved"]["tokens"] == 0
        # What the ingredient told the model is in it.
        told = {name: at.bedrock.calls[0][name] for name in ("system", "messages")}
        assert "It rains." in str(told)
        assert account(at)["today"]["input_tokens"] == input_tokens(told).likely
    assert kitchen.log == [*BEFORE, "settle", "streamed"] if read == 0 else [*BEFORE, "streamed", "settle"]
    assert rest
    assert kitchen.kept == []


@pytest.mark.parametrize("answer", ["complete", "stream"])
def test_what_cannot_be_looked_up_is_the_answer_and_is_given_back(kitchen: Kitchen, answer: str) -> None:
    def fails() -> str:
        raise UnavailableError("No weather today.")

    kitchen.finds = fails
    with desk(converse_reply(), ingredients=[kitchen]) as at:
        with pytest.raises(UnavailableError):
            getattr(at.exchanges, answer)(ask("weather"), LIMITED)

        assert account(at)["reserved"]["tokens"] == 0
    assert kitchen.log == ["start", "plan", "expects", "reserve", "look_up", "release"]


def test_a_refused_allowance_ends_it_before_it_is_looked_up(kitchen: Kitchen) -> None:
    with desk(converse_reply(), ingredients=[kitchen]) as at, pytest.raises(RateLimitError):
        at.exchanges.complete(ask("weather"), POOR)

    assert kitchen.log == ["start", "plan", "expects", "reserve"]


UNKEPT = [
    (ConflictError("The diary is full.", code="session_conflict"), "session_conflict"),
    (RequestTooLargeError("The diary is full."), "request_too_large"),
    (client_error("AccessDeniedException"), "unavailable"),
    (EndpointConnectionError(endpoint_url="https://dynamodb"), "unavailable"),
]


@pytest.mark.parametrize(("failure", "told"), UNKEPT)
@pytest.mark.parametrize("usage", [False, True])
def test_a_stream_that_cannot_be_stored_is_charged_and_its_last_chunk_tells(
    kitchen: Kitchen, failure: Exception, told: str, usage: bool
) -> None:
    def full(_: Completion) -> None:
        raise failure

    kitchen.keeps = full
    asked = ask("weather")
    with desk(stream_events("Deep."), ingredients=[kitchen]) as at:
        exchange = at.exchanges.stream(asked, LIMITED)
        *_, finish, last = chunks(exchange, usage=usage)
        exchange.close()

        assert account(at)["reserved"]["tokens"] == 0
        assert account(at)["today"]["input_tokens"] == 7
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert (last["choices"], last["quarry"]["not_recorded"], "usage" in last) == ([], {"turn": told}, usage)


@pytest.mark.parametrize(("failure", "told"), UNKEPT)
def test_a_whole_answer_that_cannot_be_stored_is_given_and_charged(
    kitchen: Kitchen, failure: Exception, told: str
) -> None:
    def full(_: Completion) -> None:
        raise failure

    kitchen.keeps = full
    with desk(converse_reply("Deep."), ingredients=[kitchen]) as at:
        done = at.exchanges.complete(ask("weather"), LIMITED)

        assert account(at)["reserved"]["tokens"] == 0
        assert account(at)["today"]["input_tokens"] == 7
    assert done.headers["x-quarry-not-recorded"] == f"turn={told}"
    assert done.completion.text == "Deep."


def test_a_defect_in_storing_is_no_trouble_of_bookkeeping(kitchen: Kitchen) -> None:
    def defect(_: Completion) -> None:
        raise TypeError

    kitchen.keeps = defect
    with desk(converse_reply(), ingredients=[kitchen]) as at:
        with pytest.raises(TypeError):
            at.exchanges.complete(ask("weather"), LIMITED)

        assert account(at)["reserved"]["tokens"] == 0
        assert account(at)["today"]["input_tokens"] == 7


@pytest.mark.parametrize("stream", [False, True])
def test_it_comes_after_the_session_and_the_documents_and_all_are_kept(kitchen: Kitchen, stream: bool) -> None:
    first, second = stream_events("Deep [1].") if stream else converse_reply("Deep [1]."), converse_reply("How deep?")
    with desk(first, second, first, ingredients=[kitchen]) as at:
        session = at.sessions.create("key_1", system="Be brief.").session_id
        asked = ask("weather", session=session, knowledge={})
        for _ in range(2):
            if stream:
                found = list(chunks(at.exchanges.stream(asked, LIMITED)))[-1]["quarry"]
            else:
                found = body_of(at.exchanges.complete(asked, LIMITED).completion)["quarry"]

        turns = list(at.sessions.turns(at.sessions.get(session, "key_1")))
    assert set(found) == {"citations", "answered", "search_query", "weather"}
    assert len(turns) == len(kitchen.kept) == 2
    assert [message["content"][0]["text"] for message in kitchen.made[1].draft.past] == ["How deep?", "Deep [1]."]
    system = [block["text"] for block in at.bedrock.calls[2]["system"]]
    assert (system[0], system[-1], len(system)) == ("Be brief.", "It rains.", 3)


def test_the_session_is_read_before_what_will_be_sent_of_it_is_reserved(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    for owner, name in ((Ledger, "reserve"), (SessionStore, "open")):
        monkeypatch.setattr(owner, name, _seen(getattr(owner, name), log, name))
    with desk(converse_reply()) as at:
        session = at.sessions.create("key_1").session_id
        at.exchanges.complete(ask(session=session), LIMITED)

    assert log == ["open", "reserve"]


def test_the_answer_is_settled_and_stored_side_by_side(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2, timeout=60)
    settle = Ledger.settle

    def settled(*args: Any, **kwargs: Any) -> Any:
        together.wait()
        return settle(*args, **kwargs)

    def kept(_: Completion) -> None:
        together.wait()

    kitchen.keeps = kept
    monkeypatch.setattr(Ledger, "settle", settled)
    with desk(converse_reply(), ingredients=[kitchen]) as at:
        assert at.exchanges.complete(ask("weather"), LIMITED).headers

    assert not together.broken
