"""What a test wants to happen: steps that fail, delay or refuse operations of ``sagemaker``.

A step is ``{"on": operation, "match": {member: glob}, "do": ..., "times": N or null}`` and what its ``do`` takes:
``fail`` (``reason``) ends the change in Failed, Update_Failed or Delete_Failed; ``take`` (``seconds`` of the clock) and
``hold`` (until the script changes) delay it; ``refuse`` (``code``, ``message``) answers an error and changes nothing.
"""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.model.errors import STATUS

DOES = ("fail", "take", "hold", "refuse")
_SECONDS_IN_A_STATE = 0.2
_TEXTS = ("reason", "code", "message")


@dataclass
class Step:
    """One step; ``used`` counts the requests that it decided."""

    on: str
    do: str
    match: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    seconds: float = 0.0
    reason: str = "Scripted failure"
    code: str = "ThrottlingException"
    message: str = "Rate exceeded"
    used: int = 0


_lock = threading.Lock()
_steps: list[Step] = []


def parse(document: Any) -> list[Step]:
    """The steps of a JSON list.

    Raises:
        ValueError: says which step is wrong, and how.
    """
    if not isinstance(document, list):
        raise ValueError("a script is a list of steps")
    return [_step(number, entry) for number, entry in enumerate(document)]


def _step(number: int, entry: Any) -> Step:
    if not isinstance(entry, dict) or not isinstance(entry.get("on"), str):
        raise ValueError(f"step {number}: an object with 'on', the name of an operation")
    if entry.get("do") not in DOES:
        raise ValueError(f"step {number}: 'do' is one of {', '.join(DOES)}, got {entry.get('do')!r}")
    known = {"on", "do", "match", "times", "seconds", *_TEXTS}
    if unknown := sorted(set(entry) - known):
        raise ValueError(f"step {number}: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    match, times, seconds = entry.get("match", {}), entry.get("times"), entry.get("seconds", 0)
    if not isinstance(match, dict) or not all(isinstance(each, str) for each in match.values()):
        raise ValueError(f"step {number}: 'match' is an object of globs")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise ValueError(f"step {number}: 'times' is a whole number from 1, or null")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise ValueError(f"step {number}: 'seconds' is a number from 0")
    if not all(isinstance(entry[name], str) for name in _TEXTS if name in entry):
        raise ValueError(f"step {number}: {', '.join(_TEXTS)} are text")
    if (code := entry.get("code", Step.code)) not in STATUS:
        raise ValueError(f"step {number}: unknown code {code!r}; known: {', '.join(sorted(STATUS))}")
    return Step(**entry)


def replace(steps: list[Step]) -> None:
    """Make ``steps`` the script; what an earlier one held goes on."""
    with _lock:
        _steps[:] = steps


def state() -> list[dict[str, Any]]:
    """The steps with how often each was used."""
    with _lock:
        return [asdict(step) for step in _steps]


def decide(operation: str, request: Mapping[str, Any]) -> Step | None:
    """The step that decides a request, which counts as used; None where nothing is scripted."""
    with _lock:
        for step in _steps:
            spent = step.times is not None and step.used >= step.times
            if step.on == operation and not spent and _fits(step, request):
                step.used += 1
                return step
    return None


def holds(step: Step | None) -> bool:
    """Whether a change that ``step`` decided is still to wait."""
    with _lock:
        return step is not None and step.do == "hold" and any(each is step for each in _steps)


def seconds(step: Step | None) -> float:
    """How long a change takes. Unscripted: long enough that a client sees that it is not done at once."""
    return step.seconds if step is not None and step.do == "take" else _SECONDS_IN_A_STATE


def _fits(step: Step, request: Mapping[str, Any]) -> bool:
    return all(fnmatch.fnmatchcase(str(request.get(name, "")), glob) for name, glob in step.match.items())
