"""API keys: how they look, how they are stored, and the store itself.

A key is ``qk-`` and 43 characters from 32 random bytes. The table holds its SHA-256 only, so neither a reader of the
table nor a reader of this code can make a key of what is stored. The digest is unsalted because the input has 256 bits
of entropy: there is nothing to guess.

Items of the table: ``key_hash`` (partition key, hex), ``key_id``, ``name``, ``prefix``, ``created_at``, and where they
apply ``expires_at`` and ``revoked_at``; times are seconds since the epoch.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final, Protocol

PREFIX: Final = "qk-"


class KeyNotFoundError(LookupError):
    """No key has that id."""


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A stored key. ``prefix`` is the beginning of the secret, enough to recognise it, useless to guess it."""

    key_id: str
    key_hash: str
    name: str
    prefix: str
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None

    def refusal(self, now: float) -> str | None:
        """Why the key may not be used at ``now`` (seconds since the epoch), as a sentence, or None if it may."""
        if self.revoked_at is not None:
            return f"This API key ({self.key_id}) was revoked. Ask the platform's owner for a new one."
        if self.expires_at is not None and now >= self.expires_at:
            return f"This API key ({self.key_id}) has expired. Ask the platform's owner for a new one."
        return None


def new_secret() -> str:
    """Return a new key."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return the hex SHA-256 under which a key is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


class DynamoDbClient(Protocol):
    """The calls that the store makes, with DynamoDB's own shapes. botocore's and boto3's clients both fit."""

    def get_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def put_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def update_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def scan(self, **kwargs: Any) -> dict[str, Any]: ...


class KeyStore:
    """The keys table."""

    def __init__(self, *, table_name: str, client: DynamoDbClient) -> None:
        self._table = table_name
        self._client = client

    def find(self, secret: str) -> ApiKey | None:
        """Return the stored key of that secret, or None. Reads consistently, so a revocation counts at once."""
        reply = self._client.get_item(
            TableName=self._table, Key={"key_hash": {"S": digest(secret)}}, ConsistentRead=True
        )
        return _from_item(reply["Item"]) if "Item" in reply else None

    def create(self, *, name: str, expires_at: int | None = None) -> tuple[str, ApiKey]:
        """Store a new key and return (secret, key). The secret is not kept anywhere: hand it over now or never."""
        secret = new_secret()
        key_hash = digest(secret)
        key = ApiKey(
            key_id=f"key_{key_hash[:12]}",
            key_hash=key_hash,
            name=name,
            prefix=secret[: len(PREFIX) + 4],
            created_at=int(time.time()),
            expires_at=expires_at,
        )
        self._client.put_item(
            TableName=self._table, Item=_to_item(key), ConditionExpression="attribute_not_exists(key_hash)"
        )
        return secret, key

    def list(self) -> list[ApiKey]:
        """Return all keys, oldest first, revoked and expired ones included."""
        keys: list[ApiKey] = []
        page: dict[str, Any] = {"TableName": self._table}
        while True:
            reply = self._client.scan(**page)
            keys.extend(_from_item(item) for item in reply.get("Items", []))
            if "LastEvaluatedKey" not in reply:
                return sorted(keys, key=lambda key: (key.created_at, key.key_id))
            page["ExclusiveStartKey"] = reply["LastEvaluatedKey"]

    def revoke(self, key_id: str) -> ApiKey:
        """Revoke the key of that id and return it; a key that is revoked already keeps its time.

        Raises:
            KeyNotFoundError: naming the id.
        """
        found = next((key for key in self.list() if key.key_id == key_id), None)
        if found is None:
            raise KeyNotFoundError(f"there is no key {key_id!r}; `quarry keys list` shows the ids")
        if found.revoked_at is not None:
            return found
        reply = self._client.update_item(
            TableName=self._table,
            Key={"key_hash": {"S": found.key_hash}},
            UpdateExpression="SET revoked_at = if_not_exists(revoked_at, :now)",
            ConditionExpression="attribute_exists(key_hash)",
            ExpressionAttributeValues={":now": {"N": str(int(time.time()))}},
            ReturnValues="ALL_NEW",
        )
        return _from_item(reply["Attributes"])


def _to_item(key: ApiKey) -> dict[str, Any]:
    item: dict[str, Any] = {name: {"S": getattr(key, name)} for name in ("key_id", "key_hash", "name", "prefix")}
    for name in ("created_at", "expires_at", "revoked_at"):
        value = getattr(key, name)
        if value is not None:
            item[name] = {"N": str(value)}
    return item


def _from_item(item: dict[str, Any]) -> ApiKey:
    return ApiKey(
        key_id=item["key_id"]["S"],
        key_hash=item["key_hash"]["S"],
        name=item["name"]["S"],
        prefix=item["prefix"]["S"],
        created_at=int(item["created_at"]["N"]),
        expires_at=int(item["expires_at"]["N"]) if "expires_at" in item else None,
        revoked_at=int(item["revoked_at"]["N"]) if "revoked_at" in item else None,
    )
