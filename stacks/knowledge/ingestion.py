"""From a changed document to an ingestion job: S3 -> EventBridge -> queue -> a function that starts one job for many.

The queue holds changes back for a while, so that they come in one batch, and gives them back while a job is running.
"""

from typing import Final, cast

from aws_cdk import CfnResource, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from configuration.knowledge.plan import KnowledgePlan
from configuration.knowledge.section import IngestionOptions
from lambdas.ingestion.settings import StarterSettings
from lambdas.knowledge.data_bucket import DOCUMENTS_PREFIX
from stacks.components.lifecycle import Lifecycle
from stacks.components.python_function import PythonFunction
from stacks.knowledge import permissions
from stacks.knowledge.data_bucket import DataBucket
from stacks.knowledge.ingestion_watch import IngestionWatch
from stacks.knowledge.knowledge_base import KnowledgeBase

STARTER_SECONDS: Final = 20
# Deliveries that a change may need besides those during the longest job.
SPARE_DELIVERIES: Final = 10
# The most that Lambda takes of a queue at once, and the longest it gathers.
BATCH: Final = 10_000
MAX_WINDOW_SECONDS: Final = 300


def window_seconds(options: IngestionOptions) -> int:
    """Return how long Lambda gathers messages for a batch; batches of more than ten want a second at least."""
    return max(1, min(options.quiet_seconds, MAX_WINDOW_SECONDS))


def visibility_seconds(options: IngestionOptions) -> int:
    """Return how long a message that was taken stays with who took it: Lambda's advice.

    It is also how soon a change is looked at again that came while a job was running.
    """
    return 6 * STARTER_SECONDS + window_seconds(options)


def deliveries(options: IngestionOptions) -> int:
    """Return how often a message may be delivered, so that the longest job does not make a dead letter of it."""
    return -(-options.max_minutes * 60 // visibility_seconds(options)) + SPARE_DELIVERIES


class Ingestion(Construct):
    """Starts an ingestion job when documents have changed, and when the data source is new.

    Attributes:
        queue: changes that wait for a job.
        dead_letters: changes that no job could be started for.
        filled: is there when the documents are in a data source that took another's place.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        plan: KnowledgePlan,
        data: DataBucket,
        knowledge_base: KnowledgeBase,
        watch: IngestionWatch,
        lifecycle: Lifecycle,
    ) -> None:
        super().__init__(scope, id_)
        options = plan.section.ingestion
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Changes",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            delivery_delay=Duration.seconds(options.quiet_seconds),
            visibility_timeout=Duration.seconds(visibility_seconds(options)),
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=deliveries(options)),
        )
        self._rule(data)
        starter = self._starter(knowledge_base, watch)
        first = self._first(plan, knowledge_base, lifecycle, starter)
        self._mapping(starter, options, after=first)
        self.filled = lifecycle.resource(
            self,
            "Filled",
            kind="Filling",
            action="fill",
            properties={
                "KnowledgeBaseId": knowledge_base.base.attr_knowledge_base_id,
                "DataSourceId": knowledge_base.source.attr_data_source_id,
            },
            after=(first,),
        )

    def _rule(self, data: DataBucket) -> None:
        events.Rule(
            self,
            "DocumentsChanged",
            description="Documents were uploaded, changed or deleted",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created", "Object Deleted"],
                detail={
                    "bucket": {"name": [data.bucket.bucket_name]},
                    "object": {"key": [{"prefix": DOCUMENTS_PREFIX}]},
                },
            ),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters)],
        )

    def _starter(self, knowledge_base: KnowledgeBase, watch: IngestionWatch) -> PythonFunction:
        base, watcher = knowledge_base.base, watch.state_machine
        starter = PythonFunction(
            self,
            "Starter",
            description="Starts one ingestion job for many changed documents",
            handler="lambdas.ingestion.starter.lambda_handler",
            service="ingestion-starter",
            settings=StarterSettings(
                knowledge_base_id=base.attr_knowledge_base_id,
                data_source_id=knowledge_base.source.attr_data_source_id,
                watcher_arn=watcher.state_machine_arn,
            ),
            memory_megabytes=256,
            timeout_seconds=STARTER_SECONDS,
        )
        permissions.grant_take_messages(starter.role, queue=self.queue)
        permissions.grant_start_ingestion(starter.role, base=base, watcher=watcher)
        return starter

    def _first(
        self, plan: KnowledgePlan, knowledge_base: KnowledgeBase, lifecycle: Lifecycle, starter: PythonFunction
    ) -> CfnResource:
        """Fill a new data source without an upload; stop its job before it goes, or Bedrock would not delete it."""
        permissions.grant_ask_for_ingestion(lifecycle.function.role, queue=self.queue)
        # Goes with the knowledge base, and after this resource: the old one's job is stopped with it.
        stopping = iam.Policy(
            self,
            f"MayStop{plan.names.index}",
            roles=[lifecycle.function.role],
            statements=[permissions.stopping_ingestion(knowledge_base.base)],
        )
        return lifecycle.resource(
            self,
            f"First{plan.names.source}",
            kind="FirstIngestion",
            action="ingest",
            properties={
                "QueueUrl": self.queue.queue_url,
                "KnowledgeBaseId": knowledge_base.base.attr_knowledge_base_id,
                "DataSourceId": knowledge_base.source.attr_data_source_id,
            },
            # The starter has to know the new data source before it reads the message.
            after=(starter.function, cast(CfnResource, stopping.node.default_child)),
        )

    def _mapping(self, starter: PythonFunction, options: IngestionOptions, *, after: CfnResource) -> None:
        mapping = lambda_.EventSourceMapping(
            self,
            "Batches",
            target=starter.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=BATCH,
            max_batching_window=Duration.seconds(window_seconds(options)),
            report_batch_item_failures=True,
        )
        # Deleted first: nothing may start a job any more when the running one is stopped.
        mapping.node.add_dependency(after)
