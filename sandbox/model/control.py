"""The endpoints that script the stand-in model, below ``/_sandbox/model/``.

``PUT script`` takes a list of steps (``sandbox.model.scripted.Step``), ``GET script`` shows them with how often each
was used and the last calls, ``DELETE script`` forgets them. ``PUT|GET|DELETE account`` does the same with what the
account may use (``sandbox.model.account.Standing``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.model import account, prompt_cache, scripted, text_units, token_quota

PREFIX = "/_sandbox/model"


async def handler(
    method: str, path: str, body: bytes, query: dict[str, list[str]]
) -> tuple[int, dict[str, str], bytes]:
    """Answer one control request: 200 with JSON, 204, or 400, 404, 405 with ``{"error": {"message": ...}}``."""
    del query
    resources: dict[str, tuple[Callable[[Any], None], Callable[[], Any]]] = {
        f"{PREFIX}/script": (lambda document: scripted.replace(scripted.parse(document)), scripted.state),
        f"{PREFIX}/account": (lambda document: account.set_standings(account.parse(document)), account.state),
    }
    found = resources.get(path.rstrip("/"))
    if found is None:
        return _error(404, f"no such endpoint; known: {', '.join(resources)}")
    write, read = found
    if method == "GET":
        return _json(200, read())
    if method == "DELETE":
        write([])
        return 204, {}, b""
    if method != "PUT":
        return _error(405, f"{method} is not supported; use GET, PUT or DELETE")
    try:
        write(json.loads(body))
    except ValueError as error:
        return _error(400, str(error))
    return _json(200, read())


def _json(status: int, document: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()


def _error(status: int, message: str) -> tuple[int, dict[str, str], bytes]:
    return _json(status, {"error": {"message": message}})


def forget() -> None:
    """Forget script, calls, standings, cached prompts and what was taken of quotas."""
    scripted.replace([])
    account.set_standings([])
    prompt_cache.clear()
    token_quota.forget()
    text_units.forget()
