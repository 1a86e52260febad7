"""The endpoints that drive tuning, below ``/_sandbox/tuning/``.

``PUT script`` takes a list of steps (:mod:`sandbox.tuning.script`), ``PUT delays`` how many seconds of the clock each
change takes, ``PUT quotas`` values by code (the same as Studio's); ``GET`` shows either, ``DELETE`` forgets it.
``clock`` is that of all (:mod:`sandbox.clock`). ``GET calls`` lists what was asked, ``DELETE calls`` forgets it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox import clock, control
from sandbox.quotas import applied
from sandbox.tuning import calls, script, store, tokens

PREFIX = "/_sandbox/tuning"

Resource = tuple[Callable[[Any], None], Callable[[], None], Callable[[], Any]]

_RESOURCES: dict[str, Resource] = {
    "script": (lambda document: script.replace(script.parse(document)), lambda: script.replace([]), script.state),
    "delays": (
        lambda document: script.replace_delays(script.parse_delays(document)),
        lambda: script.replace_delays({}),
        script.delays,
    ),
    "quotas": (lambda document: applied.replace(applied.parse(document)), lambda: applied.replace({}), applied.state),
    "calls": (calls.forget, calls.forget, calls.state),
}


async def handler(method: str, path: str, body: bytes, query: control.Query) -> control.Response:
    """Answer one control request: 200 with JSON, 204, or 400, 404, 405 with ``{"error": {"message": ...}}``."""
    name = path.rstrip("/").removeprefix(f"{PREFIX}/")
    if name == "clock":
        return await clock.handler(method, path, body, query)
    if name not in _RESOURCES:
        known = ", ".join(f"{PREFIX}/{each}" for each in (*_RESOURCES, "clock"))
        return control.error_response(404, f"no such endpoint; known: {known}", code="not_found")
    write, clear, read = _RESOURCES[name]
    if method == "DELETE":
        clear()
        return 204, {}, b""
    if method not in ("GET", "PUT") or (name, method) == ("calls", "PUT"):
        return control.error_response(405, f"{method} is not supported; use GET, PUT or DELETE", code="method")
    if method == "PUT":
        try:
            write(json.loads(body))
        except ValueError as error:
            return control.error_response(400, str(error), code="invalid")
    return control.json_response(200, read())


def forget() -> None:
    """Forget resources, names, calls, script, delays, quotas, and how far the clock was moved."""
    store.reset()
    tokens.reset()
    for _, clear, _ in _RESOURCES.values():
        clear()
    clock.reset()
