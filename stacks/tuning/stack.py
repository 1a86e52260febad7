"""From a data set to a tuned model under an alias: bucket, pipeline, what ends hosting, and what takes it all away."""

from typing import Final

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from configuration.config import Config
from configuration.tuning.names import (
    BUCKET_OUTPUT,
    DRAIN_OUTPUT,
    PIPELINE_OUTPUT,
    REMOVAL_OUTPUT,
    TOPIC_OUTPUT,
)
from configuration.tuning.section import Tuning
from lambdas.chat.promoted_aliases import SECONDS
from lambdas.tuning import names
from stacks.components.confused_deputy import only_for
from stacks.components.environment_stack import EnvironmentStack
from stacks.tuning import permissions
from stacks.tuning.clean_up import CleanUp, tuning_lifecycle
from stacks.tuning.events import Events
from stacks.tuning.state_machines import Pipeline, Removal
from stacks.tuning.steps import Steps, starter, tuning_layer
from stacks.tuning.tuning_bucket import TuningBucket

# For what is neither a reader's memory nor a call: clocks that differ.
MARGIN_SECONDS: Final = 15


def drain_seconds(config: Config) -> int:
    """Return how long a model is kept that its alias fell back from: readers' memory, and the longest call."""
    return int(SECONDS) + config.inference.chat_timeout_seconds + MARGIN_SECONDS


class TuningStack(EnvironmentStack):
    """Composes tuning. It needs no other stack: what stands before an alias, the endpoint reads from SSM."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, account: str | None, tuning: Tuning) -> None:
        super().__init__(
            scope, id_, config=config, account=account, description="Quarry: tuned models, from a data set to an alias"
        )
        self._tuning = tuning
        lifecycle = tuning_lifecycle(self, "Lifecycle")
        data = TuningBucket(self, "Data", lifecycle=lifecycle)
        topic = self._topic()
        layer = tuning_layer(self, "Metrics")
        job_role = permissions.job_role(self, "JobRole", bucket=data.bucket)
        schedule_role = self._schedule_role()
        # What schedules take no tags for, their group does.
        group = scheduler.CfnScheduleGroup(self, "Ends", name=names.schedule_group(config.name))
        steps = Steps(
            self,
            "Steps",
            tuning=tuning,
            bucket=data.bucket,
            topic=topic,
            layer=layer,
            drain_seconds=drain_seconds(config),
            job_role=job_role,
            schedule_role=schedule_role,
        )
        removal = Removal(
            self,
            "Removal",
            conductor_arn=steps.arns.conductor,
            topic=topic,
            schedule_role=schedule_role,
            settle_seconds=tuning.bounds.settle_seconds,
            drain_seconds=drain_seconds(config),
        )
        pipeline = Pipeline(self, "Pipeline", steps=steps, tuning=tuning, bucket=data.bucket, removal=removal)
        start = starter(
            self, "Starter", bucket=data.bucket, pipeline_arn=pipeline.state_machine.state_machine_arn, layer=layer
        )
        clean_up = CleanUp(
            self,
            "CleanUp",
            tuning=tuning,
            machines=[pipeline.state_machine, removal.state_machine],
            after=[group, job_role, schedule_role],
            lifecycle=lifecycle,
        )
        events = Events(
            self,
            "Events",
            bucket=data.bucket,
            starter=start,
            pipeline=pipeline.state_machine,
            removal=removal.state_machine,
        )
        # Deleted before anything is taken away: nothing may start a run any more.
        for rule in events.rules:
            rule.node.add_dependency(clean_up.resource)
        if data.writers_go_first:
            for function in (*steps.functions, start):
                function.function.node.add_dependency(data.writers_go_first)
        self._outputs(data, topic, pipeline, removal)

    def _topic(self) -> sns.Topic:
        """Return where ends are told, behind AWS's own key, which costs nothing; only functions of ours publish."""
        topic = sns.Topic(
            self,
            "Topic",
            display_name="Quarry: tuning",
            enforce_ssl=True,
            master_key=kms.Alias.from_alias_name(self, "SnsKey", "alias/aws/sns"),
        )
        if self._tuning.email:
            topic.add_subscription(subscriptions.EmailSubscription(self._tuning.email))
        return topic

    def _schedule_role(self) -> iam.Role:
        group = names.schedule_group(self.config.name)
        ours = only_for(self, service="scheduler", source=f"schedule-group/{group}")
        return iam.Role(
            self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com", conditions=ours)
        )

    def _outputs(self, data: TuningBucket, topic: sns.Topic, pipeline: Pipeline, removal: Removal) -> None:
        """Tell what `quarry tune` and people need: it looks nowhere else."""
        self._output(BUCKET_OUTPUT, data.bucket.bucket_name, "Bucket of data sets, requests and reports")
        self._output(PIPELINE_OUTPUT, pipeline.state_machine.state_machine_arn, "Runs of tuning are its executions")
        self._output(REMOVAL_OUTPUT, removal.state_machine.state_machine_arn, "Ends hosting")
        self._output(TOPIC_OUTPUT, topic.topic_arn, "Where the ends of runs are told; subscribe to it")
        drain = str(drain_seconds(self.config))
        self._output(DRAIN_OUTPUT, drain, "How long a model is kept that its alias fell back from, seconds")

    def _output(self, name: str, value: str, description: str) -> None:
        CfnOutput(self, name, value=value, description=description)
