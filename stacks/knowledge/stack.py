"""Documents that questions are answered from: bucket, vector store, knowledge base, and ingestion that is watched."""

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from configuration.config import Config
from configuration.knowledge import models
from configuration.knowledge.names import names_of
from configuration.knowledge.section import Knowledge
from configuration.parameters import ParameterNames
from lambdas.knowledge.data_bucket import DOCUMENTS_PREFIX
from stacks.components.dependency_layer import DependencyLayer
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


class KnowledgeStack(EnvironmentStack):
    """Composes the knowledge base. Others read its id from an SSM parameter, since an export could not be replaced."""

    def __init__(
        self, scope: Construct, id_: str, *, config: Config, account: str | None, knowledge: Knowledge
    ) -> None:
        super().__init__(
            scope, id_, config=config, account=account, description="Quarry: documents that questions are answered from"
        )
        self._knowledge = knowledge
        self._models = models.resolve(knowledge, aliases=config.alias_targets)
        self._names = names_of(config.name, knowledge, self._models)
        self._dependencies = DependencyLayer(self, "Dependencies", target=config.functions.build_for)
        self._lifecycle = Lifecycle(self, "Lifecycle", dependencies=self._dependencies)
        data = DataBucket(self, "Data", lifecycle=self._lifecycle)
        role = permissions.knowledge_base_role(self, f"Role{self._names.index}")
        base = KnowledgeBase(
            self,
            "Knowledge",
            knowledge=knowledge,
            names=self._names,
            models=self._models,
            store=self._store(role),
            role=role,
            data=data,
            lifecycle=self._lifecycle,
        )
        ssm.StringParameter(
            self,
            "Id",
            parameter_name=ParameterNames(config).knowledge_id,
            string_value=base.base_id,
            description="Id of the knowledge base",
        )
        self._output("KnowledgeBaseId", base.base_id, "Id of the knowledge base")
        self._output("DataSourceId", base.source_id, "Id of its data source")
        self._output("DataBucket", data.bucket.bucket_name, "Bucket of the documents")
        self._output("DocumentsPrefix", DOCUMENTS_PREFIX, "What documents' keys begin with")
        self._ingest(base, data)

    def _store(self, role: iam.Role) -> VectorStore:
        if self._knowledge.vector_store == "s3_vectors":
            return S3VectorsStore(
                self,
                "Vectors",
                names=self._names,
                models=self._models,
                propagation_seconds=self._knowledge.propagation_seconds,
            )
        return OpenSearchStore(
            self,
            "OpenSearch",
            knowledge=self._knowledge,
            names=self._names,
            models=self._models,
            role=role,
            lifecycle=self._lifecycle,
        )

    def _ingest(self, base: KnowledgeBase, data: DataBucket) -> None:
        options = self._knowledge.ingestion
        topic = IngestionTopic(self, "Failures", email=options.alarm_email)
        watch = IngestionWatch(
            self,
            "Watch",
            knowledge_base=base,
            data=data,
            topic=topic,
            dependencies=self._dependencies,
            max_minutes=options.max_minutes,
        )
        ingestion = Ingestion(
            self,
            "Ingestion",
            options=options,
            names=self._names,
            bucket=data.bucket,
            knowledge_base=base,
            watch=watch,
            lifecycle=self._lifecycle,
            dependencies=self._dependencies,
        )
        topic.alarm_on_documents(service=RECORDER_SERVICE, environment=self.config.name)
        topic.alarm_on_watcher(watch.state_machine)
        topic.alarm_on_dead_letters(ingestion.dead_letters)
        self._output("IngestionQueueUrl", ingestion.queue.queue_url, "Queue of changes that wait for an ingestion job")
        self._output("IngestionStateMachineArn", watch.state_machine.state_machine_arn, "Watches ingestion jobs")
        self._output("IngestionTopicArn", topic.topic.topic_arn, "Where failures are told; subscribe to it")

    def _output(self, name: str, value: str, description: str) -> None:
        CfnOutput(self, name, value=value, description=description)
