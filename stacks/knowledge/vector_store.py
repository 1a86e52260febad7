"""Where a knowledge base keeps its vectors: OpenSearch Serverless or S3 Vectors, behind one protocol.

Each knowledge base has its own index, its own role and its own policies, named after their fingerprint: a switch builds
a second chain beside the first, and nothing that the first one's data source needs to be deleted goes or changes before
that has happened.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from aws_cdk import CfnResource
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3vectors as s3vectors
from constructs import Construct

from configuration.knowledge.plan import KnowledgePlan
from stacks.knowledge import permissions

# How long IAM takes to know a new policy everywhere; the store itself is there at once.
IAM_SECONDS: Final = 30


class VectorStore(Protocol):
    """What a knowledge base has to know of its store.

    Attributes:
        storage: how the knowledge base names it.
        access: what the knowledge base's role may do with it.
        built: what must be there before the knowledge base, and what it does not refer to.
        settle_seconds: how long after that Bedrock sees it.
    """

    storage: bedrock.CfnKnowledgeBase.StorageConfigurationProperty
    access: iam.PolicyStatement
    built: Sequence[CfnResource]
    settle_seconds: int


class S3VectorsStore(Construct):
    """An index in a vector bucket. It costs next to nothing idle, and there is nothing to wait for but IAM."""

    def __init__(self, scope: Construct, id_: str, *, plan: KnowledgePlan) -> None:
        super().__init__(scope, id_)
        names = plan.names
        bucket = s3vectors.CfnVectorBucket(self, "Bucket", vector_bucket_name=names.vector_bucket)
        index = s3vectors.CfnIndex(
            self,
            f"Index{names.index}",
            vector_bucket_arn=bucket.attr_vector_bucket_arn,
            index_name=names.index_name,
            data_type="float32",
            dimension=plan.models.dimensions,
            distance_metric="euclidean",
            # What can be filtered by has 2 KB in all, which a chunk's text alone would fill: ingestion would fail.
            metadata_configuration=s3vectors.CfnIndex.MetadataConfigurationProperty(
                non_filterable_metadata_keys=["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"]
            ),
        )
        self.storage = bedrock.CfnKnowledgeBase.StorageConfigurationProperty(
            type="S3_VECTORS",
            s3_vectors_configuration=bedrock.CfnKnowledgeBase.S3VectorsConfigurationProperty(
                index_arn=index.attr_index_arn
            ),
        )
        self.access = permissions.searching_vectors(index)
        self.built: Sequence[CfnResource] = ()
        self.settle_seconds = min(IAM_SECONDS, plan.section.propagation_seconds)
