"""Turns of a session, from the first to the sixtieth: what is sent, what is stored, what is never lost."""

import io
from collections.abc import Sequence
from typing import Any

import pytest

from lambdas.common.errors import ConflictError, NotFoundError, RateLimitError, RequestTooLargeError
from lambdas.common.tokens import text_tokens
from lambdas.sessions.history import count_message
from lambdas.sessions.service import Context, Sessions, Turn
from lambdas.sessions.session import Message, Summary
from lambdas.sessions.store import SessionStore
from lambdas.sessions.summary import SummaryError
from tests.lambdas.sessions.conversation import USAGE, assistant, call, result, text_of, user

OWNER = "key_ann"


class FakeSummariser:
    """Keeps the user's lines that have a capital name; fails with what it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str | None, list[Message]]] = []
        self.failure: Exception | None = None

    def __call__(self, previous: str | None, messages: Sequence[Message]) -> str:
        self.calls.append((previous, list(messages)))
        if self.failure is not None:
            raise self.failure
        facts = [line for line in text_of(list(messages)).splitlines() if "Bruno" in line]
        return "\n".join([*([previous] if previous else []), *(f"- {fact}" for fact in facts)]) or "- nothing"


@pytest.fixture
def summariser() -> FakeSummariser:
    return FakeSummariser()


class Summarised:
    """Sessions whose summaries one summariser makes."""

    def __init__(self, store: SessionStore, summarise: FakeSummariser) -> None:
        self._sessions = Sessions(store=store, budget_tokens=1000)
        self._summarise = summarise

    def begin(self, session_id: str, owner_key_id: str) -> Turn:
        return self._sessions.begin(session_id, owner_key_id, summarise=self._summarise)


@pytest.fixture
def sessions(store: SessionStore, summariser: FakeSummariser) -> Summarised:
    return Summarised(store, summariser)


def talk(sessions: Summarised, session_id: str, text: str, answer: str = "Noted.", **options: Any) -> Context:
    turn = sessions.begin(session_id, OWNER)
    context = turn.context(turn.plan([user(text)], tools=False))
    turn.commit([user(text)], assistant(answer), USAGE, **options)
    return context


def tokens(context: Context) -> int:
    return sum(map(count_message, context.messages)) + sum(text_tokens(block["text"]) for block in context.system)


def test_the_first_turn_sends_the_new_message_and_the_sessions_instructions(
    store: SessionStore, sessions: Summarised
) -> None:
    session = store.create(OWNER, system="Be brief.")

    assert talk(sessions, session.session_id, "Hello") == Context([{"text": "Be brief."}], [user("Hello")])


def test_the_second_turn_sends_what_the_user_and_the_model_said(store: SessionStore, sessions: Summarised) -> None:
    session_id = store.create(OWNER).session_id
    talk(sessions, session_id, "I am Ann.", "Hello Ann.")

    assert talk(sessions, session_id, "Who am I?") == Context(
        [], [user("I am Ann."), assistant("Hello Ann."), user("Who am I?")]
    )


def test_sixty_turns_stay_in_the_budget_remember_the_second_and_keep_all(
    store: SessionStore, sessions: Summarised, summariser: FakeSummariser
) -> None:
    session_id = store.create(OWNER, system="Be brief.").session_id

    for number in range(1, 61):
        text = "My dog is called Bruno." if number == 2 else f"Message {number} about stones. ".ljust(120, "x")
        context = talk(sessions, session_id, text, f"Answer {number}. ".ljust(90, "y"))
        assert tokens(context) <= 1000
        assert context.messages[-1] == user(text)

    session = store.get(session_id, OWNER)
    raw = [message for turn in store.turns(session) for message in turn.messages]
    assert len(raw) == 120
    assert "Bruno" in text_of(raw)
    assert "Bruno" not in text_of(context.messages)
    assert "Bruno" in context.system[1]["text"]
    assert "<conversation_summary>" in context.system[1]["text"]
    # Not with every turn, and each time with the notes so far.
    assert 3 <= len(summariser.calls) <= 12
    assert [previous is None for previous, _ in summariser.calls] == [True] + [False] * (len(summariser.calls) - 1)


def test_each_message_is_summarised_once(store: SessionStore, sessions: Summarised, summariser: FakeSummariser) -> None:
    session_id = store.create(OWNER).session_id
    for number in range(30):
        talk(sessions, session_id, f"Message {number}. ".ljust(200, "x"))

    seen = [text_of([message]) for _, messages in summariser.calls for message in messages if message["role"] == "user"]

    assert seen == [f"Message {number}. ".ljust(200, "x") for number in range(len(seen))]


@pytest.mark.parametrize("failure", [SummaryError("the guardrail intervened"), RateLimitError("busy")])
def test_a_summary_that_fails_loses_no_turn_and_is_made_up_for(
    store: SessionStore,
    sessions: Summarised,
    summariser: FakeSummariser,
    printed: io.StringIO,
    failure: Exception,
) -> None:
    session_id = store.create(OWNER).session_id
    summariser.failure = failure
    talk(sessions, session_id, "My dog is called Bruno.")
    for _ in range(5):
        context = talk(sessions, session_id, "x" * 600)

    assert tokens(context) <= 1000
    assert store.get(session_id, OWNER).turn_count == 6
    assert "history cut without a summary" in printed.getvalue()
    assert "Bruno" not in printed.getvalue()

    summariser.failure = None
    context = talk(sessions, session_id, "What is my dog called?")
    assert "Bruno" in context.system[0]["text"]
    assert store.get(session_id, OWNER).summary is not None


def test_a_blocked_turn_is_kept_and_never_sent_again(store: SessionStore, sessions: Summarised) -> None:
    session_id = store.create(OWNER).session_id
    talk(sessions, session_id, "Hello", "Hi")
    talk(sessions, session_id, "project-nightshade", "Stopped.", blocked=True)

    context = talk(sessions, session_id, "Still there?")

    assert context.messages == [user("Hello"), assistant("Hi"), user("Still there?")]
    turns = list(store.turns(store.get(session_id, OWNER)))
    assert [turn.blocked for turn in turns] == [False, True, False]
    assert turns[1].messages == [user("project-nightshade"), assistant("Stopped.")]


def test_a_failed_call_stores_nothing_not_even_the_summary(store: SessionStore, sessions: Summarised) -> None:
    session_id = store.create(OWNER).session_id
    for _ in range(3):
        talk(sessions, session_id, "x" * 700)
    before = store.get(session_id, OWNER)

    turn = sessions.begin(session_id, OWNER)
    turn.context(turn.plan([user("x" * 700)], tools=False))

    assert store.get(session_id, OWNER) == before


def test_a_tool_loop_goes_over_several_turns_with_its_calls_as_they_were(
    store: SessionStore, sessions: Summarised
) -> None:
    session_id = store.create(OWNER).session_id
    asked = sessions.begin(session_id, OWNER)
    asked.context(asked.plan([user("Weather in Oslo?")], tools=True))
    asked.commit([user("Weather in Oslo?")], call("a", city="Oslo"), USAGE)
    # Larger than the whole budget, and needed word by word all the same.
    large = result("a", text="18 degrees. " * 400)

    answered = sessions.begin(session_id, OWNER)
    context = answered.context(answered.plan([large], tools=True))

    assert context.messages == [user("Weather in Oslo?"), call("a", city="Oslo"), large]
    assert answered.open_calls == {"a"}
    assert asked.open_calls == set()


def test_two_users_are_apart(store: SessionStore, sessions: Summarised) -> None:
    session_id = store.create(OWNER).session_id

    with pytest.raises(NotFoundError):
        sessions.begin(session_id, "key_bob")


@pytest.mark.parametrize("session_id", ["", "sess_1", "sess_" + "g" * 32, "x" * 5000])
def test_what_is_no_session_is_not_asked_for(sessions: Summarised, session_id: str) -> None:
    with pytest.raises(NotFoundError):
        sessions.begin(session_id, OWNER)


def test_of_two_turns_at_once_one_is_refused(store: SessionStore, sessions: Summarised) -> None:
    session_id = store.create(OWNER).session_id
    first, second = sessions.begin(session_id, OWNER), sessions.begin(session_id, OWNER)

    first.commit([user("a")], assistant("b"), USAGE)
    with pytest.raises(ConflictError):
        second.commit([user("c")], assistant("d"), USAGE)

    assert store.get(session_id, OWNER).turn_count == 1


def test_messages_that_could_not_be_stored_are_refused_before_the_call(
    store: SessionStore, sessions: Summarised
) -> None:
    turn = sessions.begin(store.create(OWNER).session_id, OWNER)

    with pytest.raises(RequestTooLargeError):
        turn.context(turn.plan([user("x" * 2_100_000)], tools=False))


def test_an_image_is_sent_and_not_stored(store: SessionStore, sessions: Summarised) -> None:
    picture: Message = {
        "role": "user",
        "content": [{"image": {"format": "png", "source": {"bytes": b"x" * 300_000}}}, {"text": "What is it?"}],
    }
    session_id = store.create(OWNER).session_id
    turn = sessions.begin(session_id, OWNER)

    context = turn.context(turn.plan([picture], tools=False))
    turn.commit([picture], assistant("A stone."), USAGE | {"cacheDetails": []})

    assert context.messages == [picture]
    assert talk(sessions, session_id, "And now?").messages[0]["content"][0] == {"text": "[png image, not kept]"}


def test_a_smaller_budget_than_the_summary_was_made_for_is_obeyed(
    store: SessionStore, summariser: FakeSummariser
) -> None:
    session = store.create(OWNER)
    store.append(
        session, [user("q"), assistant("a")], USAGE, summary=Summary(text="- long line\n" * 1000, up_to_turn=1)
    )

    context = talk(Summarised(store, summariser), session.session_id, "Hello")

    assert tokens(context) <= 1000
    assert "- long line" in context.system[0]["text"]
