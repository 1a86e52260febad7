"""What a test wants to happen when CloudFormation deletes a resource.

A step is ``{"stack": glob, "resource": glob of its logical id, "do": ..., "times": N or null}``. ``do`` is ``fail``,
``deny`` or ``in_use``, which are refused in words of AWS's, or ``hang``: the deletion of the stack does not go on until
the script changes.
"""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import asdict, dataclass
from typing import Any

# What CloudFormation says of each.
REASONS = {
    "fail": "Internal Failure (Service: Scripted, Status Code: 500)",
    "deny": "User: arn:aws:sts::000000000000:assumed-role/cfn-exec is not authorized to perform this (AccessDenied)",
    "in_use": "resource has a dependent object (Service: Scripted, Status Code: 400, DependencyViolation)",
}
DOES = (*REASONS, "hang")


class ScriptedFailureError(Exception):
    """The deletion failed, because a script says so."""


@dataclass
class Step:
    """One step; ``used`` counts the deletions that it decided."""

    resource: str
    do: str
    stack: str = "*"
    times: int | None = None
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
    if not isinstance(entry, dict) or not isinstance(entry.get("resource"), str):
        raise ValueError(f"step {number}: an object with 'resource', a glob of a logical id")
    if entry.get("do") not in DOES:
        raise ValueError(f"step {number}: 'do' is one of {', '.join(DOES)}, got {entry.get('do')!r}")
    if unknown := sorted(set(entry) - {"resource", "stack", "do", "times"}):
        raise ValueError(f"step {number}: unknown {', '.join(unknown)}; known: do, resource, stack, times")
    times = entry.get("times")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise ValueError(f"step {number}: 'times' is a whole number from 1, or null")
    if not isinstance(entry.get("stack", "*"), str):
        raise ValueError(f"step {number}: 'stack' is a glob of a stack's name")
    return Step(**entry)


def replace(steps: list[Step]) -> None:
    """Make ``steps`` the script; what an earlier one held goes on."""
    with _lock:
        _steps[:] = steps


def state() -> list[dict[str, Any]]:
    """The steps with how often each was used."""
    with _lock:
        return [asdict(step) for step in _steps]


def refuse(stack: str, resource: str) -> None:
    """Let a deletion fail if a step says so, which counts as used.

    Raises:
        ScriptedFailureError: with what CloudFormation would say.
    """
    with _lock:
        for step in _steps:
            spent = step.times is not None and step.used >= step.times
            if step.do in REASONS and not spent and _fits(step, stack, resource):
                step.used += 1
                raise ScriptedFailureError(REASONS[step.do])


def hangs(stack: str, resources: list[str]) -> bool:
    """Whether a stack's deletion is to wait."""
    with _lock:
        return any(step.do == "hang" and any(_fits(step, stack, one) for one in resources) for step in _steps)


def _fits(step: Step, stack: str, resource: str) -> bool:
    return fnmatch.fnmatchcase(stack, step.stack) and fnmatch.fnmatchcase(resource, step.resource)
