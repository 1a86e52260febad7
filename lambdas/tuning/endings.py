"""How runs end: what an ending keeps, which state it is, and why it came."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from lambdas.tuning.failure import reason_of
from lambdas.tuning.run import RunStatus, State

# How a run ends. What a failed or stopped one has trained goes too, or it would be billed by the month.
Outcome = Literal["promoted", "not_better", "failed", "stopped"]
STATES: Final[Mapping[Outcome, State]] = {
    "promoted": "succeeded",
    "not_better": "succeeded",
    "failed": "failed",
    "stopped": "stopped",
}


def outcome_of(status: RunStatus, wanted: Outcome) -> Outcome:
    """Return what is kept: a promoted model is, even if something failed after its promotion."""
    return "promoted" if status.promoted else wanted


def reason_for(status: RunStatus, event: Mapping[str, Any]) -> str:
    """Return why a run ends, of {"outcome", "error"}; what its status says already if nothing failed."""
    if event["outcome"] == "stopped":
        return "It was stopped."
    return reason_of(event.get("error"), phase=status.phase) or status.reason


def gone_with(outcome: Outcome) -> dict[str, Any]:
    """Return what a run's status loses with an outcome, when it is taken away."""
    if outcome == "promoted":
        return {}
    gone: dict[str, Any] = {"hosted_arn": None, "until": None}
    return gone if outcome == "not_better" else {**gone, "model_arn": None}
