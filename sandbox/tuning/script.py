"""The script of tuning: steps (:mod:`sandbox.scripting`) on the operations that create or change something.

Of a job, ``phase`` is the one of validation, dataProcessing or training that fails, is held (a stall) or takes
``seconds``; training where it is left out. How long anything takes that no step decides is in ``delays``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from sandbox.entry import SECONDS
from sandbox.scripting import Script

PHASES = ("validation", "dataProcessing", "training")
"""The phases of a job, in order, as its status details name them."""

_CHANGES = (*PHASES, "stopping", "deployment", "deploymentUpdate", "throughput", "throughputUpdate")

_script = Script(phases=PHASES)
parse = _script.parse
replace = _script.replace
state = _script.state
decide = _script.decide
holds = _script.holds

_lock = threading.Lock()
_delays: dict[str, float] = {}


def delay(change: str) -> float:
    """How many seconds of the clock a change takes."""
    with _lock:
        return _delays.get(change, SECONDS)


def parse_delays(document: Any) -> dict[str, float]:
    """Seconds by change, of a JSON object.

    Raises:
        ValueError: it is none, or a name or a number is wrong.
    """
    if not isinstance(document, dict):
        raise ValueError("delays are an object of seconds by change")
    for name, seconds in document.items():
        if name not in _CHANGES:
            raise ValueError(f"unknown change {name!r}; known: {', '.join(_CHANGES)}")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
            raise ValueError(f"the seconds of {name} are a number from 0, got {seconds!r}")
    return {name: float(seconds) for name, seconds in document.items()}


def replace_delays(delays: Mapping[str, float]) -> None:
    """Let changes take these seconds; every other takes its default."""
    with _lock:
        _delays.clear()
        _delays.update(delays)


def delays() -> dict[str, float]:
    """The seconds of every change."""
    return {name: delay(name) for name in _CHANGES}
