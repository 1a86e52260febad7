"""The endpoints that drive Studio, below ``/_sandbox/studio/``.

``PUT script`` takes a list of steps (:mod:`sandbox.studio.script`), ``PUT quotas`` values by code, ``GET`` shows
either, ``DELETE`` forgets it. ``clock`` is that of all (:mod:`sandbox.clock`).
``GET calls`` lists what was asked of ``sagemaker`` (:mod:`sandbox.studio.calls`), ``DELETE calls`` forgets it.
``notebooks`` shows what opens each JupyterLab that runs, by its space.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox import clock, control
from sandbox.quotas import applied
from sandbox.studio import calls, labs, script, service

PREFIX = "/_sandbox/studio"


async def handler(method: str, path: str, body: bytes, query: control.Query) -> control.Response:
    """Answer one control request: 200 with JSON, 204, or 400, 404, 405 with ``{"error": {"message": ...}}``."""
    name = path.rstrip("/").removeprefix(f"{PREFIX}/")
    try:
        if name == "clock":
            return await clock.handler(method, path, body, query)
        if name == "calls" and method == "PUT":
            return control.error_response(405, "PUT is not supported; use GET or DELETE", code="method")
        if name == "notebooks":
            return control.json_response(200, labs.urls())
        return _resource(name, method, body)
    except ValueError as error:
        return control.error_response(400, str(error), code="invalid")


def _resource(name: str, method: str, body: bytes) -> control.Response:
    resources: dict[str, tuple[Callable[[Any], None], Callable[[], None], Callable[[], Any]]] = {
        "script": (lambda document: script.replace(script.parse(document)), lambda: script.replace([]), script.state),
        "calls": (calls.forget, calls.forget, calls.state),
        "quotas": (
            lambda document: applied.replace(applied.parse(document)),
            lambda: applied.replace({}),
            applied.state,
        ),
    }
    if name not in resources:
        known = ", ".join(f"{PREFIX}/{each}" for each in (*resources, "clock", "notebooks"))
        return control.error_response(404, f"no such endpoint; known: {known}", code="not_found")
    write, clear, read = resources[name]
    if method == "DELETE":
        clear()
        return 204, {}, b""
    if method == "PUT":
        write(json.loads(body))
    elif method != "GET":
        return control.error_response(405, f"{method} is not supported; use GET, PUT or DELETE", code="method")
    return control.json_response(200, read())


def forget() -> None:
    """Forget resources, calls, script, quotas, and how far the clock was moved."""
    service.reset()
    calls.forget()
    script.replace([])
    applied.replace({})
    clock.reset()
