"""An account that tunes models, as ``quarry tune`` meets it: S3 is moto's, SSM and Step Functions are faked."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from lambdas.tuning.places import status_key
from lambdas.tuning.run import RunStatus, encode_status
from tests.lambdas.parameter_store import FakeParameterStore

BUCKET = "quarry-dev-tuning"
STATE_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:pipeline"
OUTPUTS = {"TuningBucket": BUCKET, "TuningPipelineArn": STATE_MACHINE, "TuningDrainSeconds": "345"}
MICRO = "amazon.nova-micro-v1:0"
RUN = "fast-0123456789ab"
ARN = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:pipeline:fast-0123456789ab"


@dataclass
class FakeTuning:
    """The account.

    Attributes:
        s3: moto's client.
        parameters: SSM's.
        executions: ARN -> what DescribeExecution tells.
        steps: statuses that the pipeline writes, one during each sleep; without any left, nothing.
        slept: how long was slept each time, in seconds.
        stopped: ARNs of the executions that were stopped.
        begins_after: how many times StopExecution finds no execution; None: as ``executions`` says.
        clients: what commands get as boto3's clients, by service.
    """

    s3: Any
    parameters: FakeParameterStore = field(default_factory=FakeParameterStore)
    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[RunStatus] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    begins_after: int | None = None
    clients: dict[str, Any] = field(default_factory=dict)

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if executionArn not in self.executions:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": "gone"}}, "DescribeExecution")
        return self.executions[executionArn]

    def stop_execution(self, *, executionArn: str, error: str, cause: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        there = executionArn in self.executions if self.begins_after is None else not self.begins_after
        if not there:
            self.begins_after = self.begins_after and self.begins_after - 1
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": "none"}}, "StopExecution")
        assert error
        assert cause
        self.stopped.append(executionArn)
        return {}

    def write(self, status: RunStatus) -> None:
        """Write a status as the pipeline does."""
        self.s3.put_object(Bucket=BUCKET, Key=status_key(status.run), Body=encode_status(status))

    def objects(self) -> list[str]:
        """Return what is in the bucket."""
        return sorted(found["Key"] for found in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.steps:
            self.write(self.steps.pop(0))
