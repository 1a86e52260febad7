"""The state machine that takes away: what a run had made that was stopped, and provisioned throughput whose time is up.

It is started by EventBridge when an execution of the pipeline ends other than by itself, and by a schedule at a
throughput's end. The alias falls back first; then what nobody asks any more goes.
"""

from typing import Final

from stacks.tuning.states import PAUSE_SECONDS, RETRY_LONG, UNUSED, State, step, until_nothing_is_left

# A throughput that does not go costs money by the hour: for a day.
MOST_LOOKS_AT_THROUGHPUT: Final = 24 * 3600 // PAUSE_SECONDS // 4


def definition(
    conductor_arn: str, *, topic_arn: str, environment: str, settle_seconds: int, drain_seconds: int
) -> State:
    """Return the state machine.

    It is started with {"run", "outcome", "error"}, or with {"end": {"throughput", "alias", "run"}}.

    Args:
        settle_seconds: after which no step of a stopped execution can still make something.
        drain_seconds: after which nobody asks a model any more from which the alias has fallen back.
    """
    clear = {"step": "clear", "run.$": "$.run", "outcome.$": "$.outcome", "error.$": "$.error"}
    ending = {"run.$": "$.end.run", "alias.$": "$.end.alias", "throughput.$": "$.end.throughput"}
    return {
        "Comment": "Takes away what tuning has made",
        "StartAt": "What?",
        "States": {
            "What?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.end", "IsPresent": True, "Next": "FallBack"}],
                "Default": "ClearAtOnce",
            },
            # Twice, because a step that was under way when the execution ended may have made something since.
            "ClearAtOnce": step(
                conductor_arn,
                {**clear, "final": False},
                then="Settle",
                catch="Settle",
                retry=RETRY_LONG,
            ),
            "Settle": {"Type": "Wait", "Seconds": settle_seconds, "Next": "Clear"},
            **until_nothing_is_left("Clear", conductor_arn, clear, then="Done", catch="Tell"),
            "FallBack": step(
                conductor_arn,
                {"step": "fall_back", **ending},
                then="Drain",
                # It must end all the same: the alias falls back by itself then, because the model is gone.
                catch="EndThroughput",
                retry=RETRY_LONG[:1],
            ),
            "Drain": {"Type": "Wait", "Seconds": drain_seconds, "Next": "EndThroughput"},
            **until_nothing_is_left(
                "EndThroughput",
                conductor_arn,
                {"step": "end_throughput", **ending},
                then="Done",
                catch="Tell",
                most=MOST_LOOKS_AT_THROUGHPUT,
            ),
            "Done": {"Type": "Succeed"},
            "Tell": _telling(topic_arn, environment),
            "NotDone": {
                "Type": "Fail",
                "Error": "NotRemoved",
                "Cause": "Something that tuning has made is still there.",
            },
        },
    }


def _telling(topic_arn: str, environment: str) -> State:
    """Return the state that says what does not go, which nobody would see otherwise."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {
            "TopicArn": topic_arn,
            "Subject": f"Quarry {environment}: tuning's hosting does not go",
            "Message.$": "States.Format('What tuning has made could not be taken away, and may be billed by "
            "the hour. Look at `quarry tune list` and at Bedrock in the console, and delete it by hand. {}', "
            "States.JsonToString($))",
        },
        "ResultPath": UNUSED,
        "Retry": RETRY_LONG,
        "Next": "NotDone",
    }
