"""The keys table, as DynamoDB behaves (moto)."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.authorizer.keys import ApiKey, KeyNotFoundError, KeyStore, digest, new_secret


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
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
