"""How long sessions and their turns are kept."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lambdas.common.errors import NotFoundError
from lambdas.sessions.session import Session
from lambdas.sessions.store import SessionStore
from tests.lambdas.sessions.conftest import DAY, TTL, Clock
from tests.lambdas.sessions.conversation import USAGE, assistant, user


def grown(store: SessionStore, turns: int) -> Session:
    session = store.create("key_ann")
    for number in range(1, turns + 1):
        session = store.append(session, [user(f"q{number}"), assistant(f"a{number}")], USAGE)
    return session


@pytest.mark.parametrize(
    "use", [lambda store, id_: store.get(id_, "key_ann"), lambda store, _: store.list("key_ann").sessions[0]]
)
def test_what_has_expired_is_gone_although_dynamodb_still_has_it(
    store: SessionStore, clock: Clock, use: Callable[[SessionStore, str], object]
) -> None:
    session = grown(store, 1)
    clock.now += TTL

    with pytest.raises((NotFoundError, IndexError)):
        use(store, session.session_id)


def expiries(dynamodb: Any) -> dict[str, float]:
    found = dynamodb.get_paginator("scan").paginate(TableName="sessions").search("Items")
    return {item["part"]["S"]: float(item["expires_at"]["N"]) for item in found}


def test_use_prolongs_a_session_and_no_turn_expires_before_it(
    store: SessionStore, dynamodb: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = grown(store, 3)
    updates: list[str] = []
    update = dynamodb.update_item

    def counted(**request: Any) -> Any:
        updates.append(request["Key"]["part"]["S"])
        return update(**request)

    monkeypatch.setattr(dynamodb, "update_item", counted)
    for _ in range(20):
        clock.now += DAY
        session = store.append(session, [user("still here")], USAGE)
        found = expiries(dynamodb)
        assert found["META"] == clock.now + TTL
        assert min(found.values()) == found["META"]
        assert store.get(session.session_id, "key_ann") == session

    # Every third day, not every day.
    assert updates.count("META") == 6


@pytest.mark.parametrize(
    "failure",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem"),
        ReadTimeoutError(endpoint_url="https://aws.test"),
    ],
)
def test_a_turn_is_stored_even_if_the_others_cannot_be_kept_longer_yet(
    store: SessionStore, dynamodb: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    session = grown(store, 2)
    clock.now += TTL - 1

    def fail(**_: Any) -> None:
        raise failure

    with monkeypatch.context() as failing:
        failing.setattr(dynamodb, "update_item", fail)
        session = store.append(session, [user("q3")], USAGE)
    session = store.append(session, [user("q4")], USAGE)

    assert session.turn_count == 4
    assert min(expiries(dynamodb).values()) == clock.now + TTL


def test_every_item_of_a_turn_is_kept_as_long_as_its_session(store: SessionStore, dynamodb: Any, clock: Clock) -> None:
    session = store.append(grown(store, 1), [user("x" * 1_000_000)], USAGE)
    for _ in range(5):
        clock.now += DAY
        session = store.append(session, [user("still here")], USAGE)

    assert len([part for part in expiries(dynamodb) if part.startswith("TURN#000002")]) == 3
    assert min(expiries(dynamodb).values()) == clock.now + TTL
