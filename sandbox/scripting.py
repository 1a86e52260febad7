"""What a test wants to happen: steps that fail, delay or refuse operations of a service that takes its time.

A step is ``{"on": operation, "match": {member: glob}, "do": ..., "times": N or null}`` and what its ``do`` takes:
``fail`` (``reason``) ends the change in its failed state; ``take`` (``seconds`` of the clock) and ``hold`` (until the
script changes) delay it; ``refuse`` (``code``, ``message``) answers an error and changes nothing. Where a change has
phases, ``phase`` says which of them fails, is held, or takes its time.
"""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.model.errors import STATUS

DOES = ("fail", "take", "hold", "refuse")
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
    phase: str | None = None
    used: int = 0


class Script:
    """The steps of one service. ``phases`` are the names that a step's ``phase`` may have, none by default."""

    def __init__(self, *, phases: Sequence[str] = ()) -> None:
        self._phases = tuple(phases)
        self._lock = threading.Lock()
        self._steps: list[Step] = []

    def parse(self, document: Any) -> list[Step]:
        """The steps of a JSON list.

        Raises:
            ValueError: says which step is wrong, and how.
        """
        if not isinstance(document, list):
            raise ValueError("a script is a list of steps")
        return [_step(number, entry, self._phases) for number, entry in enumerate(document)]

    def replace(self, steps: list[Step]) -> None:
        """Make ``steps`` the script; what an earlier one held goes on."""
        with self._lock:
            self._steps[:] = steps

    def state(self) -> list[dict[str, Any]]:
        """The steps with how often each was used."""
        with self._lock:
            shown = [asdict(step) for step in self._steps]
        # A service without phases does not show that others have them.
        return shown if self._phases else [{k: v for k, v in step.items() if k != "phase"} for step in shown]

    def decide(self, operation: str, request: Mapping[str, Any]) -> Step | None:
        """The step that decides a request, which counts as used; None where nothing is scripted."""
        with self._lock:
            for step in self._steps:
                spent = step.times is not None and step.used >= step.times
                if step.on == operation and not spent and _fits(step, request):
                    step.used += 1
                    return step
        return None

    def holds(self, step: Step | None) -> bool:
        """Whether a change that ``step`` decided is still to wait."""
        with self._lock:
            return step is not None and step.do == "hold" and any(each is step for each in self._steps)


def _step(number: int, entry: Any, phases: tuple[str, ...]) -> Step:
    if not isinstance(entry, dict) or not isinstance(entry.get("on"), str):
        raise ValueError(f"step {number}: an object with 'on', the name of an operation")
    if entry.get("do") not in DOES:
        raise ValueError(f"step {number}: 'do' is one of {', '.join(DOES)}, got {entry.get('do')!r}")
    known = {"on", "do", "match", "times", "seconds", *_TEXTS, *(("phase",) if phases else ())}
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
    if entry.get("phase") is not None and entry["phase"] not in phases:
        raise ValueError(f"step {number}: 'phase' is one of {', '.join(phases)}, got {entry['phase']!r}")
    return Step(**entry)


def _fits(step: Step, request: Mapping[str, Any]) -> bool:
    return all(fnmatch.fnmatchcase(str(request.get(name, "")), glob) for name, glob in step.match.items())
