"""The endpoints that drive tuning, below ``/_sandbox/tuning/``.

``PUT script`` takes a list of steps (:mod:`sandbox.tuning.script`), ``PUT delays`` how many seconds of the clock each
change takes, ``PUT quotas`` values by code (the same as Studio's); ``GET`` shows either, ``DELETE`` forgets it.
``clock`` is that of all (:mod:`sandbox.clock`). ``GET calls`` lists what was asked, ``DELETE calls`` forgets it.
"""

from __future__ import annotations

from sandbox import clock, control, control_values
from sandbox.control_values import Value
from sandbox.quotas import applied
from sandbox.tuning import calls, script, store, tokens

PREFIX = "/_sandbox/tuning"

_VALUES = {
    "script": Value(script.state, lambda: script.replace([]), lambda document: script.replace(script.parse(document))),
    "delays": Value(
        script.delays,
        lambda: script.replace_delays({}),
        lambda document: script.replace_delays(script.parse_delays(document)),
    ),
    "quotas": applied.VALUE,
    "calls": Value(calls.state, calls.forget),
}


async def handler(method: str, path: str, body: bytes, query: control.Query) -> control.Response:
    """Answer one control request: 200 with JSON, 204, or 400, 404, 405 with ``{"error": {"message": ...}}``."""
    name = path.rstrip("/").removeprefix(f"{PREFIX}/")
    if name == "clock":
        return await clock.handler(method, path, body, query)
    if name not in _VALUES:
        return control_values.unknown(PREFIX, _VALUES, "clock")
    return _VALUES[name].answer(method, body)


def forget() -> None:
    """Forget resources, names, calls, script, delays, quotas, and how far the clock was moved."""
    store.reset()
    tokens.reset()
    for value in _VALUES.values():
        value.clear()
    clock.reset()
