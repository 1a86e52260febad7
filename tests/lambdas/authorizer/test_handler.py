"""What the authorizer decides, and what it lets the caller read."""

import json
from typing import Any

import pytest

from lambdas.authorizer.handler import lambda_handler
from lambdas.authorizer.keys import KeyStore
from lambdas.common.caller import Caller, KeyLimits
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
        verb, name, *_ = kwargs["UpdateExpression"].split()
        if verb == "REMOVE":
            item.pop(name, None)
        else:
            item[name] = kwargs["ExpressionAttributeValues"][":now"]
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


def decide_by_headers(store: KeyStore, headers: dict[str, str] | None, **changes: str) -> dict[str, Any]:
    return lambda_handler({**events.load("authorizer_request"), "headers": headers, **changes}, None, store)


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
    assert decision["context"] == {"key_id": key.key_id, "owner": "billing service", "limits": "{}"}


def test_a_keys_limits_travel_with_the_request_as_text(store: KeyStore) -> None:
    limits = KeyLimits(requests_per_minute=20, tokens_per_day=200_000, usd_total=5_000_000, aliases=("fast", "smart"))
    secret, _ = store.create(name="ann", limits=limits)

    context = decide(store, f"Bearer {secret}")["context"]

    # API Gateway takes no nested values.
    assert all(isinstance(value, str) for value in context.values())
    assert Caller.from_authorizer_context(context).limits == limits


def test_a_frozen_key_is_denied_and_told_so_until_it_is_unfrozen(store: KeyStore) -> None:
    secret, key = store.create(name="ann")
    store.freeze(key.key_id)

    frozen = decide(store, f"Bearer {secret}")

    assert effect(frozen) == "Deny"
    assert "is frozen. Ask the platform's owner to unfreeze it" in frozen["context"]["reason"]
    store.unfreeze(key.key_id)
    assert effect(decide(store, f"Bearer {secret}")) == "Allow"


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer ", "Basic abc", "qk-abc", "Bearer qk-unknown"])
def test_anything_else_is_denied_with_a_reason(store: KeyStore, token: str | None) -> None:
    store.create(name="ann")

    decision = decide(store, token)

    assert effect(decision) == "Deny"
    assert decision["context"]["reason"]


@pytest.mark.parametrize("name", ["x-api-key", "X-Api-Key", "X-API-KEY"])
def test_a_key_may_come_in_anthropics_header(store: KeyStore, name: str) -> None:
    secret, key = store.create(name="ann")

    decision = decide_by_headers(store, {"Accept": "application/json", name: f" {secret} "})

    assert effect(decision) == "Allow"
    assert decision["context"]["key_id"] == key.key_id


@pytest.mark.parametrize("other", [{}, {"x-api-key": ""}, {"x-api-key": "qk-unknown"}])
def test_a_bearer_token_counts_before_it(store: KeyStore, other: dict[str, str]) -> None:
    secret, key = store.create(name="ann")

    decision = decide_by_headers(store, {"AUTHORIZATION": f"Bearer {secret}", **other})

    assert decision["context"]["key_id"] == key.key_id


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (None, "No API key"),
        ({}, "No API key"),
        ({"x-api-key": " "}, "No API key"),
        ({"x-api-key": "qk-unknown"}, "not known here"),
        ({"authorization": "Basic abc"}, "must read: Bearer"),
        ({"authorization": "Bearer qk-unknown", "x-api-key": "qk-unknown"}, "not known here"),
    ],
)
def test_without_a_key_that_is_known_neither_header_helps(
    store: KeyStore, headers: dict[str, str] | None, reason: str
) -> None:
    store.create(name="ann")

    decision = decide_by_headers(store, headers)

    assert effect(decision) == "Deny"
    assert reason in decision["context"]["reason"]


def test_a_key_beside_credentials_of_another_kind_is_found(store: KeyStore) -> None:
    secret, _ = store.create(name="ann")

    assert effect(decide_by_headers(store, {"authorization": "Basic abc", "x-api-key": secret})) == "Allow"


def test_a_refusals_error_is_named_as_those_name_it_who_call_there(store: KeyStore) -> None:
    assert decide(store, "Bearer qk-unknown")["context"]["error_type"] == "invalid_request_error"
    assert decide_by_headers(store, {})["context"]["error_type"] == "authentication_error"


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/{id}"])
@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, "invalid_request_error"),
        ({"Authorization": "Bearer qk-unknown"}, "invalid_request_error"),
        ({"x-api-key": "qk-unknown", "Anthropic-Version": "2023-06-01"}, "authentication_error"),
    ],
)
def test_where_both_call_a_refusals_error_is_named_as_who_calls_names_it(
    store: KeyStore, path: str, headers: dict[str, str], kind: str
) -> None:
    assert decide_by_headers(store, headers, resource=path)["context"]["error_type"] == kind


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
    frozen, other = store.create(name="frozen")
    store.freeze(other.key_id)

    for token in ("Basic x", "Bearer x", f"Bearer {secret}", f"Bearer {frozen}"):
        reason = decide(store, token)["context"]["reason"]
        assert json.loads(f'"{reason}"') == reason
