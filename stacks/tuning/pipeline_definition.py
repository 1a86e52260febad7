"""The pipeline as a state machine: validate, make the job, watch it, host, evaluate, report, promote or not, clear up.

Whatever fails goes on with ``GiveUp``, which takes away all that the run has made and says what happened. What ends the
execution from outside, as a stop, is followed by the state machine of ``removal_definition``.

The job is watched by looks of our own and not by Step Functions' ``.sync``, which shows no phase and cannot bound one.
"""

from collections.abc import Mapping
from typing import Any, Final

from configuration.tuning.section import Tuning
from stacks.tuning.hosting_states import HOST_POLL_SECONDS, hosting, promoting
from stacks.tuning.pipeline_steps import CATCH, Functions, conducted, look, too_long
from stacks.tuning.states import ERROR_PATH, UNUSED, State, counter, step, until_nothing_is_left

# Evaluating, and all that comes before and after the phases that are bounded by themselves.
EVALUATING_SECONDS: Final = 24 * 3600
# How many pieces of the test set are asked at once: more only meet the account's quotas sooner.
AT_ONCE: Final = 4
LABEL: Final = "Evaluate"

JOB_ARN: Final = "$.job.answer.job_arn"


def definition(functions: Functions, *, tuning: Tuning, bucket: str, removal_arn: str) -> State:
    """Return the state machine, which is started with {"run", "key"}: the run's id and the key of its request.

    Args:
        bucket: where the test set's pieces are.
        removal_arn: the state machine that ends hosting.
    """
    bounds = tuning.bounds
    minutes = bounds.preparing_minutes + bounds.queued_minutes + bounds.training_minutes + 2 * bounds.hosting_minutes
    return {
        "Comment": "From a data set to a tuned model under an alias",
        "StartAt": "Prepare",
        "TimeoutSeconds": minutes * 60 + EVALUATING_SECONDS,
        "States": {
            "Prepare": step(
                functions.preparer,
                {"run.$": "$.run", "key.$": "$.key", "execution_arn.$": "$$.Execution.Id"},
                then="CreateJob",
                result="$.prepared",
                catch="GiveUp",
            ),
            "CreateJob": conducted(functions, "create_job", then="FirstLook", result="$.job"),
            **_watching(functions, tuning),
            "Host": conducted(
                functions,
                "host",
                {"job_arn.$": JOB_ARN, "removal_arn": removal_arn},
                then="FirstLookAtHost",
                result="$.host",
            ),
            **hosting(bounds.hosting_minutes * 60 // HOST_POLL_SECONDS),
            **_evaluating(functions, bucket),
            **promoting(functions, bounds.hosting_minutes * 60 // HOST_POLL_SECONDS, removal_arn),
            **_ending(functions),
        },
    }


def _watching(functions: Functions, tuning: Tuning) -> dict[str, State]:
    """Return the states from the job's making to its end: a look, a choice, a pause; and a note when a phase begins."""
    bounds = tuning.bounds
    limits = {
        "preparing_job": ("preparing", bounds.preparing_minutes),
        "queued": ("queued", bounds.queued_minutes),
        "training": ("training", bounds.training_minutes),
    }
    begin, more = counter("looks", then="Look")
    longest = {phase: most * 60 // tuning.poll_seconds for phase, (_, most) in limits.items()}
    states: dict[str, State] = {
        "FirstLook": {"Type": "Pass", "Result": {"phase": "preparing_job"}, "ResultPath": "$.at", "Next": "CountFrom0"},
        "CountFrom0": begin,
        "Look": look("getModelCustomizationJob", {"JobIdentifier.$": JOB_ARN}, then="JobEnded?"),
        "JobEnded?": _job_ended(longest),
        "Trains": {"Type": "Pass", "Result": {"phase": "training"}, "ResultPath": "$.at", "Next": "Note"},
        "Queues": {"Type": "Pass", "Result": {"phase": "queued"}, "ResultPath": "$.at", "Next": "Note"},
        "Note": conducted(
            functions,
            "observe",
            {"job_arn.$": JOB_ARN, "phase.$": "$.at.phase"},
            then="CountAnew",
        ),
        "CountAnew": {**begin, "Next": "Pause"},
        "Pause": {"Type": "Wait", "Seconds": tuning.poll_seconds, "Next": "Count"},
        "Count": more,
        "JobFailed": conducted(functions, "job_ended", {"job_arn.$": JOB_ARN}, then="GiveUp"),
    }
    for phase, (knob, most) in limits.items():
        states[f"TooLong_{phase}"] = too_long(
            f"The job's phase {phase} took longer than its bound, {most} minutes; it was stopped, and is not billed "
            f"unless it had trained. Start it again with --again, or raise tuning.bounds.{knob}_minutes."
        )
    return states


def _job_ended(longest: Mapping[str, int]) -> State:
    """Return the choice after a look: over, in another phase than so far, too long in one, or neither.

    Args:
        longest: phase -> looks after which it is too long.
    """
    status, training = "$.looked.Status", "$.looked.StatusDetails.TrainingDetails.Status"
    processed = "$.looked.StatusDetails.DataProcessingDetails.Status"
    in_phase = {phase: {"Variable": "$.at.phase", "StringEquals": phase} for phase in longest}
    return {
        "Type": "Choice",
        "Choices": [
            {"Variable": status, "StringEquals": "Completed", "Next": "Host"},
            {"Not": {"Variable": status, "StringEquals": "InProgress"}, "Next": "JobFailed"},
            {
                "And": [
                    {"Variable": training, "IsPresent": True},
                    {"Variable": training, "StringEquals": "InProgress"},
                    {"Not": in_phase["training"]},
                ],
                "Next": "Trains",
            },
            {
                "And": [
                    {"Variable": processed, "IsPresent": True},
                    {"Variable": processed, "StringEquals": "Completed"},
                    in_phase["preparing_job"],
                ],
                "Next": "Queues",
            },
            *(
                {
                    "And": [in_phase[phase], {"Variable": "$.looks.n", "NumericGreaterThanEquals": looks}],
                    "Next": f"TooLong_{phase}",
                }
                for phase, looks in longest.items()
            ),
        ],
        "Default": "Pause",
    }


def _evaluating(functions: Functions, bucket: str) -> dict[str, State]:
    """Return the states that ask both models: a function per piece of the test set, however many there are."""
    ask = step(
        functions.evaluator, {"run.$": "$.run", "batch.$": "$.batch"}, then="", result="$.asked", catch=None, end=True
    )
    return {
        "Measure": conducted(functions, "measure", then=LABEL),
        LABEL: {
            "Type": "Map",
            "Label": LABEL,
            "MaxConcurrency": AT_ONCE,
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": bucket, "Key.$": "$.prepared.answer.batches"},
            },
            "ItemSelector": {"run.$": "$.run", "batch.$": "$$.Map.Item.Value"},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Ask",
                # What a piece answers is small, since all answers together have to fit into the state.
                "States": {"Ask": {**ask, "OutputPath": "$.asked.answer"}},
            },
            "ResultPath": UNUSED,
            "Catch": CATCH,
            "Next": "Report",
        },
        "Report": step(functions.reporter, {"run.$": "$.run"}, then="Better?", result="$.report", catch="GiveUp"),
        "Better?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.report.answer.better", "BooleanEquals": True, "Next": "Move"}],
            "Default": "Discard",
        },
    }


def _ending(functions: Functions) -> dict[str, State]:
    """Return the states of the ends: promoted, not better, failed. Each takes away what it does not keep."""

    def clearing(name: str, outcome: str, *, then: str, catch: str | None, **more: Any) -> dict[str, State]:
        payload = {"step": "clear", "run.$": "$.run", "outcome": outcome, **more}
        return until_nothing_is_left(name, functions.conductor, payload, then=then, catch=catch)

    return {
        **clearing("TidyUp", "promoted", then="Promoted", catch="Promoted"),
        "Promoted": {"Type": "Succeed"},
        **clearing("Discard", "not_better", then="NotBetter", catch="GiveUp"),
        "NotBetter": {"Type": "Succeed"},
        **clearing("GiveUp", "failed", then="Failed", catch="Failed", **{"error.$": ERROR_PATH}),
        "Failed": {
            "Type": "Fail",
            "Error": "TuningFailed",
            "Cause": "The run's status.json says what failed, and `quarry tune status` shows it.",
        },
    }
