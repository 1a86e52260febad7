"""What starts something in tuning by itself: a request in the bucket, and an execution that ended from outside."""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.tuning.places import REQUEST_SUFFIX, RUNS_PREFIX
from stacks.components.confused_deputy import only_for
from stacks.components.python_function import PythonFunction

# How an execution ended -> how its run then has. FAILED is for what even the pipeline's own clearing could not do.
_ENDS: Final = {"ABORTED": "stopped", "TIMED_OUT": "failed", "FAILED": "failed"}


class Events(Construct):
    """The rules.

    Attributes:
        rules: all of them; they go before what they start.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        bucket: s3.IBucket,
        starter: PythonFunction,
        pipeline: sfn.StateMachine,
        removal: sfn.StateMachine,
    ) -> None:
        super().__init__(scope, id_)
        request = events.Rule(
            self,
            "Requested",
            description="A run of tuning was asked for",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [bucket.bucket_name]},
                    # Nothing that a run writes has such a key: output and reports lie elsewhere.
                    "object": {"key": [{"wildcard": f"{RUNS_PREFIX}*{REQUEST_SUFFIX}"}]},
                },
            ),
            targets=[targets.LambdaFunction(starter.function)],
        )
        source = only_for(Stack.of(self), service="events", source="rule/*")
        # CDK's own would let EventBridge in for anybody's rule.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("events.amazonaws.com", conditions=source))
        self.rules = [request, *(self._ended(status, pipeline, removal, role) for status in _ENDS)]

    def _ended(
        self, status: str, pipeline: sfn.StateMachine, removal: sfn.StateMachine, role: iam.IRole
    ) -> events.Rule:
        said = {
            "run": events.EventField.from_path("$.detail.name"),
            "outcome": _ENDS[status],
            "error": {"Error": f"The pipeline {status.lower().replace('_', ' ')}", "Cause": ""},
        }
        return events.Rule(
            self,
            status.title().replace("_", ""),
            description=f"A run of tuning ended from outside: {status}",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [pipeline.state_machine_arn], "status": [status]},
            ),
            targets=[targets.SfnStateMachine(removal, input=events.RuleTargetInput.from_object(said), role=role)],
        )
