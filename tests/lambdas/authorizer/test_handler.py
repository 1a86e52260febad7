"""What the authorizer decides, and what it lets the caller read."""

import json
from typing import Any

import pytest

from lambdas.authorizer.handler import lambda_handler
from lambdas.authorizer.keys import KeyStore
from tests import events


class FakeTable:
    """A DynamoDB table in memory with the calls that the store makes."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def get_item(self, **kwargs: Any) -> dict[str, Any]:
        item = self.items.get(kwargs["Key"]["key_hash"]["S"])
        return {"Item": item} if item else {}

    def put_item(self, **kwargs: Any) -> dict[str, Any]:
        self.items[kwargs["Item"]["key_hash"]["S"]] = kwargs["Item"]
        return {}

    def update_item(self, **kwargs: Any) -> dict[str, Any]:
        item = self.items[kwargs["Key"]["key_hash"]["S"]]
        item["revoked_at"] = kwargs["ExpressionAttributeValues"][":now"]
        return {"Attributes": item}

    def scan(self, **kwargs: Any) -> dict[str, Any]:
        return {"Items": list(self.items.values())}


@pytest.fixture
def store() -> KeyStore:
    return KeyStore(table_name="keys", client=FakeTable())


def decide(store: KeyStore, token: str | None) -> dict[str, Any]:
    event = events.load("authorizer_token")
    if token is None:
        del event["authorizationToken"]
    else:
        event["authorizationToken"] = token
    return lambda_handler(event, None, store)


def effect(decision: dict[str, Any]) -> str:
    return str(decision["policyDocument"]["Statement"][0]["Effect"])


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_known_key_may_call_the_whole_stage(store: KeyStore, scheme: str) -> None:
    secret, key = store.create(name="billing service")

    decision = decide(store, f"{scheme} {secret}")

    assert effect(decision) == "Allow"
    # API Gateway caches the policy per key, so it has to fit the other methods too.
    resource = decision["policyDocument"]["Statement"][0]["Resource"]
    assert resource == "arn:aws:execute-api:us-east-1:000000000000:abc123/api/*"
    assert decision["context"] == {"key_id": key.key_id, "owner": "billing service"}


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer ", "Basic abc", "qk-abc", "Bearer qk-unknown"])
def test_anything_else_is_denied_with_a_reason(store: KeyStore, token: str | None) -> None:
    store.create(name="ann")

    decision = decide(store, token)

    assert effect(decision) == "Deny"
    assert decision["context"]["reason"]


def test_a_revoked_key_is_denied_and_told_so(store: KeyStore) -> None:
    secret, key = store.create(name="ann")
    store.revoke(key.key_id)

    decision = decide(store, f"Bearer {secret}")

    assert effect(decision) == "Deny"
    assert "revoked" in decision["context"]["reason"]


def test_an_expired_key_is_denied_and_told_so(store: KeyStore) -> None:
    secret, _ = store.create(name="ann", expires_at=1)

    assert "expired" in decide(store, f"Bearer {secret}")["context"]["reason"]


def test_reasons_fit_into_the_gateways_json_template_as_they_are(store: KeyStore) -> None:
    secret, key = store.create(name='an "odd" \\ name')
    store.revoke(key.key_id)

    for token in ("Basic x", "Bearer x", f"Bearer {secret}"):
        reason = decide(store, token)["context"]["reason"]
        assert json.loads(f'"{reason}"') == reason
