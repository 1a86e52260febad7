"""Where failures of ingestion are told: a topic that people subscribe to, its key, and the alarms that write to it."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as alarm_actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.components.confused_deputy import only_for
from stacks.components.python_function import METRICS_NAMESPACE
from stacks.knowledge import permissions

PERIOD: Final = Duration.minutes(5)


class IngestionTopic(Construct):
    """A topic that takes messages over TLS only, and keeps them under a key of its own: they name documents.

    It is a key of ours, 1 USD a month, because CloudWatch's alarms cannot write to a topic behind AWS's. When the stack
    is deleted KMS keeps it seven more days, the least that it accepts, in which it is not billed.

    Attributes:
        key: the key; whoever publishes has to be allowed to use it too.
        topic: the topic.
    """

    def __init__(self, scope: Construct, id_: str, *, email: str | None) -> None:
        super().__init__(scope, id_)
        self.key = kms.Key(
            self,
            "Key",
            description="Encrypts messages about documents that failed",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
            pending_window=Duration.days(7),
        )
        # "*" in a key's policy is the key.
        self.key.add_to_resource_policy(self._for_alarms(permissions.USING_TOPIC_KEY, "*"))
        self.topic = sns.Topic(
            self, "Topic", display_name="Quarry: documents that failed", enforce_ssl=True, master_key=self.key
        )
        # A policy of our own takes the place of the default one, by which the account's alarms might publish.
        self.topic.add_to_resource_policy(self._for_alarms(["sns:Publish"], self.topic.topic_arn))
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _for_alarms(self, actions: list[str], resource: str) -> iam.PolicyStatement:
        """Allow the account's alarms, and no others."""
        return iam.PolicyStatement(
            sid="AllowAlarmsOfTheAccount",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=actions,
            resources=[resource],
            conditions=only_for(Stack.of(self), service="cloudwatch", source="alarm:*"),
        )

    def alarm_on_documents(self, *, service: str, environment: str) -> None:
        """Tell of documents and jobs that failed, as the recorder counts them."""
        for name, what in (
            ("DocumentsFailed", "Documents could not be ingested"),
            ("IngestionJobsFailed", "An ingestion job failed"),
        ):
            metric = cloudwatch.Metric(
                namespace=METRICS_NAMESPACE,
                metric_name=name,
                dimensions_map={"service": service, "environment": environment},
                statistic="Sum",
                period=PERIOD,
            )
            self._alarm(name, metric, what)

    def alarm_on_watcher(self, state_machine: sfn.StateMachine) -> None:
        """Tell of jobs that failed or were never seen to end."""
        self._alarm("WatchFailed", state_machine.metric_failed(period=PERIOD), "Documents or their watcher failed")
        self._alarm("WatchTimedOut", state_machine.metric_timed_out(period=PERIOD), "A job's watcher took too long")

    def alarm_on_dead_letters(self, queue: sqs.Queue) -> None:
        """Tell of changes to documents for which no job could be started."""
        metric = queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=PERIOD)
        self._alarm("DeadLetters", metric, "Changes to documents for which no ingestion could be started")

    def _alarm(self, id_: str, metric: cloudwatch.Metric, description: str) -> None:
        alarm = cloudwatch.Alarm(
            self,
            id_,
            metric=metric,
            alarm_description=description,
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(alarm_actions.SnsAction(self.topic))
