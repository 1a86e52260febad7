"""Pretends to cache prompts at ``cachePoint`` blocks, so that usage shows reads and writes as AWS reports them.

A prefix is known for five minutes after its last use (1 hour with ``ttl: 1h``), from 1,024 tokens on, the least that
any model of the catalogue accepts (Bedrock user guide, "Prompt caching").
"""

from __future__ import annotations

import hashlib
import json
import threading
import time

from sandbox.model import tokens
from sandbox.model.errors import Json

_LEAST = 1024
_SECONDS = {"5m": 300.0, "1h": 3600.0}
_lock = threading.Lock()
_known: dict[str, float] = {}


def clear() -> None:
    """Forget every prefix."""
    with _lock:
        _known.clear()


def usage(request: Json, scope: str) -> tuple[Json, int]:
    """Return (members of ``usage`` about the cache, input tokens that were neither read nor written).

    ``scope`` separates callers that share no cache: account, region and model.
    """
    parts = tokens.blocks_in_order(request)
    total = sum(count for _, count in parts)
    points = [place for place, (block, _) in enumerate(parts) if isinstance(block, dict) and "cachePoint" in block]
    if not points:
        return {}, total
    now = time.monotonic()
    read = written = 0
    with _lock:
        for expired in [key for key, until in _known.items() if until < now]:
            del _known[expired]
        for place in points:
            size = sum(count for _, count in parts[:place])
            if size < _LEAST:
                continue
            text = json.dumps([block for block, _ in parts[:place]], sort_keys=True)
            key = hashlib.sha256(f"{scope}|{text}".encode()).hexdigest()
            if key in _known:
                read = size
            else:
                written = size - read
            block = parts[place][0]
            ttl = block["cachePoint"].get("ttl", "5m") if isinstance(block, dict) else "5m"
            _known[key] = now + _SECONDS[ttl]
    return {"cacheReadInputTokens": read, "cacheWriteInputTokens": written}, total - read - written
