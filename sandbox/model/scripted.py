"""What the stand-in model was told to do (script steps) and what it did (a log of the last calls).

State of this process, shared by every account and region, emptied by the control endpoint.
"""

from __future__ import annotations

import fnmatch
import itertools
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.model.errors import BREAKS, FAULTS, STREAM_ERRORS, Json

ACTIONS = (*FAULTS, "error_mid_stream", "break_off", "answer", "tool_calls", "slow", "hold")
_MATCH = {"model": str, "contains": str, "operation": str}
_STEP = {
    "match": dict,
    "do": str,
    "times": int,
    "after_tokens": int,
    "delay_ms": (int, float),
    "text": str,
    "thought": str,
    "redacted": bool,
    "calls": list,
    "error": str,
    "how": str,
    "message": str,
}
_LOG_LENGTH = 200


@dataclass
class Step:
    """One instruction. ``times`` None means for ever; ``used`` counts the calls that it decided.

    ``match``: ``model`` (a glob over the id that was called or its base id), ``contains`` (in the text of the system
    prompt or a message, without case), ``operation`` (Converse, ConverseStream, InvokeModel …). ``delay_ms`` is waited
    before each token, and before a fault is answered. ``after_tokens`` of a stream are sent before it breaks off, or is
    held. ``how`` it breaks off: see ``BREAKS``. ``thought`` goes before what is answered, as one that nobody may read
    where it is ``redacted``.
    """

    do: str
    match: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    after_tokens: int = 3
    delay_ms: float = 0
    text: str | None = None
    thought: str | None = None
    redacted: bool = False
    calls: list[Json] = field(default_factory=list)
    error: str = "modelStreamErrorException"
    how: str = "close"
    message: str | None = None
    used: int = 0

    def fits(self, operation: str, ids: tuple[str, ...], text: str) -> bool:
        """Return whether the step decides a call: of ``operation``, a model known by ``ids``, that carries ``text``."""
        if self.times is not None and self.used >= self.times:
            return False
        if (glob := self.match.get("model")) and not any(fnmatch.fnmatchcase(name, glob) for name in ids):
            return False
        if (wanted := self.match.get("operation")) and wanted != operation:
            return False
        return self.match.get("contains", "").lower() in text.lower()


@dataclass
class Call:
    """A call that was made. Times are seconds since the epoch; ``sent`` has one per token sent to the client."""

    number: int
    operation: str
    model: str
    started: float
    outcome: str = "running"
    step: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    sent: list[float] = field(default_factory=list)
    disconnected: bool = False
    finished: float | None = None


_lock = threading.Lock()
_steps: list[Step] = []
_calls: deque[Call] = deque(maxlen=_LOG_LENGTH)
_numbers = itertools.count(1)


def parse(document: Any) -> list[Step]:
    """Return the steps of a script: a JSON list of objects.

    Raises:
        ValueError: says which step and which member is wrong, and what is accepted.
    """
    if not isinstance(document, list):
        raise ValueError("a script is a list of steps")
    return [_step(number, entry) for number, entry in enumerate(document)]


def _step(number: int, entry: Any) -> Step:
    if not isinstance(entry, dict) or "do" not in entry:
        raise ValueError(f"step {number}: needs a member 'do', one of {', '.join(ACTIONS)}")
    for name, value in entry.items():
        if name not in _STEP:
            raise ValueError(f"step {number}: unknown member {name!r}; known: {', '.join(_STEP)}")
        if value is None and name == "times":
            continue
        if not isinstance(value, _STEP[name]) or (isinstance(value, bool) and _STEP[name] is not bool):  # type: ignore[arg-type]  # values are types
            raise ValueError(f"step {number}: {name!r} has the wrong type: {value!r}")
    if entry["do"] not in ACTIONS:
        raise ValueError(f"step {number}: cannot do {entry['do']!r}; known: {', '.join(ACTIONS)}")
    for name, value in (entry.get("match") or {}).items():
        if name not in _MATCH or not isinstance(value, str):
            raise ValueError(f"step {number}: cannot match {name!r}; known, each a string: {', '.join(_MATCH)}")
    if entry.get("error", "modelStreamErrorException") not in STREAM_ERRORS:
        raise ValueError(f"step {number}: unknown stream error; known: {', '.join(STREAM_ERRORS)}")
    if entry.get("how", "close") not in BREAKS:
        raise ValueError(f"step {number}: cannot break off so; known: {', '.join(BREAKS)}")
    if entry["do"] == "answer" and not isinstance(entry.get("text"), str):
        raise ValueError(f"step {number}: 'answer' needs 'text'")
    for call in entry.get("calls") or []:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise ValueError(f"step {number}: each of 'calls' is {{'name': str, 'input': object}}")
    if entry["do"] == "tool_calls" and not entry.get("calls"):
        raise ValueError(f"step {number}: 'tool_calls' needs 'calls'")
    return Step(**entry)


def replace(steps: list[Step]) -> None:
    """Make ``steps`` the script; the log of calls begins anew."""
    with _lock:
        _steps[:] = steps
        _calls.clear()


def is_in_force(step: Step) -> bool:
    """Return whether the step is still in the script; one that is put there again is another."""
    with _lock:
        return any(one is step for one in _steps)


def take(operation: str, ids: tuple[str, ...], text: str) -> Step | None:
    """Return the first step that decides this call, counted as used, or None."""
    with _lock:
        for step in _steps:
            if step.fits(operation, ids, text):
                step.used += 1
                return step
    return None


def begin(operation: str, model: str, started: float) -> Call:
    """Write a new call to the log and return it, to be completed by who serves it."""
    with _lock:
        call = Call(next(_numbers), operation, model, started)
        _calls.append(call)
        return call


def state() -> Json:
    """Return ``{"steps": [...], "calls": [...]}``: each step with how often it was used, and the last calls."""
    with _lock:
        return {"steps": [asdict(step) for step in _steps], "calls": [asdict(call) for call in _calls]}
