"""API Gateway's authorizers: a key in ``Authorization: Bearer`` or ``x-api-key`` -> allow or deny, with the reason.

A refusal is an explicit deny, not an exception, because API Gateway keeps it for the cache's time and hands its context
to the ACCESS_DENIED gateway response, which tells the caller why, with status 401, in OpenAI's and Anthropic's shape.

Two authorizers ask this one function: a TOKEN authorizer for the routes where keys are bearer tokens alone, which is
remembered by the token; and a REQUEST authorizer, which is not remembered, for the routes where either header will do.
"""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from lambdas.authorizer.keys import KeyStore
from lambdas.authorizer.settings import AuthorizerSettings
from lambdas.common import aws
from lambdas.common.observability import logger

UNKNOWN = "This API key is not known here. Check it for typing errors, or ask the platform's owner for a new one."
MALFORMED = "The Authorization header must read: Bearer <API key>."
NO_KEY = "No API key. Send the header x-api-key: <API key>, or Authorization: Bearer <API key>."

# What OpenAI's clients and Anthropic's call the error of a refusal.
OPENAIS: Final = "invalid_request_error"
ANTHROPICS: Final = "authentication_error"
# The routes with either header that OpenAI's clients call too. Anthropic's say there which version they speak.
_SHARED: Final = "/v1/models"
_VERSION: Final = "anthropic-version"


@cache
def key_store() -> KeyStore:
    """The store, made on first use."""
    settings = AuthorizerSettings.from_env()
    return KeyStore(table_name=settings.keys_table, client=aws.client("dynamodb", read_timeout=3))


def lambda_handler(event: dict[str, Any], _context: object, store: KeyStore | None = None) -> dict[str, Any]:
    """Decide on one request.

    Args:
        event: ``{"type": "TOKEN", "authorizationToken", "methodArn"}`` or ``{"type": "REQUEST", "headers", "methodArn",
            "resource", ...}``.
        store: the keys, for tests; by default the table that the settings name.

    Returns:
        An IAM policy for the whole stage, because API Gateway caches it per token for all methods; its context has
        ``key_id``, ``owner`` and ``limits`` (JSON: lambdas.common.caller) when allowed, ``reason`` and ``error_type``
        when denied.
    """
    secret, problem = _of_headers(event.get("headers") or {}) if event["type"] == "REQUEST" else _of_token(event)
    if secret is None:
        return _deny(event, problem)
    key = (store or key_store()).find(secret)
    if key is None:
        return _deny(event, UNKNOWN)
    refusal = key.refusal(time.time())
    if refusal:
        logger.info("key refused", extra={"key_id": key.key_id})
        return _deny(event, refusal, principal=key.key_id)
    context = {"key_id": key.key_id, "owner": key.name, "limits": key.limits.to_context()}
    return _policy(event, "Allow", principal=key.key_id, context=context)


def _of_token(event: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the key, or None and why there is none."""
    return _bearer(event.get("authorizationToken", "")), MALFORMED


def _of_headers(headers: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the key, or None and why there is none. Of two, a bearer token counts: it is the key everywhere else."""
    sent = _lowered(headers)
    secret = _bearer(sent.get("authorization", "")) or sent.get("x-api-key", "").strip()
    if secret:
        return secret, ""
    return None, MALFORMED if "authorization" in sent else NO_KEY


def _bearer(header: str) -> str | None:
    scheme, _, secret = header.partition(" ")
    return (secret.strip() or None) if scheme.lower() == "bearer" else None


def _deny(event: Mapping[str, Any], reason: str, *, principal: str = "unknown") -> dict[str, Any]:
    context = {"reason": reason, "error_type": ANTHROPICS if _is_anthropics(event) else OPENAIS}
    return _policy(event, "Deny", principal=principal, context=context)


def _is_anthropics(event: Mapping[str, Any]) -> bool:
    """Whether a client of Anthropic's asks."""
    if event["type"] != "REQUEST":
        return False
    return not event["resource"].startswith(_SHARED) or _VERSION in _lowered(event.get("headers") or {})


def _lowered(headers: Mapping[str, str]) -> Mapping[str, str]:
    # API Gateway hands names on as they were written.
    return {name.lower(): value for name, value in headers.items()}


def _policy(event: Mapping[str, Any], effect: str, *, principal: str, context: dict[str, str]) -> dict[str, Any]:
    api_and_stage = "/".join(event["methodArn"].split("/")[:2])
    return {
        "principalId": principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api_and_stage}/*"}],
        },
        "context": context,
    }
