"""The states that the pipeline is made of: the conductor's steps, looks at Bedrock, and what takes too long."""

from dataclasses import dataclass
from typing import Final

from stacks.tuning.states import ERROR_PATH, UNUSED, State, step

LOOK_AGAIN: Final = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "BackoffRate": 2, "MaxAttempts": 8}]
CATCH: Final = [{"ErrorEquals": ["States.ALL"], "ResultPath": ERROR_PATH, "Next": "GiveUp"}]


@dataclass(frozen=True, kw_only=True)
class Functions:
    """ARNs of the functions that do the steps."""

    preparer: str
    conductor: str
    evaluator: str
    reporter: str


def conducted(
    functions: Functions, name: str, payload: State | None = None, *, then: str, result: str = UNUSED
) -> State:
    """Return a step of the conductor's."""
    said = {"step": name, "run.$": "$.run", **(payload or {})}
    return step(functions.conductor, said, then=then, result=result, catch="GiveUp")


def look(operation: str, parameters: State, *, then: str) -> State:
    """Return a look at something of Bedrock's, which then stands at ``$.looked``."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:bedrock:{operation}",
        "Parameters": parameters,
        "ResultPath": "$.looked",
        "Retry": LOOK_AGAIN,
        "Catch": CATCH,
        "Next": then,
    }


def too_long(words: str) -> State:
    """Return a state that gives up for a reason, in words for whoever started the run."""
    return {
        "Type": "Pass",
        "Result": {"Error": "PhaseTimedOut", "Cause": words},
        "ResultPath": ERROR_PATH,
        "Next": "GiveUp",
    }
