"""The watcher of an ingestion job: a state machine that looks at the job until it ends, and has the outcome recorded.

One execution per job. It fails unless every document was ingested, so that what went wrong shows wherever one looks.
It costs 0.025 USD per 1,000 steps: four steps each quarter of a minute, so less than 0.03 USD for an hour's job.
"""

import math
from typing import Any, Final

from aws_cdk import Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.ingestion.outcome import OVER
from lambdas.ingestion.settings import RecorderSettings
from lambdas.knowledge.data_bucket import OUTCOMES_PREFIX
from stacks.components.checks import acknowledge, acknowledge_wildcard
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.log_group import log_group
from stacks.components.python_function import PythonFunction
from stacks.knowledge import permissions
from stacks.knowledge.data_bucket import DataBucket
from stacks.knowledge.ingestion_topic import IngestionTopic
from stacks.knowledge.knowledge_base import KnowledgeBase

POLL_SECONDS: Final = 15
# Step Functions ends an execution after 25,000 events: a look makes 11, and the rest is for looks that are repeated.
MOST_LOOKS: Final = 2_000
# For looks that had to be repeated, and for the recorder.
MARGIN_MINUTES: Final = 30
RECORDER_SECONDS: Final = 120
RECORDER_SERVICE: Final = "ingestion-recorder"

# The ids that an execution is started with, as Bedrock's API wants them and handed on.
_IDS: Final = ("knowledgeBaseId", "dataSourceId", "ingestionJobId")
_JOB: Final = {f"{name[0].upper()}{name[1:]}.$": f"$.{name}" for name in _IDS}
_SAME: Final = {f"{name}.$": f"$.{name}" for name in _IDS}
_AGAIN: Final = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "BackoffRate": 2, "MaxAttempts": 6}


class IngestionWatch(Construct):
    """Watches the jobs of ``knowledge_base``.

    Attributes:
        recorder: the function that records outcomes.
        state_machine: started with {"knowledgeBaseId", "dataSourceId", "ingestionJobId", "polls": 0}.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        knowledge_base: KnowledgeBase,
        data: DataBucket,
        topic: IngestionTopic,
        max_minutes: int,
    ) -> None:
        super().__init__(scope, id_)
        self.recorder = PythonFunction(
            self,
            "Recorder",
            description="Records what became of an ingestion job, and tells of failed documents",
            handler="lambdas.ingestion.recorder.lambda_handler",
            service=RECORDER_SERVICE,
            settings=RecorderSettings(
                data_bucket=data.bucket.bucket_name,
                outcomes_prefix=OUTCOMES_PREFIX,
                topic_arn=topic.topic.topic_arn,
                environment=EnvironmentStack.of(self).config.name,
            ),
            memory_megabytes=512,
            timeout_seconds=RECORDER_SECONDS,
        )
        if data.writers_go_first:
            self.recorder.function.node.add_dependency(data.writers_go_first)
        permissions.grant_record_ingestion(
            self.recorder.role,
            base=knowledge_base.base,
            bucket=data.bucket,
            prefix=OUTCOMES_PREFIX,
            topic=topic.topic,
            key=topic.key,
        )
        acknowledge_wildcard(
            self.recorder.role,
            data.bucket.arn_for_objects(f"{OUTCOMES_PREFIX}*"),
            because="Each job's outcome is an object of its own, all under this prefix.",
        )
        self.state_machine = self._state_machine(knowledge_base, max_minutes)

    def _state_machine(self, knowledge_base: KnowledgeBase, max_minutes: int) -> sfn.StateMachine:
        recorder = self.recorder.function
        machine = sfn.StateMachine(
            self,
            "Watcher",
            definition_body=sfn.DefinitionBody.from_string(
                Stack.of(self).to_json_string(definition(recorder_arn=recorder.function_arn, max_minutes=max_minutes))
            ),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log_group(self, "Log", vended_by="states"),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        permissions.grant_watch_ingestion(machine.role, base=knowledge_base.base, recorder=recorder)
        acknowledge(
            machine.role,
            "AwsSolutions-IAM5[Resource::*]",
            because="X-Ray and the deliveries of CloudWatch Logs know no resources.",
        )
        return machine


def definition(*, recorder_arn: str, max_minutes: int) -> dict[str, Any]:
    """Return the state machine: look, wait, look again, until the job ends or is stopped after a while; then record.

    Args:
        recorder_arn: the function that records; it answers {"outcome": "complete" or anything else}.
        max_minutes: how long the job may take.
    """
    return {
        "Comment": "Watches an ingestion job of the knowledge base",
        "StartAt": "Look",
        "TimeoutSeconds": (max_minutes + MARGIN_MINUTES) * 60,
        "States": {
            **_looking(max_minutes * 60),
            "Stop": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:bedrockagent:stopIngestionJob",
                "Parameters": _JOB,
                "ResultPath": "$.stopped",
                # It may have ended this very moment.
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.stopped", "Next": "RecordTimedOut"}],
                "Next": "RecordTimedOut",
            },
            "Record": _record(recorder_arn, timed_out=False),
            "RecordTimedOut": _record(recorder_arn, timed_out=True),
            "Complete?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.outcome", "StringEquals": "complete", "Next": "Complete"}],
                "Default": "Incomplete",
            },
            "Complete": {"Type": "Succeed"},
            "Incomplete": {
                "Type": "Fail",
                "Error": "IngestionIncomplete",
                "Cause": f"Documents were not ingested. The record under {OUTCOMES_PREFIX} in the data bucket has why.",
            },
        },
    }


def _looking(seconds: int) -> dict[str, Any]:
    """Return the states that look at the job for so long: less often where it may take very long."""
    pause = max(POLL_SECONDS, math.ceil(seconds / MOST_LOOKS))
    ended = [{"Variable": "$.job.status", "StringEquals": status} for status in OVER]
    return {
        "Look": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrockagent:getIngestionJob",
            "Parameters": _JOB,
            "ResultSelector": {"status.$": "$.IngestionJob.Status"},
            "ResultPath": "$.job",
            "Retry": [_AGAIN],
            "Next": "Ended?",
        },
        "Ended?": {
            "Type": "Choice",
            "Choices": [
                {"Or": ended, "Next": "Record"},
                {"Variable": "$.polls", "NumericGreaterThanEquals": seconds // pause, "Next": "Stop"},
            ],
            "Default": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": pause, "Next": "Count"},
        "Count": {
            "Type": "Pass",
            "Parameters": {**_SAME, "polls.$": "States.MathAdd($.polls, 1)"},
            "Next": "Look",
        },
    }


def _record(recorder_arn: str, *, timed_out: bool) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {
            "FunctionName": recorder_arn,
            "Payload": {**_SAME, "timedOut": timed_out},
        },
        "ResultSelector": {"outcome.$": "$.Payload.outcome"},
        "Retry": [_AGAIN],
        "Next": "Complete?",
    }
