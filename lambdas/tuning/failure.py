"""Why a state of the pipeline failed, in words for whoever started the run."""

import json
from collections.abc import Mapping
from typing import Any, Final

# Of our own functions, whose words are for people already.
_OURS: Final = frozenset(
    {
        "HostingBusyError",
        "HostingError",
        "JobError",
        "NoSuchRunError",
        "NotMeasuredError",
        "RefusedError",
        "RequestError",
        "PhaseTimedOut",
    }
)
CHARACTERS: Final = 2_000


def reason_of(error: Mapping[str, Any] | None, *, phase: str) -> str:
    """Return what Step Functions says of an error, {"Error", "Cause"}, in words.

    A function's error has its message in the cause, as JSON.
    """
    if not error:
        return ""
    kind, cause = str(error.get("Error", "")), str(error.get("Cause", ""))
    message = _message(cause)
    if kind in _OURS:
        return message[:CHARACTERS]
    if kind == "States.Timeout":
        return f"A step of the phase {phase} took longer than it may."
    if kind == "States.ExceedToleratedFailureThreshold":
        return "Base and tuned model could not both be asked: the log of the function that evaluates has why."
    said = f"{kind}: {message}" if message else kind
    return f"A step of the phase {phase} failed: {said}"[:CHARACTERS]


def _message(cause: str) -> str:
    try:
        document = json.loads(cause)
    except ValueError:
        return cause
    return str(document.get("errorMessage", cause)) if isinstance(document, dict) else cause
