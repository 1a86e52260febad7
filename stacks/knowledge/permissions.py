"""What a knowledge base may do, and who may do what with it: its role, its store, its ingestion, and the asking.

Sources: Bedrock user guide, kb-permissions; Service Authorization Reference of bedrock, aoss and s3vectors.
"""

from typing import Any, Final

from aws_cdk import Fn, Stack
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_opensearchserverless as aoss
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3vectors as s3vectors
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from configuration.knowledge.names import KnowledgeNames
from configuration.targets import Target
from lambdas.catalogue.facts import FoundationModel
from stacks.components.checks import acknowledge_wildcards
from stacks.components.confused_deputy import only_for
from stacks.components.model_arns import destination_arns, foundation_model_arn, source_arn

# What Bedrock does with an index: adds what it has not been told of, writes, searches.
_BEDROCK_ON_INDEX: Final = ["aoss:DescribeIndex", "aoss:ReadDocument", "aoss:UpdateIndex", "aoss:WriteDocument"]
# What SNS does, in the name of whoever publishes, with the key of an encrypted topic. Source: SNS developer guide,
# "Managing Amazon SNS encryption keys and costs".
USING_TOPIC_KEY: Final = ["kms:Decrypt", "kms:GenerateDataKey"]
_CLOUDFORMATION_ON_INDEX: Final = ["aoss:CreateIndex", "aoss:DeleteIndex", "aoss:DescribeIndex", "aoss:UpdateIndex"]


def knowledge_base_role(scope: Construct, id_: str) -> iam.Role:
    """Return a role that Bedrock may take for knowledge bases of this account and region only."""
    ours = only_for(Stack.of(scope), service="bedrock", source="knowledge-base/*")
    return iam.Role(scope, id_, assumed_by=iam.ServicePrincipal("bedrock.amazonaws.com", conditions=ours))


def reading_documents(*, stack: Stack, bucket: s3.IBucket, prefix: str) -> list[iam.PolicyStatement]:
    """Listing the bucket, and reading what lies under the prefix, as long as the bucket is ours."""
    ours = {"StringEquals": {"aws:ResourceAccount": stack.account}}
    return [
        iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn], conditions=ours),
        iam.PolicyStatement(actions=["s3:GetObject"], resources=[f"{bucket.bucket_arn}/{prefix}*"], conditions=ours),
    ]


def embedding(*, stack: Stack, model: FoundationModel) -> iam.PolicyStatement:
    """Having one model make vectors."""
    arn = foundation_model_arn(model.model_id, region=stack.region, stack=stack)
    return iam.PolicyStatement(actions=["bedrock:InvokeModel"], resources=[arn])


def searching_collection(collection: aoss.CfnCollection) -> iam.PolicyStatement:
    """Reaching a collection at all; what may be done in it, its data access policy says."""
    return iam.PolicyStatement(actions=["aoss:APIAccessAll"], resources=[collection.attr_arn])


def searching_vectors(index: s3vectors.CfnIndex) -> iam.PolicyStatement:
    """Writing, reading, deleting and searching one index of S3 Vectors."""
    verbs = ["DeleteVectors", "GetIndex", "GetVectors", "PutVectors", "QueryVectors"]
    return iam.PolicyStatement(actions=[f"s3vectors:{verb}" for verb in verbs], resources=[index.attr_index_arn])


def parsing(*, stack: Stack, parser: Target) -> list[iam.PolicyStatement]:
    """Having a model look at documents; through a profile, in each region that it may route to."""
    called = source_arn(parser, stack=stack)
    statements = [iam.PolicyStatement(actions=["bedrock:InvokeModel"], resources=[called])]
    if parser.profile:
        looking_up = iam.PolicyStatement(actions=["bedrock:GetInferenceProfile"], resources=[called])
        routed = iam.PolicyStatement(
            actions=["bedrock:InvokeModel"],
            resources=sorted(destination_arns(parser, stack=stack)),
            conditions={"StringEquals": {"bedrock:InferenceProfileArn": called}},
        )
        statements += [looking_up, routed]
    return statements


def reranking(*, stack: Stack, model: FoundationModel) -> list[iam.PolicyStatement]:
    """Having one model put passages in order. bedrock:Rerank knows no resources."""
    arn = foundation_model_arn(model.model_id, region=stack.region, stack=stack)
    return [
        iam.PolicyStatement(actions=["bedrock:Rerank"], resources=["*"]),
        iam.PolicyStatement(actions=["bedrock:InvokeModel"], resources=[arn]),
    ]


def _cloudformation_role_arn(stack: Stack) -> str:
    """Return the role with which CloudFormation handles resources, and so an index: that of the CDK's bootstrap."""
    arn = stack.synthesizer.cloud_formation_execution_role_arn  # type: ignore[attr-defined]
    return Fn.sub(arn)


def index_access(*, stack: Stack, names: KnowledgeNames, role: iam.IRole) -> list[dict[str, Any]]:
    """Return a data access policy: what the knowledge base's role and CloudFormation's may do in its collection."""
    collection, index = names.collection_name, names.index_name

    def allowed(role_arn: str, on_index: list[str], description: str) -> dict[str, Any]:
        return {
            "Description": description,
            "Rules": [
                {
                    "ResourceType": "collection",
                    "Resource": [f"collection/{collection}"],
                    "Permission": ["aoss:DescribeCollectionItems"],
                },
                {"ResourceType": "index", "Resource": [f"index/{collection}/{index}"], "Permission": on_index},
            ],
            "Principal": [role_arn],
        }

    return [
        allowed(role.role_arn, _BEDROCK_ON_INDEX, "The knowledge base"),
        allowed(
            _cloudformation_role_arn(stack), _CLOUDFORMATION_ON_INDEX, "CloudFormation makes and deletes the index"
        ),
    ]


def opening_collection(*, collection: str) -> iam.PolicyStatement:
    """Making and deleting network policies of one collection. Policies have no ARNs."""
    return iam.PolicyStatement(
        actions=["aoss:CreateSecurityPolicy", "aoss:DeleteSecurityPolicy"],
        resources=["*"],
        conditions={"StringEquals": {"aoss:collection": collection}},
    )


def grant_ask_for_ingestion(grantee: iam.IGrantable, *, queue: sqs.IQueue) -> None:
    """Allow putting a message into the queue of changes."""
    iam.Grant.add_to_principal(grantee=grantee, actions=["sqs:SendMessage"], resource_arns=[queue.queue_arn])


def stopping_ingestion(base: bedrock.CfnKnowledgeBase) -> iam.PolicyStatement:
    """Stopping a running ingestion job before the data source goes."""
    jobs = ["bedrock:GetIngestionJob", "bedrock:ListIngestionJobs", "bedrock:StopIngestionJob"]
    return iam.PolicyStatement(actions=jobs, resources=[base.attr_knowledge_base_arn])


def grant_take_messages(grantee: iam.IGrantable, *, queue: sqs.IQueue) -> None:
    """Allow what Lambda does on a function's behalf to take messages off a queue."""
    verbs = ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"]
    iam.Grant.add_to_principal(
        grantee=grantee, actions=[f"sqs:{verb}" for verb in verbs], resource_arns=[queue.queue_arn]
    )


def grant_start_ingestion(
    grantee: iam.IGrantable, *, base: bedrock.CfnKnowledgeBase, watcher: sfn.IStateMachine
) -> None:
    """Allow starting an ingestion job, seeing what jobs there were, and having one watched."""
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=["bedrock:ListIngestionJobs", "bedrock:StartIngestionJob"],
        resource_arns=[base.attr_knowledge_base_arn],
    )
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["states:StartExecution"], resource_arns=[watcher.state_machine_arn]
    )


def grant_watch_ingestion(
    grantee: iam.IGrantable, *, base: bedrock.CfnKnowledgeBase, recorder: lambda_.IFunction
) -> None:
    """Allow looking at a job, stopping it, and having the outcome recorded."""
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=["bedrock:GetIngestionJob", "bedrock:StopIngestionJob"],
        resource_arns=[base.attr_knowledge_base_arn],
    )
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["lambda:InvokeFunction"], resource_arns=[recorder.function_arn]
    )


def grant_record_ingestion(
    grantee: iam.IGrantable,
    *,
    base: bedrock.CfnKnowledgeBase,
    bucket: s3.IBucket,
    prefix: str,
    topic: sns.ITopic,
    key: kms.IKey,
) -> None:
    """Allow reading a job and its documents, writing outcomes under the prefix, and telling of failures."""
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=["bedrock:GetIngestionJob", "bedrock:ListKnowledgeBaseDocuments"],
        resource_arns=[base.attr_knowledge_base_arn],
    )
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["s3:PutObject"], resource_arns=[f"{bucket.bucket_arn}/{prefix}*"]
    )
    iam.Grant.add_to_principal(grantee=grantee, actions=["sns:Publish"], resource_arns=[topic.topic_arn])
    iam.Grant.add_to_principal(grantee=grantee, actions=USING_TOPIC_KEY, resource_arns=[key.key_arn])


def grant_retrieve(grantee: iam.IRole, *, stack: Stack, knowledge_base_id: str, environment: str) -> None:
    """Allow finding passages in one knowledge base, and in those of the environment that may take its place.

    Those are known by their tag: their ids are drawn when they are made, by another stack's deployment. The one that is
    known is named besides, so that it may be asked whatever AWS makes of the tag.
    """
    scope = f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}:knowledge-base"
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["bedrock:Retrieve"], resource_arns=[f"{scope}/{knowledge_base_id}"]
    )
    later = iam.PolicyStatement(
        actions=["bedrock:Retrieve"],
        resources=[f"{scope}/*"],
        conditions={"StringEquals": {"aws:ResourceTag/quarry:environment": environment}},
    )
    grantee.add_to_principal_policy(later)
    acknowledge_wildcards(
        grantee, [later], because="What takes the knowledge base's place is made later; a condition demands its tag."
    )


def grant_read_id(grantee: iam.IGrantable, *, stack: Stack, parameter: str) -> None:
    """Allow reading which knowledge base there is."""
    arn = f"arn:{stack.partition}:ssm:{stack.region}:{stack.account}:parameter{parameter}"
    iam.Grant.add_to_principal(grantee=grantee, actions=["ssm:GetParameter"], resource_arns=[arn])


def reranker_arn(*, stack: Stack, model: FoundationModel) -> str:
    """Return what a retrieval names as its reranking model."""
    return foundation_model_arn(model.model_id, region=stack.region, stack=stack)
