"""The endpoints that drive Studio, below ``/_sandbox/studio/``.

``PUT script`` takes a list of steps (:mod:`sandbox.studio.script`), ``PUT quotas`` values by code, ``GET`` shows
either, ``DELETE`` forgets it. ``clock`` is that of all (:mod:`sandbox.clock`).
``GET calls`` lists what was asked of ``sagemaker`` (:mod:`sandbox.studio.calls`), ``DELETE calls`` forgets it.
``notebooks`` shows what opens each JupyterLab that runs, by its space.
"""

from __future__ import annotations

from sandbox import clock, control, control_values
from sandbox.control_values import Value
from sandbox.quotas import applied
from sandbox.studio import calls, labs, script, service

PREFIX = "/_sandbox/studio"

_VALUES = {
    "script": Value(script.state, lambda: script.replace([]), lambda document: script.replace(script.parse(document))),
    "calls": Value(calls.state, calls.forget),
    "quotas": applied.VALUE,
}


async def handler(method: str, path: str, body: bytes, query: control.Query) -> control.Response:
    """Answer one control request: 200 with JSON, 204, or 400, 404, 405 with ``{"error": {"message": ...}}``."""
    name = path.rstrip("/").removeprefix(f"{PREFIX}/")
    if name == "clock":
        return await clock.handler(method, path, body, query)
    if name == "notebooks":
        return control.json_response(200, labs.urls())
    if name not in _VALUES:
        return control_values.unknown(PREFIX, _VALUES, "clock", "notebooks")
    return _VALUES[name].answer(method, body)


def forget() -> None:
    """Forget resources, calls, script, quotas, and how far the clock was moved."""
    service.reset()
    for value in _VALUES.values():
        value.clear()
    clock.reset()
