"""The keys table, as DynamoDB behaves (moto)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lambdas.authorizer.keys import (
    ApiKey,
    KeyNotFoundError,
    KeyRevokedError,
    KeyStore,
    LimitNotRaisedError,
    digest,
    new_secret,
)
from lambdas.common.caller import NO_LIMITS, KeyLimits
from tests import mocked_aws


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mocked_aws.mock_aws():
        client = mocked_aws.client("dynamodb")
        mocked_aws.create_table(
            TableName="keys",
            KeySchema=[{"AttributeName": "key_hash", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "key_hash", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.fixture
def store(dynamodb: Any) -> KeyStore:
    return KeyStore(table_name="keys", client=dynamodb)


def test_keys_are_long_and_never_the_same() -> None:
    assert new_secret() != new_secret()
    assert new_secret().startswith("qk-")
    assert len(new_secret()) == 46


def test_a_key_is_found_by_its_secret_and_only_its_hash_is_stored(store: KeyStore, dynamodb: Any) -> None:
    secret, key = store.create(name="ann", expires_at=2_000_000_000)

    assert store.find(secret) == key
    assert store.find(secret + "x") is None
    item = dynamodb.scan(TableName="keys")["Items"][0]
    assert item["key_hash"]["S"] == digest(secret)
    assert secret not in str(item)


def test_keys_are_listed_over_pages(store: KeyStore, dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    created = {store.create(name=f"n{number}")[1].key_id for number in range(5)}
    scan = dynamodb.scan
    monkeypatch.setattr(dynamodb, "scan", lambda **arguments: scan(**arguments, Limit=2))

    assert {key.key_id for key in store.list()} == created


def test_a_revoked_key_stays_revoked_at_its_first_time(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, key = store.create(name="ann")

    first = store.revoke(key.key_id)
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    second = store.revoke(key.key_id)

    assert first.revoked_at == second.revoked_at is not None
    assert store.find(secret) == first


def test_revoking_what_does_not_exist_says_so(store: KeyStore) -> None:
    with pytest.raises(KeyNotFoundError, match="key_nope"):
        store.revoke("key_nope")


LIMITS = KeyLimits(requests_per_minute=20, tokens_per_day=1_000, usd_total=5_000_000, aliases=("fast", "smart"))


@pytest.mark.parametrize("limits", [NO_LIMITS, LIMITS, KeyLimits(usd_total=1), KeyLimits(aliases=())])
def test_a_key_keeps_its_limits(store: KeyStore, limits: KeyLimits) -> None:
    secret, key = store.create(name="ann", limits=limits)

    found = store.find(secret)

    assert found == key
    assert key.limits == limits


def test_a_key_that_was_stored_before_there_were_limits_has_none(store: KeyStore, dynamodb: Any) -> None:
    texts = {"key_id": "key_old", "key_hash": digest("qk-old"), "name": "old", "prefix": "qk-old"}
    item = {name: {"S": text} for name, text in texts.items()} | {"created_at": {"N": "1"}}
    dynamodb.put_item(TableName="keys", Item=item)

    old = store.find("qk-old")

    assert old is not None
    assert (old.limits, old.frozen_at, old.expires_at) == (NO_LIMITS, None, None)


def test_a_key_is_frozen_at_its_first_time_and_unfrozen(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, key = store.create(name="ann", limits=LIMITS)

    first = store.freeze(key.key_id)
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)

    assert first.frozen_at is not None
    assert store.freeze(key.key_id) == first == store.find(secret)
    assert store.unfreeze(key.key_id) == key == store.unfreeze(key.key_id)


def test_what_is_revoked_stays_so(store: KeyStore) -> None:
    _, key = store.create(name="ann")
    store.revoke(key.key_id)

    for change in (store.unfreeze, store.raise_limits):
        with pytest.raises(KeyRevokedError, match=rf"{key.key_id} \(ann\) is revoked, for good"):
            change(key.key_id)


def test_limits_are_raised_together(store: KeyStore) -> None:
    secret, key = store.create(name="ann", expires_at=100, limits=LIMITS)

    raised = store.raise_limits(
        key.key_id, requests_per_minute=40, tokens_per_day=1_000, usd_total=6_000_000, expires_at=200
    )

    assert raised == store.find(secret)
    assert raised.expires_at == 200
    assert raised.limits == KeyLimits(
        requests_per_minute=40, tokens_per_day=1_000, usd_total=6_000_000, aliases=("fast", "smart")
    )
    assert store.raise_limits(key.key_id) == raised


def test_what_would_be_less_changes_nothing(store: KeyStore) -> None:
    secret, key = store.create(name="ann", limits=KeyLimits(usd_total=5_000_000))

    with pytest.raises(LimitNotRaisedError, match=f"{key.key_id} keeps its limits"):
        store.raise_limits(key.key_id, usd_total=4_999_999)
    with pytest.raises(LimitNotRaisedError, match="keeps its limits"):
        store.raise_limits(key.key_id, usd_total=6_000_000, tokens_per_day=10)
    with pytest.raises(LimitNotRaisedError, match="keeps its limits"):
        store.raise_limits(key.key_id, expires_at=4_000_000_000)

    assert store.find(secret) == key


def test_freezing_and_raising_what_does_not_exist_says_so(store: KeyStore) -> None:
    for change in (store.freeze, store.unfreeze, store.raise_limits):
        with pytest.raises(KeyNotFoundError, match="key_nope"):
            change("key_nope")


@pytest.mark.parametrize(
    ("expires_at", "revoked_at", "says"),
    [(None, None, None), (101, None, None), (100, None, "expired"), (None, 50, "revoked"), (99, 50, "revoked")],
)
def test_what_speaks_against_a_key(expires_at: int | None, revoked_at: int | None, says: str | None) -> None:
    key = ApiKey(
        key_id="key_1",
        key_hash="h",
        name="n",
        prefix="qk-a",
        created_at=1,
        expires_at=expires_at,
        revoked_at=revoked_at,
    )

    refusal = key.refusal(100.0)

    assert (refusal is None) == (says is None)
    assert says is None or says in str(refusal)


def test_a_frozen_key_says_so_unless_it_is_gone_for_good() -> None:
    key = ApiKey(key_id="key_1", key_hash="h", name="n", prefix="qk-a", created_at=1, frozen_at=50, expires_at=60)

    assert "frozen" in str(key.refusal(100.0))
    assert "revoked" in str(replace(key, revoked_at=70).refusal(100.0))
