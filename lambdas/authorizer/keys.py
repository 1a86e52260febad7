"""API keys: how they look, how they are stored, and the store itself.

A key is ``qk-`` and 43 characters from 32 random bytes. The table holds its SHA-256 only, so neither a reader of the
table nor a reader of this code can make a key of what is stored. The digest is unsalted because the input has 256 bits
of entropy: there is nothing to guess.

Items of the table: ``key_hash`` (partition key, hex), ``key_id``, ``name``, ``prefix``, ``created_at``, and where they
apply ``expires_at``, ``revoked_at``, ``frozen_at``, ``requests_per_minute``, ``tokens_per_day``, ``usd_total`` and
``aliases`` (a list). Times are seconds since the epoch, ``usd_total`` is micro-dollars: whole numbers, all of them.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.caller import COUNTED, NO_LIMITS, KeyLimits

PREFIX: Final = "qk-"


class KeyNotFoundError(LookupError):
    """No key has that id."""


class KeyRevokedError(ValueError):
    """The key was revoked, and nothing makes it good again."""


class LimitNotRaisedError(ValueError):
    """A new limit is below the present one, or there is none to raise."""


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
    frozen_at: int | None = None
    limits: KeyLimits = NO_LIMITS

    def refusal(self, now: float) -> str | None:
        """Why the key may not be used at ``now`` (seconds since the epoch), as a sentence, or None if it may."""
        if self.revoked_at is not None:
            return f"This API key ({self.key_id}) was revoked. Ask the platform's owner for a new one."
        if self.frozen_at is not None:
            return f"This API key ({self.key_id}) is frozen. Ask the platform's owner to unfreeze it."
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

    def create(self, *, name: str, expires_at: int | None = None, limits: KeyLimits = NO_LIMITS) -> tuple[str, ApiKey]:
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
            limits=limits,
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
        found = self._by_id(key_id)
        return found if found.revoked_at is not None else self._set_once(found, "revoked_at")

    def freeze(self, key_id: str) -> ApiKey:
        """Refuse the key until it is unfrozen, and return it; one that is frozen already keeps its time.

        Raises:
            KeyNotFoundError: naming the id.
        """
        found = self._by_id(key_id)
        return found if found.frozen_at is not None else self._set_once(found, "frozen_at")

    def unfreeze(self, key_id: str) -> ApiKey:
        """Let the key be used again and return it; one that is not frozen stays as it is.

        Raises:
            KeyNotFoundError: naming the id.
            KeyRevokedError: it was revoked.
        """
        return self._update(self._standing(key_id), UpdateExpression="REMOVE frozen_at")

    def raise_limits(
        self,
        key_id: str,
        *,
        requests_per_minute: int | None = None,
        tokens_per_day: int | None = None,
        usd_total: int | None = None,
        expires_at: int | None = None,
    ) -> ApiKey:
        """Set those limits that are given to new values, all or none, and return the key.

        Args:
            usd_total: micro-dollars in the key's whole life, what is spent already included.
            expires_at: seconds since the epoch.

        Raises:
            KeyNotFoundError: naming the id.
            KeyRevokedError: it was revoked.
            LimitNotRaisedError: a new value is below the present one, or there is no such limit to raise.
        """
        found = self._standing(key_id)
        given = {
            "requests_per_minute": requests_per_minute,
            "tokens_per_day": tokens_per_day,
            "usd_total": usd_total,
            "expires_at": expires_at,
        }
        wanted = {name: value for name, value in given.items() if value is not None}
        if not wanted:
            return found
        try:
            return self._update(
                found,
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in wanted),
                # A missing attribute compares as false, so what is unlimited is not limited by mistake.
                ConditionExpression=" AND ".join(f"{name} <= :{name}" for name in wanted),
                ExpressionAttributeValues={f":{name}": {"N": str(value)} for name, value in wanted.items()},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            raise LimitNotRaisedError(
                f"{key_id} keeps its limits: they are only raised here, and what is not limited stays so"
            ) from error

    def _by_id(self, key_id: str) -> ApiKey:
        found = next((key for key in self.list() if key.key_id == key_id), None)
        if found is None:
            raise KeyNotFoundError(f"there is no key {key_id!r}; `quarry keys list` shows the ids")
        return found

    def _standing(self, key_id: str) -> ApiKey:
        found = self._by_id(key_id)
        if found.revoked_at is not None:
            raise KeyRevokedError(
                f"{key_id} ({found.name}) is revoked, for good; `quarry keys create` makes another, and a participant "
                "gets one by `quarry workshop reset`"
            )
        return found

    def _set_once(self, key: ApiKey, name: str) -> ApiKey:
        return self._update(
            key,
            UpdateExpression=f"SET {name} = if_not_exists({name}, :now)",
            ConditionExpression="attribute_exists(key_hash)",
            ExpressionAttributeValues={":now": {"N": str(int(time.time()))}},
        )

    def _update(self, key: ApiKey, **change: Any) -> ApiKey:
        # Without the condition, a key that was just deleted would come back as half an item.
        change.setdefault("ConditionExpression", "attribute_exists(key_hash)")
        reply = self._client.update_item(
            TableName=self._table, Key={"key_hash": {"S": key.key_hash}}, ReturnValues="ALL_NEW", **change
        )
        return _from_item(reply["Attributes"])


_TIMES: Final = ("created_at", "expires_at", "revoked_at", "frozen_at")


def _to_item(key: ApiKey) -> dict[str, Any]:
    item: dict[str, Any] = {name: {"S": getattr(key, name)} for name in ("key_id", "key_hash", "name", "prefix")}
    numbers = {name: getattr(key, name) for name in _TIMES} | {name: getattr(key.limits, name) for name in COUNTED}
    item.update({name: {"N": str(value)} for name, value in numbers.items() if value is not None})
    if key.limits.aliases is not None:
        item["aliases"] = {"L": [{"S": alias} for alias in key.limits.aliases]}
    return item


def _from_item(item: dict[str, Any]) -> ApiKey:
    aliases = item.get("aliases")
    return ApiKey(
        key_id=item["key_id"]["S"],
        key_hash=item["key_hash"]["S"],
        name=item["name"]["S"],
        prefix=item["prefix"]["S"],
        created_at=int(item["created_at"]["N"]),
        expires_at=_number(item, "expires_at"),
        revoked_at=_number(item, "revoked_at"),
        frozen_at=_number(item, "frozen_at"),
        limits=KeyLimits(
            requests_per_minute=_number(item, "requests_per_minute"),
            tokens_per_day=_number(item, "tokens_per_day"),
            usd_total=_number(item, "usd_total"),
            aliases=tuple(alias["S"] for alias in aliases["L"]) if aliases else None,
        ),
    )


def _number(item: dict[str, Any], name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None
