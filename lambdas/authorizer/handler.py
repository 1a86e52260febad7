"""API Gateway's TOKEN authorizer: ``Authorization: Bearer <key>`` -> allow or deny, with the reason as context.

A refusal is an explicit deny, not an exception, because API Gateway keeps it for the cache's time and hands its context
to the ACCESS_DENIED gateway response, which tells the caller why, with status 401 and in OpenAI's shape.
"""

import time
from functools import cache
from typing import Any

from lambdas.authorizer.keys import KeyStore
from lambdas.authorizer.settings import AuthorizerSettings
from lambdas.common import aws
from lambdas.common.observability import logger

UNKNOWN = "This API key is not known here. Check it for typing errors, or ask the platform's owner for a new one."
MALFORMED = "The Authorization header must read: Bearer <API key>."


@cache
def key_store() -> KeyStore:
    """The store, made on first use."""
    settings = AuthorizerSettings.from_env()
    return KeyStore(table_name=settings.keys_table, client=aws.client("dynamodb", read_timeout=3))


def lambda_handler(event: dict[str, Any], _context: object, store: KeyStore | None = None) -> dict[str, Any]:
    """Decide on one token.

    Args:
        event: ``{"type": "TOKEN", "authorizationToken", "methodArn"}``.
        store: the keys, for tests; by default the table that the settings name.

    Returns:
        An IAM policy for the whole stage, because API Gateway caches it per token for all methods; its context has
        ``key_id``, ``owner`` and ``limits`` (JSON: lambdas.common.caller) when allowed, ``reason`` when denied.
    """
    scheme, _, secret = event.get("authorizationToken", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        return _deny(event, MALFORMED)
    key = (store or key_store()).find(secret)
    if key is None:
        return _deny(event, UNKNOWN)
    refusal = key.refusal(time.time())
    if refusal:
        logger.info("key refused", extra={"key_id": key.key_id})
        return _deny(event, refusal, principal=key.key_id)
    context = {"key_id": key.key_id, "owner": key.name, "limits": key.limits.to_context()}
    return _policy(event, "Allow", principal=key.key_id, context=context)


def _deny(event: dict[str, Any], reason: str, *, principal: str = "unknown") -> dict[str, Any]:
    return _policy(event, "Deny", principal=principal, context={"reason": reason})


def _policy(event: dict[str, Any], effect: str, *, principal: str, context: dict[str, str]) -> dict[str, Any]:
    api_and_stage = "/".join(event["methodArn"].split("/")[:2])
    return {
        "principalId": principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api_and_stage}/*"}],
        },
        "context": context,
    }
