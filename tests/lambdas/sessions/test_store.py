"""The sessions table: whose it is, one turn at a time, nothing lost, gone when unused."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.errors import ApiError, ConflictError, NotFoundError, RequestTooLargeError
from lambdas.sessions import items
from lambdas.sessions import store as store_module
from lambdas.sessions.session import Message, Session, Summary
from lambdas.sessions.store import SessionStore
from tests.lambdas.sessions.conftest import TTL, Clock, repeated
from tests.lambdas.sessions.conversation import USAGE, assistant, turn, user


def grown(store: SessionStore, turns: int, **options: Any) -> Session:
    session = store.create("key_ann")
    for number in range(1, turns + 1):
        session = store.append(session, [user(f"q{number}"), assistant(f"a{number}")], USAGE, **options)
    return session


def test_a_session_is_found_again_as_it_was_made(store: SessionStore, clock: Clock) -> None:
    made = store.create("key_ann", metadata={"course": "101"}, system="Be brief.", alias="fast")

    assert store.get(made.session_id, "key_ann") == made
    assert re.fullmatch("sess_[0-9a-f]{32}", made.session_id)
    assert (made.metadata, made.system, made.alias) == ({"course": "101"}, "Be brief.", "fast")
    assert made.expires_at == clock.now + TTL


@pytest.mark.parametrize("use", ["get", "open", "delete"])
def test_anothers_session_is_not_there(store: SessionStore, use: str) -> None:
    session = grown(store, 1)

    with pytest.raises(NotFoundError, match=session.session_id) as refused:
        getattr(store, use)(session.session_id, "key_bob")

    assert refused.value.code == "session_not_found"
    assert store.get(session.session_id, "key_ann") == session


def test_one_that_was_made_already_is_made_when_its_answer_was_lost(
    store: SessionStore, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    repeated(dynamodb, monkeypatch)

    session = store.create("key_ann")

    assert store.get(session.session_id, "key_ann") == session


def test_anothers_turn_is_not_stored(store: SessionStore) -> None:
    session = grown(store, 1)
    forged = Session(**{**vars(session), "owner_key_id": "key_bob"})

    with pytest.raises(ConflictError):
        store.append(forged, [user("x")], USAGE)


def test_turns_are_stored_raw_and_counted(store: SessionStore) -> None:
    session = grown(store, 3)

    turns = list(store.turns(session))

    assert [turn.number for turn in turns] == [1, 2, 3]
    assert turns[1].messages == [user("q2"), assistant("a2")]
    assert turns[1].usage == USAGE
    assert store.get(session.session_id, "key_ann") == session
    assert (session.version, session.turn_count, session.input_tokens, session.output_tokens) == (3, 3, 30, 15)


def test_turns_after_one_are_read_over_pages(
    store: SessionStore, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = grown(store, 7)
    query = dynamodb.query
    monkeypatch.setattr(dynamodb, "query", lambda **request: query(**{**request, "Limit": 2}))

    assert [turn.number for turn in store.turns(session)] == [1, 2, 3, 4, 5, 6, 7]
    assert [turn.number for turn in store.turns(session, after=5)] == [6, 7]
    assert list(store.turns(session, after=7)) == []


@pytest.mark.parametrize("ahead", [1, 3, 25])
def test_opening_reads_the_turns_after_the_summary(
    store: SessionStore, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    monkeypatch.setattr(store_module, "READ_AHEAD", ahead)
    session = grown(store, 5)
    session = store.append(session, [user("q6")], USAGE, summary=Summary(text="- notes", up_to_turn=3))

    opened, turns = store.open(session.session_id, "key_ann")

    assert opened == session
    assert opened.summary == Summary(text="- notes", up_to_turn=3)
    assert [turn.number for turn in turns] == [4, 5, 6]


def test_a_turn_that_comes_between_the_two_reads_is_read_too(
    store: SessionStore, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = grown(store, 2)
    get_item = dynamodb.get_item

    def slow_get_item(**request: Any) -> Any:
        # By now the newest turns were read; the session's item is read after another request's turn.
        monkeypatch.setattr(dynamodb, "get_item", get_item)
        newest = store._newest(session.session_id)
        monkeypatch.setattr(store, "_newest", lambda _: newest)
        store.append(session, [user("q3")], USAGE)
        return get_item(**request)

    monkeypatch.setattr(dynamodb, "get_item", slow_get_item)
    monkeypatch.setattr(store, "_newest", lambda _: [])

    opened, turns = store.open(session.session_id, "key_ann")

    assert opened.turn_count == 3
    assert [turn.number for turn in turns] == [1, 2, 3]


def test_of_two_turns_from_one_version_the_second_is_refused_and_stores_nothing(store: SessionStore) -> None:
    session = grown(store, 1)
    first = store.append(session, [user("first")], USAGE)

    with pytest.raises(ConflictError) as refused:
        store.append(session, [user("second")], USAGE)

    assert (refused.value.status, refused.value.code, refused.value.retry_after) == (409, "session_conflict", 1)
    assert store.get(session.session_id, "key_ann") == first
    assert [turn.messages[0] for turn in store.turns(first)] == [user("q1"), user("first")]


def test_of_many_turns_at_once_each_is_stored_or_refused(
    store: SessionStore, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = store.create("key_ann")
    # DynamoDB serialises transactions; moto needs to be told.
    transact, one_at_a_time = dynamodb.transact_write_items, Lock()

    def serialised(**request: Any) -> Any:
        with one_at_a_time:
            return transact(**request)

    monkeypatch.setattr(dynamodb, "transact_write_items", serialised)

    def attempt(number: int) -> bool:
        try:
            store.append(store.get(session.session_id, "key_ann"), [user(f"q{number}")], USAGE)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        stored = [number for number, done in enumerate(pool.map(attempt, range(24))) if done]

    after = store.get(session.session_id, "key_ann")
    texts = {turn.messages[0]["content"][0]["text"] for turn in store.turns(after)}
    assert stored
    assert texts == {f"q{number}" for number in stored}
    assert after.turn_count == after.version == len(stored)


def test_a_turn_of_a_deleted_session_finds_it_gone(store: SessionStore) -> None:
    session = grown(store, 1)
    store.delete(session.session_id, "key_ann")

    with pytest.raises(NotFoundError):
        store.append(session, [user("x")], USAGE)


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ([{"Code": "None"}, {"Code": "TransactionConflict"}], ConflictError),
        ([{"Code": "ThrottlingError"}, {"Code": "None"}], ClientError),
    ],
)
def test_other_failures_of_a_transaction_keep_their_meaning(
    store: SessionStore,
    dynamodb: Any,
    monkeypatch: pytest.MonkeyPatch,
    reasons: list[dict[str, str]],
    expected: type[Exception],
) -> None:
    session = grown(store, 1)

    def fail(**_: Any) -> None:
        response: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise ClientError(response, "TransactWriteItems")

    monkeypatch.setattr(dynamodb, "transact_write_items", fail)

    with pytest.raises(expected):
        store.append(session, [user("x")], USAGE)


def test_deleting_leaves_nothing(store: SessionStore, dynamodb: Any) -> None:
    session = grown(store, 30)
    other = store.create("key_ann")

    store.delete(session.session_id, "key_ann")

    assert {item["session_id"]["S"] for item in dynamodb.scan(TableName="sessions")["Items"]} == {other.session_id}


def test_what_dynamodb_did_not_delete_at_once_is_asked_for_again(
    store: SessionStore, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = grown(store, 3)
    write = dynamodb.batch_write_item
    calls: list[int] = []

    def partly(RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803 - DynamoDB's name
        ((table, requests),) = RequestItems.items()
        calls.append(len(requests))
        write(RequestItems={table: requests[:1]})
        return {"UnprocessedItems": {table: requests[1:]} if requests[1:] else {}}

    monkeypatch.setattr(dynamodb, "batch_write_item", partly)
    store.delete(session.session_id, "key_ann")

    assert calls == [3, 2, 1]
    assert dynamodb.scan(TableName="sessions")["Items"] == []


def test_sessions_are_listed_newest_first_and_only_the_owners(store: SessionStore, clock: Clock) -> None:
    made = []
    for _ in range(5):
        clock.now += 1
        made.append(store.create("key_ann").session_id)
    store.create("key_bob")
    newest = made[::-1]

    first = store.list("key_ann", limit=2)
    second = store.list("key_ann", limit=2, after=newest[1])
    third = store.list("key_ann", limit=2, after=newest[3])

    assert [session.session_id for page in (first, second, third) for session in page.sessions] == newest
    assert [page.has_more for page in (first, second, third)] == [True, True, False]


def test_a_list_has_what_changed(store: SessionStore, clock: Clock) -> None:
    session = store.create("key_ann", metadata={"a": "b"}, alias="fast")
    clock.now += 100
    store.append(session, [user("x")], USAGE)

    (listed,) = store.list("key_ann").sessions

    assert (listed.turn_count, listed.updated_at, listed.metadata, listed.alias) == (1, clock.now, {"a": "b"}, "fast")


HUGE = 1_100_000


def test_a_turn_may_be_larger_than_an_item(store: SessionStore, dynamodb: Any) -> None:
    session = grown(store, 1)
    session = store.append(session, [user("\u77f3" * (HUGE // 3)), assistant("x" * HUGE)], USAGE)
    session = store.append(session, [user("q3"), assistant("a3")], USAGE)

    opened, turns = store.open(session.session_id, "key_ann")

    assert opened.turn_count == 3
    assert list(store.turns(session)) == turns
    assert [turn.number for turn in turns] == [1, 2, 3]
    assert [len(message["content"][0]["text"]) for message in turns[1].messages] == [HUGE // 3, HUGE]
    stored = dynamodb.scan(TableName="sessions")["Items"]
    assert max(len(item["messages"]["S"].encode()) for item in stored if "messages" in item) <= items.ITEM_BYTES


def test_turns_of_many_items_are_read_on_where_reading_ahead_ends(store: SessionStore) -> None:
    session = store.create("key_ann")
    for number in range(1, 10):
        session = store.append(session, [user(f"q{number}" + "x" * HUGE)], USAGE)

    _, turns = store.open(session.session_id, "key_ann")

    assert [turn.messages[0]["content"][0]["text"][:2] for turn in turns] == [f"q{number}" for number in range(1, 10)]
    assert [turn.number for turn in store.turns(session, after=7)] == [8, 9]


def test_deleting_leaves_nothing_of_a_turn_of_many_items(store: SessionStore, dynamodb: Any) -> None:
    session = store.append(grown(store, 2), [user("x" * HUGE)], USAGE)

    store.delete(session.session_id, "key_ann")

    assert dynamodb.scan(TableName="sessions")["Items"] == []


def test_of_two_turns_of_many_items_at_once_one_is_stored_whole(store: SessionStore) -> None:
    session = store.create("key_ann")
    stored = store.append(session, [user("x" * HUGE)], USAGE)

    with pytest.raises(ConflictError):
        store.append(session, [user("y" * HUGE * 2)], USAGE)

    (turn,) = store.turns(stored)
    assert turn.messages == [user("x" * HUGE)]


def test_a_turn_of_which_an_item_is_missing_is_missing(
    store: SessionStore, dynamodb: Any, printed: io.StringIO
) -> None:
    session = store.append(grown(store, 1), [user("x" * HUGE)], USAGE)
    session = store.append(session, [user("q3")], USAGE)
    dynamodb.delete_item(TableName="sessions", Key=items.key(session.session_id, "TURN#000002#02"))

    _, turns = store.open(session.session_id, "key_ann")

    assert [turn.number for turn in turns] == [1, 3]
    assert "turns are missing" in printed.getvalue()


def test_a_turn_of_one_item_is_stored_as_it_was_before_there_were_others(store: SessionStore, dynamodb: Any) -> None:
    session = grown(store, 1)

    stored = dynamodb.get_item(TableName="sessions", Key=items.key(session.session_id, "TURN#000001"))["Item"]

    names = {"session_id", "part", "messages", "token_usage", "created_at", "expires_at", "blocked"}
    assert set(stored) == names
    assert [turn.messages[0] for turn in store.turns(session)] == [user("q1")]


def test_a_turn_that_one_transaction_cannot_write_is_refused_and_nothing_is_stored(store: SessionStore) -> None:
    session = grown(store, 1)

    with pytest.raises(RequestTooLargeError, match="at most 3,000,000 per turn") as refused:
        store.append(session, [user("\u00fc" * 1_500_000)], USAGE)

    assert isinstance(refused.value, ApiError)
    assert refused.value.param == "messages"
    assert store.get(session.session_id, "key_ann") == session


def test_messages_leave_room_for_the_answer() -> None:
    items.check_size([user("x" * 1_990_000)])

    with pytest.raises(RequestTooLargeError, match="at most 2,000,000"):
        items.check_size([user("x" * 2_010_000)])


texts = st.text(st.characters(codec="utf-8"), max_size=60)
told = st.lists(st.builds(lambda said: [user(said), assistant(said[::-1])], texts), max_size=6)


@given(said=told, most=st.integers(min_value=4, max_value=90), lost=st.none() | st.integers(min_value=0))
def test_turns_come_back_as_they_were_however_they_were_cut(
    said: list[list[Message]], most: int, lost: int | None
) -> None:
    turns = [turn(number, *messages, blocked=number % 2 == 0) for number, messages in enumerate(said, 1)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(items, "ITEM_BYTES", most)
        stored = [item for one in turns for item in items.to_turn_items("sess_1", one, expires_at=9)]

    assert all(len(item["messages"]["S"].encode()) <= most for item in stored)
    assert stored == sorted(stored, key=lambda item: str(item["part"]["S"]))
    assert all(item["expires_at"] == {"N": "9"} for item in stored)
    gone = stored.pop(lost % len(stored)) if lost is not None and stored else None
    number = int(gone["part"]["S"][5:11]) if gone else 0
    assert list(items.to_turns(stored)) == [one for one in turns if one.number != number]
