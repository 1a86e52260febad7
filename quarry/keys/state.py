"""What people and programs are shown of a key: everything but its hash."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from lambdas.authorizer.keys import ApiKey

NO_KEYS: Final = "There are no keys yet. `quarry keys create NAME` makes one."


def shown(key: ApiKey) -> dict[str, Any]:
    """Return a key for JSON: as ``ApiKey`` without ``key_hash``, limits as GET /v1/usage has them (micro-dollars)."""
    fields = asdict(key)
    del fields["key_hash"]
    fields["limits"]["micro_dollars"] = fields["limits"].pop("usd_total")
    return fields


def when(seconds: int) -> str:
    """Return a time (UTC) as 2026-11-21 15:04."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def state(key: ApiKey) -> str:
    """Return whether the key can be used, in words."""
    if key.revoked_at is not None:
        return f"revoked {when(key.revoked_at)}"
    if key.expires_at is not None and key.expires_at <= time.time():
        return f"expired {when(key.expires_at)}"
    if key.frozen_at is not None:
        return f"frozen {when(key.frozen_at)}"
    return "good for ever" if key.expires_at is None else f"good until {when(key.expires_at)}"
