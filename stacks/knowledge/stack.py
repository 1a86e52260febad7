"""Documents that questions are answered from: bucket, vector store, knowledge base, and ingestion that is watched."""

from typing import Final

from aws_cdk import CfnOutput, CfnResource
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from configuration.config import Config
from configuration.knowledge.plan import plan_of
from configuration.knowledge.section import Knowledge
from configuration.parameters import ParameterNames
from lambdas.knowledge.current_id import CACHE_SECONDS
from lambdas.knowledge.data_bucket import DOCUMENTS_PREFIX
from lambdas.knowledge.retrieval import TIMEOUT_SECONDS
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import Lifecycle
from stacks.knowledge import permissions
from stacks.knowledge.data_bucket import DataBucket
from stacks.knowledge.ingestion import Ingestion
from stacks.knowledge.ingestion_topic import IngestionTopic
from stacks.knowledge.ingestion_watch import RECORDER_SERVICE, IngestionWatch
from stacks.knowledge.knowledge_base import KnowledgeBase
from stacks.knowledge.opensearch_store import OpenSearchStore
from stacks.knowledge.vector_store import S3VectorsStore, VectorStore

# As long as a function knows an id, and a search that was begun with it may take.
HAND_OVER_SECONDS: Final = int(CACHE_SECONDS + TIMEOUT_SECONDS)


class KnowledgeStack(EnvironmentStack):
    """Composes the knowledge base. Others read its id from an SSM parameter, since an export could not be replaced."""

    def __init__(
        self, scope: Construct, id_: str, *, config: Config, account: str | None, knowledge: Knowledge
    ) -> None:
        super().__init__(
            scope, id_, config=config, account=account, description="Quarry: documents that questions are answered from"
        )
        self._plan = plan_of(knowledge, environment=config.name, aliases=config.alias_targets)
        self._lifecycle = Lifecycle(
            self,
            "Lifecycle",
            handler="lambdas.ingestion.custom_resources.lambda_handler",
            description="Waits, empties the data bucket and asks for the first ingestion, for CloudFormation",
        )
        data = DataBucket(self, "Data", lifecycle=self._lifecycle)
        role = permissions.knowledge_base_role(self, f"Role{self._plan.names.index}")
        knowledge_base = KnowledgeBase(
            self,
            "Knowledge",
            plan=self._plan,
            store=self._store(role),
            role=role,
            data=data,
            lifecycle=self._lifecycle,
        )
        parameter = ssm.StringParameter(
            self,
            "Id",
            parameter_name=ParameterNames(config).knowledge_id,
            string_value=knowledge_base.base.attr_knowledge_base_id,
            description="Id of the knowledge base",
        )
        self._output("KnowledgeBaseId", knowledge_base.base.attr_knowledge_base_id, "Id of the knowledge base")
        self._output("DataSourceId", knowledge_base.source.attr_data_source_id, "Id of its data source")
        self._output("DataBucket", data.bucket.bucket_name, "Bucket of the documents")
        self._output("DocumentsPrefix", DOCUMENTS_PREFIX, "What documents' keys begin with")
        self._hand_over(parameter, knowledge_base, after=self._ingest(knowledge_base, data))

    def _store(self, role: iam.Role) -> VectorStore:
        if self._plan.section.vector_store == "s3_vectors":
            return S3VectorsStore(self, "Vectors", plan=self._plan)
        return OpenSearchStore(self, "OpenSearch", plan=self._plan, role=role, lifecycle=self._lifecycle)

    def _hand_over(self, parameter: ssm.StringParameter, knowledge_base: KnowledgeBase, *, after: CfnResource) -> None:
        """Tell of the knowledge base once it is filled, and keep the former one until everybody has heard of it."""
        parameter.node.add_dependency(after)
        self._lifecycle.resource(
            self,
            "HandedOver",
            kind="HandOver",
            action="hand_over",
            properties={
                "KnowledgeBaseId": knowledge_base.base.attr_knowledge_base_id,
                "Seconds": str(HAND_OVER_SECONDS),
            },
            after=(parameter,),
        )

    def _ingest(self, knowledge_base: KnowledgeBase, data: DataBucket) -> CfnResource:
        """Compose what fills it; return what is there when it is filled."""
        options = self._plan.section.ingestion
        topic = IngestionTopic(self, "Failures", email=options.alarm_email)
        watch = IngestionWatch(
            self, "Watch", knowledge_base=knowledge_base, data=data, topic=topic, max_minutes=options.max_minutes
        )
        ingestion = Ingestion(
            self,
            "Ingestion",
            plan=self._plan,
            data=data,
            knowledge_base=knowledge_base,
            watch=watch,
            lifecycle=self._lifecycle,
        )
        topic.alarm_on_documents(service=RECORDER_SERVICE, environment=self.config.name)
        topic.alarm_on_watcher(watch.state_machine)
        topic.alarm_on_dead_letters(ingestion.dead_letters)
        self._output("IngestionQueueUrl", ingestion.queue.queue_url, "Queue of changes that wait for an ingestion job")
        self._output("IngestionStateMachineArn", watch.state_machine.state_machine_arn, "Watches ingestion jobs")
        self._output("IngestionTopicArn", topic.topic.topic_arn, "Where failures are told; subscribe to it")
        return ingestion.filled

    def _output(self, name: str, value: str, description: str) -> None:
        CfnOutput(self, name, value=value, description=description)
