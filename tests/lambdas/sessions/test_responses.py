"""Stored responses: owned, gone after their time, gone on from more than once, and deleted one by one."""

from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.common.errors import NotFoundError, RequestTooLargeError
from lambdas.sessions import items
from lambdas.sessions.keeping import Keeping
from lambdas.sessions.response_items import Kept
from lambdas.sessions.responses import ResponseStore
from lambdas.sessions.session import Summary
from tests import mocked_aws
from tests.lambdas.sessions.conftest import repeated
from tests.lambdas.stores import _table

TTL = 1_000
IDS = [f"resp_{number:032x}" for number in range(200)]


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Counting:
    """A client that counts its calls by name."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return getattr(self._client, name)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client() -> Iterator[Counting]:
    with mocked_aws.mock_aws():
        made: Any = mocked_aws.client("dynamodb")
        _table("sessions", (items.PARTITION_KEY, items.SORT_KEY), index=True)
        yield Counting(made)


@pytest.fixture
def store(client: Counting, clock: Clock) -> ResponseStore:
    return ResponseStore(client=client, table_name="sessions", ttl_seconds=TTL, clock=clock)


def kept(text: str = "Three metres.", **members: Any) -> Kept:
    messages = [
        {"role": "user", "content": [{"text": "How deep?"}]},
        {"role": "assistant", "content": [{"text": text}]},
    ]
    return Kept(told={"id": "x", "output": []}, messages=messages, usage={"inputTokens": 1}, **members)


def test_a_response_is_read_as_it_was_stored_in_one_call_each(store: ResponseStore, client: Counting) -> None:
    made = kept(before=[IDS[1]], notes="- A pit", system=["Be brief."], blocked=True)
    store.put(IDS[0], "key-1", made)

    found = store.get(IDS[0], "key-1")

    assert found.kept == made
    assert (found.created_at, found.expires_at) == (1_800_000_000, 1_800_001_000)
    assert client.calls == ["put_item", "query"]


def test_one_that_was_stored_already_is_stored_when_its_answer_was_lost(
    store: ResponseStore, client: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    repeated(client, monkeypatch)

    store.put(IDS[0], "key-1", kept())

    assert store.get(IDS[0], "key-1").kept == kept()


@pytest.mark.parametrize("text", ["x" * 1_000_000, "é" * 400_000])
def test_a_long_one_takes_several_items(store: ResponseStore, text: str) -> None:
    store.put(IDS[0], "key-1", kept(text))

    assert store.get(IDS[0], "key-1").kept == kept(text)
    assert store.several(IDS[:2], "key-1")[IDS[0]].kept == kept(text)
    store.delete(IDS[0], "key-1")
    with pytest.raises(NotFoundError):
        store.get(IDS[0], "key-1")


def test_one_that_no_transaction_writes_is_refused(store: ResponseStore) -> None:
    with pytest.raises(RequestTooLargeError):
        store.put(IDS[0], "key-1", kept("x" * items.TURN_BYTES))


def test_nobody_else_sees_it_and_after_its_time_nobody_does(store: ResponseStore, clock: Clock) -> None:
    store.put(IDS[0], "key-1", kept())
    with pytest.raises(NotFoundError):
        store.get(IDS[0], "key-2")
    with pytest.raises(NotFoundError):
        store.delete(IDS[0], "key-2")
    assert store.several(IDS[:1], "key-2") == {}

    clock.now += TTL
    with pytest.raises(NotFoundError):
        store.get(IDS[0], "key-1")
    assert store.several(IDS[:1], "key-1") == {}


def test_sessions_do_not_list_it(store: ResponseStore, client: Counting) -> None:
    store.put(IDS[0], "key-1", kept())

    assert (
        client.query(
            TableName="sessions",
            IndexName=items.OWNER_INDEX,
            KeyConditionExpression=f"{items.OWNER_KEY} = :owner",
            ExpressionAttributeValues={":owner": {"S": "key-1"}},
        )["Items"]
        == []
    )


def test_a_conversation_is_read_in_two_calls(store: ResponseStore, client: Counting) -> None:
    for place, one in enumerate(IDS[:5]):
        store.put(one, "key-1", kept(str(place), before=IDS[:place], notes="- A pit", system=[str(place)]))
    client.calls.clear()

    past = store.past(IDS[4], "key-1")

    assert client.calls == ["query", "batch_get_item"]
    assert [turn.messages[-1]["content"][0]["text"] for turn in past.turns] == ["0", "1", "2", "3", "4"]
    assert past.system == ["0", "1", "2", "3", "4"]
    assert past.session.summary == Summary(text="- A pit", up_to_turn=0)


def test_what_is_gone_or_another_keys_is_left_out_of_it(store: ResponseStore) -> None:
    for place, one in enumerate(IDS[:3]):
        store.put(one, "key-2" if place == 1 else "key-1", kept(str(place)))
    store.put(IDS[4], "key-1", kept("4", before=IDS[:4]))
    store.delete(IDS[0], "key-1")

    assert [one.response_id for one in store.past(IDS[4], "key-1").responses] == [IDS[2], IDS[4]]


def test_more_than_one_call_may_read_is_read_in_several(store: ResponseStore) -> None:
    for one in IDS[:150]:
        store.put(one, "key-1", kept())

    assert set(store.several(IDS, "key-1")) == set(IDS[:150])


def keeping(store: ResponseStore, response_id: str, previous: str | None) -> Keeping:
    return Keeping(
        store,
        response_id=response_id,
        owner_key_id="key-1",
        past=store.past(previous, "key-1") if previous else None,
        system=[],
        told=lambda: {"output": [], "id": response_id},
    )


def test_a_conversation_may_go_on_twice_from_one_response(store: ResponseStore) -> None:
    store.put(IDS[0], "key-1", kept("0"))
    session = store.past(IDS[0], "key-1").session
    for one in IDS[1:3]:
        keeping(store, one, IDS[0]).append(session, kept(one).messages, {"outputTokens": 2})

    for one in IDS[1:3]:
        found = store.get(one, "key-1")
        assert found.kept.before == [IDS[0]]
        assert found.kept.told["id"] == one
        assert found.kept.usage == {"outputTokens": 2}


def test_notes_take_the_place_of_what_they_tell(store: ResponseStore) -> None:
    for place, one in enumerate(IDS[:4]):
        store.put(one, "key-1", kept(before=IDS[:place]))
    session = store.past(IDS[3], "key-1").session

    keeping(store, IDS[4], IDS[3]).append(
        session, kept().messages, {}, summary=Summary(text="- Old things", up_to_turn=3)
    )

    found = store.get(IDS[4], "key-1").kept
    assert (found.before, found.notes) == ([IDS[3]], "- Old things")
    assert [one.response_id for one in store.past(IDS[4], "key-1").responses] == [IDS[3], IDS[4]]
