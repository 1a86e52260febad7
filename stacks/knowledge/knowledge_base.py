"""The knowledge base and its data source: how documents are read, cut, turned into vectors and found again."""

from typing import cast

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from configuration.knowledge.plan import KnowledgePlan
from configuration.knowledge.section import Chunking, FixedChunks, HierarchicalChunks, SemanticChunks, WholeDocuments
from lambdas.knowledge.data_bucket import DOCUMENTS_PREFIX
from stacks.components.checks import acknowledge, acknowledge_wildcards
from stacks.components.lifecycle import Lifecycle
from stacks.components.model_arns import foundation_model_arn, source_arn
from stacks.knowledge import permissions
from stacks.knowledge.data_bucket import DataBucket
from stacks.knowledge.vector_store import VectorStore

Base = bedrock.CfnKnowledgeBase
Source = bedrock.CfnDataSource


class KnowledgeBase(Construct):
    """A knowledge base over ``store`` that reads ``data`` with ``role``.

    Attributes:
        base: the knowledge base.
        source: its data source.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        plan: KnowledgePlan,
        store: VectorStore,
        role: iam.Role,
        data: DataBucket,
        lifecycle: Lifecycle,
    ) -> None:
        super().__init__(scope, id_)
        self._plan = plan
        self._stack = Stack.of(self)
        rights = self._rights(store, role, data)
        seen = lifecycle.wait(
            self, f"IndexWait{plan.names.index}", seconds=store.settle_seconds, after=(*store.built, rights)
        )
        self.base = self._base(store, role)
        self.base.add_resource_dependency(seen)
        self.source = self._source(data.bucket)
        more_rights = self._more_rights(role)
        if more_rights:
            self.source.add_resource_dependency(more_rights)

    def _rights(self, store: VectorStore, role: iam.Role, data: DataBucket) -> CfnResource:
        """What the role needs as long as the knowledge base lives. Nothing that can change is in it."""
        reading = permissions.reading_documents(stack=self._stack, bucket=data.bucket, prefix=DOCUMENTS_PREFIX)
        policy = iam.Policy(
            self,
            f"Rights{self._plan.names.index}",
            roles=[role],
            statements=[
                permissions.embedding(stack=self._stack, model=self._plan.models.embedding),
                store.access,
                *reading,
            ],
        )
        acknowledge_wildcards(
            policy,
            reading,
            because="The documents are not known before they are uploaded; all of them lie under this prefix.",
        )
        return cast(CfnResource, policy.node.default_child)

    def _more_rights(self, role: iam.Role) -> CfnResource | None:
        """What parsing and reranking need: apart, so that a change of them leaves alone what deletion needs."""
        parser, reranker = self._plan.models.parser, self._plan.models.reranker
        if parser is None and reranker is None:
            return None
        policy = iam.Policy(self, f"MoreRights{self._plan.names.index}", roles=[role])
        if parser:
            policy.add_statements(*permissions.parsing(stack=self._stack, parser=parser))
        if reranker:
            policy.add_statements(*permissions.reranking(stack=self._stack, model=reranker))
            acknowledge(policy, "AwsSolutions-IAM5[Resource::*]", because="bedrock:Rerank knows no resources.")
        return cast(CfnResource, policy.node.default_child)

    def _base(self, store: VectorStore, role: iam.Role) -> Base:
        embedding = Base.EmbeddingModelConfigurationProperty(
            bedrock_embedding_model_configuration=Base.BedrockEmbeddingModelConfigurationProperty(
                dimensions=self._plan.models.dimensions, embedding_data_type=self._plan.section.vector_type.upper()
            )
        )
        model_arn = foundation_model_arn(
            self._plan.models.embedding.model_id, region=self._stack.region, stack=self._stack
        )
        return Base(
            self,
            f"Base{self._plan.names.index}",
            name=self._plan.names.knowledge_base,
            description="Documents that questions are answered from",
            role_arn=role.role_arn,
            knowledge_base_configuration=Base.KnowledgeBaseConfigurationProperty(
                type="VECTOR",
                vector_knowledge_base_configuration=Base.VectorKnowledgeBaseConfigurationProperty(
                    embedding_model_arn=model_arn, embedding_model_configuration=embedding
                ),
            ),
            storage_configuration=store.storage,
        )

    def _source(self, bucket: s3.Bucket) -> Source:
        return Source(
            self,
            f"Source{self._plan.names.source}",
            name=self._plan.names.data_source,
            knowledge_base_id=self.base.attr_knowledge_base_id,
            data_source_configuration=Source.DataSourceConfigurationProperty(
                type="S3",
                s3_configuration=Source.S3DataSourceConfigurationProperty(
                    bucket_arn=bucket.bucket_arn, inclusion_prefixes=[DOCUMENTS_PREFIX]
                ),
            ),
            # RETAIN would leave the chunks of the old source beside those of the new one in the same index.
            data_deletion_policy="DELETE",
            vector_ingestion_configuration=Source.VectorIngestionConfigurationProperty(
                chunking_configuration=_chunking(self._plan.section.chunking), parsing_configuration=self._parsing()
            ),
        )

    def _parsing(self) -> Source.ParsingConfigurationProperty | None:
        parser, prompt = self._plan.models.parser, self._plan.section.parsing.prompt
        if parser is None:
            return None
        model = Source.BedrockFoundationModelConfigurationProperty(
            model_arn=source_arn(parser, stack=self._stack),
            parsing_prompt=Source.ParsingPromptProperty(parsing_prompt_text=prompt) if prompt else None,
        )
        return Source.ParsingConfigurationProperty(
            parsing_strategy="BEDROCK_FOUNDATION_MODEL", bedrock_foundation_model_configuration=model
        )


def _chunking(chunking: Chunking) -> Source.ChunkingConfigurationProperty:
    match chunking:
        case FixedChunks():
            fixed = Source.FixedSizeChunkingConfigurationProperty(
                max_tokens=chunking.max_tokens, overlap_percentage=chunking.overlap_percent
            )
            return Source.ChunkingConfigurationProperty(
                chunking_strategy="FIXED_SIZE", fixed_size_chunking_configuration=fixed
            )
        case HierarchicalChunks():
            # The order says which is which: the parent first.
            levels = [
                Source.HierarchicalChunkingLevelConfigurationProperty(max_tokens=tokens)
                for tokens in (chunking.parent_tokens, chunking.child_tokens)
            ]
            hierarchical = Source.HierarchicalChunkingConfigurationProperty(
                level_configurations=levels, overlap_tokens=chunking.overlap_tokens
            )
            return Source.ChunkingConfigurationProperty(
                chunking_strategy="HIERARCHICAL", hierarchical_chunking_configuration=hierarchical
            )
        case SemanticChunks():
            semantic = Source.SemanticChunkingConfigurationProperty(
                max_tokens=chunking.max_tokens,
                buffer_size=chunking.buffer_size,
                breakpoint_percentile_threshold=chunking.breakpoint_percentile,
            )
            return Source.ChunkingConfigurationProperty(
                chunking_strategy="SEMANTIC", semantic_chunking_configuration=semantic
            )
        case WholeDocuments():
            return Source.ChunkingConfigurationProperty(chunking_strategy="NONE")
