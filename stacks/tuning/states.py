"""States that both state machines of tuning have: steps of our functions, and clearing until nothing is left."""

from typing import Any, Final

State = dict[str, Any]

# Of our functions: what another try would not mend, what waits for its turn, and all else.
OWN_ERRORS: Final = ("HostingError", "JobError", "NoSuchRunError", "NotMeasuredError", "RefusedError", "RequestError")
RETRY: Final[list[State]] = [
    {"ErrorEquals": list(OWN_ERRORS), "MaxAttempts": 0},
    {"ErrorEquals": ["HostingBusyError"], "IntervalSeconds": 60, "BackoffRate": 1, "MaxAttempts": 60},
    {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "BackoffRate": 2, "MaxAttempts": 5},
]
# Taking away is what must not fail: for about an hour.
RETRY_LONG: Final[list[State]] = [
    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "BackoffRate": 2, "MaxDelaySeconds": 300, "MaxAttempts": 15}
]
PAUSE_SECONDS: Final = 15
# Of things that go within minutes as a rule: an hour in all.
MOST_LOOKS: Final = 240

ERROR_PATH: Final = "$.error"
# Where results go that nobody reads: by null they would go nowhere, but CDK drops what is null.
UNUSED: Final = "$.unused"


def step(
    function_arn: str,
    payload: State,
    *,
    then: str,
    result: str = UNUSED,
    catch: str | None,
    retry: list[State] = RETRY,
    end: bool = False,
) -> State:
    """Return a task that has a function do something.

    Args:
        payload: what it gets; names with ``.$`` are paths.
        then: the next state, unless it is the ``end``.
        result: where in the state its answer goes.
        catch: where it goes on after an error, which then stands at ``ERROR_PATH``; None: the execution fails.
    """
    task: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function_arn, "Payload": payload},
        "ResultSelector": {"answer.$": "$.Payload"},
        "ResultPath": result,
        "Retry": retry,
        **({"End": True} if end else {"Next": then}),
    }
    if catch:
        task["Catch"] = [{"ErrorEquals": ["States.ALL"], "ResultPath": ERROR_PATH, "Next": catch}]
    return task


def counter(name: str, *, then: str) -> tuple[State, State]:
    """Return the states that begin counting at ``$.<name>.n`` and that count one on, both going on with ``then``."""
    begin = {"Type": "Pass", "Result": {"n": 0}, "ResultPath": f"$.{name}", "Next": then}
    more = {
        "Type": "Pass",
        "Parameters": {"n.$": f"States.MathAdd($.{name}.n, 1)"},
        "ResultPath": f"$.{name}",
        "Next": then,
    }
    return begin, more


def until_nothing_is_left(
    name: str, function_arn: str, payload: State, *, then: str, catch: str | None, most: int = MOST_LOOKS
) -> dict[str, State]:
    """Return states that do a step until its answer has ``left`` 0, beginning with the state ``name``.

    After ``most`` times it is done with ``last``, which says what is still there, and no more.
    """
    once, asked, last = f"{name}Now", f"{name}Again?", f"{name}Last"
    begin, more = counter("looks", then=once)
    return {
        name: begin,
        once: step(function_arn, payload, then=asked, result="$.cleared", catch=catch, retry=RETRY_LONG),
        asked: {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.cleared.answer.left", "NumericEquals": 0, "Next": then},
                {"Variable": "$.looks.n", "NumericGreaterThanEquals": most, "Next": last},
            ],
            "Default": f"{name}Pause",
        },
        f"{name}Pause": {"Type": "Wait", "Seconds": PAUSE_SECONDS, "Next": f"{name}Count"},
        f"{name}Count": more,
        last: step(function_arn, {**payload, "last": True}, then=then, catch=catch, retry=RETRY_LONG),
    }
