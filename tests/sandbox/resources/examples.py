"""A minimal valid resource of every covered type, with what it stands on, and a change that updates it in place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service"
TITAN = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
NOVA = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0"

Properties = dict[str, Any]
Template = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Example:
    """A logical id of TEMPLATE, the properties to change, and what Fn::GetAtt must answer."""

    logical_id: str
    changes: Properties = field(default_factory=dict)
    attributes: tuple[str, ...] = ()


ENCRYPTION_POLICY = {"Rules": [{"ResourceType": "collection", "Resource": ["collection/docs"]}], "AWSOwnedKey": True}
NETWORK_POLICY = [{"Rules": [{"ResourceType": "collection", "Resource": ["collection/docs"]}], "AllowFromPublic": True}]


def data_policy(*principals: str, resource: str = "index/docs/*") -> str:
    """A data access policy on an index pattern for some principals."""
    rule = {"ResourceType": "index", "Resource": [resource], "Permission": ["aoss:*"]}
    return json.dumps([{"Rules": [rule], "Principal": list(principals)}])


def guardrail(**changes: Any) -> Properties:
    """The properties of a guardrail with one content filter."""
    strengths = {"Type": "HATE", "InputStrength": "LOW", "OutputStrength": "LOW"}
    return {
        "Name": "guard",
        "BlockedInputMessaging": "no",
        "BlockedOutputsMessaging": "no",
        "ContentPolicyConfig": {"FiltersConfig": [strengths]},
        **changes,
    }


def search_mappings(dimension: int = 1024, engine: str = "faiss") -> Properties:
    """The fields that a knowledge base needs in an OpenSearch index."""
    method = {"Name": "hnsw", "Engine": engine, "SpaceType": "l2"}
    return {
        "Properties": {
            "vector": {"Type": "knn_vector", "Dimension": dimension, "Method": method},
            "text": {"Type": "text", "Index": True},
            "metadata": {"Type": "text", "Index": False},
        }
    }


def knowledge_base(storage: Properties, **changes: Any) -> Properties:
    """The properties of a vector knowledge base on a store."""
    return {
        "Name": "base",
        "RoleArn": ROLE,
        "KnowledgeBaseConfiguration": {
            "Type": "VECTOR",
            "VectorKnowledgeBaseConfiguration": {"EmbeddingModelArn": TITAN},
        },
        "StorageConfiguration": storage,
        **changes,
    }


def search_storage(collection: Any) -> Properties:
    """A knowledge base's store in the index ``documents`` of a collection."""
    mapping = {"VectorField": "vector", "TextField": "text", "MetadataField": "metadata"}
    return {
        "Type": "OPENSEARCH_SERVERLESS",
        "OpensearchServerlessConfiguration": {
            "CollectionArn": collection,
            "VectorIndexName": "documents",
            "FieldMapping": mapping,
        },
    }


def vectors_storage(index: Any) -> Properties:
    """A knowledge base's store in an S3 vector index."""
    return {"Type": "S3_VECTORS", "S3VectorsConfiguration": {"IndexArn": index}}


def get(logical_id: str, attribute: str) -> Properties:
    """An ``Fn::GetAtt``."""
    return {"Fn::GetAtt": [logical_id, attribute]}


def _resource(type_name: str, properties: Properties, *after: str) -> dict[str, Any]:
    return {"Type": f"AWS::{type_name}", "Properties": properties, **({"DependsOn": list(after)} if after else {})}


_VARIANT = {
    "Name": "plain",
    "TemplateType": "TEXT",
    "TemplateConfiguration": {"Text": {"Text": "Say {{what}}", "InputVariables": [{"Name": "what"}]}},
    "ModelId": "amazon.nova-micro-v1:0",
}
_FLOW = {
    "Nodes": [
        {"Name": "In", "Type": "Input", "Outputs": [{"Name": "document", "Type": "String"}]},
        {
            "Name": "Out",
            "Type": "Output",
            "Inputs": [{"Name": "document", "Type": "${type}", "Expression": "$.data"}],
        },
    ],
    "Connections": [],
}
_IN_DOMAIN = {"DomainId": get("Domain", "DomainId")}

TEMPLATE: Template = {
    "Guardrail": _resource("Bedrock::Guardrail", guardrail()),
    "GuardrailVersion": _resource(
        "Bedrock::GuardrailVersion", {"GuardrailIdentifier": get("Guardrail", "GuardrailId"), "Description": "one"}
    ),
    "Profile": _resource(
        "Bedrock::ApplicationInferenceProfile",
        {"InferenceProfileName": "team", "ModelSource": {"CopyFrom": NOVA}, "Tags": [{"Key": "a", "Value": "1"}]},
    ),
    "Prompt": _resource("Bedrock::Prompt", {"Name": "greet", "Variants": [_VARIANT], "DefaultVariant": "plain"}),
    "PromptVersion": _resource("Bedrock::PromptVersion", {"PromptArn": get("Prompt", "Arn")}),
    "Flow": _resource(
        "Bedrock::Flow",
        {
            "Name": "chain",
            "ExecutionRoleArn": ROLE,
            "DefinitionString": json.dumps(_FLOW),
            "DefinitionSubstitutions": {"type": "String"},
        },
    ),
    "FlowVersion": _resource("Bedrock::FlowVersion", {"FlowArn": get("Flow", "Arn")}),
    "FlowAlias": _resource(
        "Bedrock::FlowAlias",
        {
            "Name": "live",
            "FlowArn": get("Flow", "Arn"),
            "RoutingConfiguration": [{"FlowVersion": get("FlowVersion", "Version")}],
        },
    ),
    "Encryption": _resource(
        "OpenSearchServerless::SecurityPolicy",
        {"Name": "kb-encryption", "Type": "encryption", "Policy": json.dumps(ENCRYPTION_POLICY)},
    ),
    "Network": _resource(
        "OpenSearchServerless::SecurityPolicy",
        {"Name": "kb-network", "Type": "network", "Policy": json.dumps(NETWORK_POLICY)},
    ),
    "Access": _resource(
        "OpenSearchServerless::AccessPolicy", {"Name": "kb-data", "Type": "data", "Policy": data_policy(ROLE)}
    ),
    "Collection": _resource(
        "OpenSearchServerless::Collection", {"Name": "docs", "Type": "VECTORSEARCH"}, "Encryption", "Network"
    ),
    "SearchIndex": _resource(
        "OpenSearchServerless::Index",
        {
            "CollectionEndpoint": get("Collection", "CollectionEndpoint"),
            "IndexName": "documents",
            "Mappings": search_mappings(),
            "Settings": {"Index": {"Knn": "true"}},
        },
        "Access",
    ),
    "KnowledgeBase": _resource(
        "Bedrock::KnowledgeBase", knowledge_base(search_storage(get("Collection", "Arn"))), "SearchIndex"
    ),
    "DataSource": _resource(
        "Bedrock::DataSource",
        {
            "KnowledgeBaseId": get("KnowledgeBase", "KnowledgeBaseId"),
            "Name": "files",
            "DataSourceConfiguration": {"Type": "S3", "S3Configuration": {"BucketArn": "arn:aws:s3:::files"}},
        },
    ),
    "VectorBucket": _resource("S3Vectors::VectorBucket", {}),
    "VectorIndex": _resource(
        "S3Vectors::Index",
        {
            "VectorBucketArn": get("VectorBucket", "VectorBucketArn"),
            "IndexName": "documents",
            "DataType": "float32",
            "Dimension": "1024",
            "DistanceMetric": "cosine",
        },
    ),
    "CheapKnowledgeBase": _resource(
        "Bedrock::KnowledgeBase", knowledge_base(vectors_storage(get("VectorIndex", "IndexArn")), Name="cheap")
    ),
    "Domain": _resource(
        "SageMaker::Domain",
        {
            "AuthMode": "IAM",
            "DomainName": "studio",
            "DefaultUserSettings": {"ExecutionRole": ROLE},
            # Of the VPC that every account has.
            "VpcId": "vpc-00000001",
            "SubnetIds": ["subnet-00000001"],
        },
    ),
    "UserProfile": _resource("SageMaker::UserProfile", {**_IN_DOMAIN, "UserProfileName": "ann"}),
    "Space": _resource(
        "SageMaker::Space",
        {
            **_IN_DOMAIN,
            "SpaceName": "lab",
            "OwnershipSettings": {"OwnerUserProfileName": "ann"},
            "SpaceSharingSettings": {"SharingType": "Private"},
        },
        "UserProfile",
    ),
    "LifecycleConfig": _resource(
        "SageMaker::StudioLifecycleConfig",
        {
            "StudioLifecycleConfigName": "clone",
            "StudioLifecycleConfigAppType": "JupyterLab",
            "StudioLifecycleConfigContent": "ZWNobw==",
        },
    ),
    "ModelPackageGroup": _resource("SageMaker::ModelPackageGroup", {"ModelPackageGroupName": "models"}),
    "Pipeline": _resource(
        "SageMaker::Pipeline",
        {"PipelineName": "train", "RoleArn": ROLE, "PipelineDefinition": {"PipelineDefinitionBody": "{}"}},
    ),
    "Budget": _resource(
        "Budgets::Budget",
        {"Budget": {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 100, "Unit": "USD"}}},
    ),
}

_TAGS = {"Tags": [{"Key": "team", "Value": "a"}]}
_TAG_MAP = {"Tags": {"team": "a"}}

EXAMPLES = (
    Example("Guardrail", {"Description": "new"}, ("GuardrailArn", "GuardrailId", "Version", "Status", "CreatedAt")),
    Example("GuardrailVersion", {}, ("GuardrailId", "GuardrailArn", "Version")),
    Example("Profile", _TAGS, ("InferenceProfileArn", "InferenceProfileId", "Status", "Type")),
    Example("Prompt", {"Description": "new", **_TAG_MAP}, ("Arn", "Id", "Version", "CreatedAt", "UpdatedAt")),
    Example("PromptVersion", {}, ("Arn", "PromptId", "Version", "Name", "DefaultVariant")),
    Example("Flow", {"Description": "new", **_TAG_MAP}, ("Arn", "Id", "Status", "Version")),
    Example("FlowVersion", {}, ("FlowId", "Version", "Status", "Name")),
    Example("FlowAlias", {"Description": "new", **_TAG_MAP}, ("Arn", "Id", "FlowId")),
    Example("Encryption", {"Description": "new"}),
    Example("Access", {"Policy": data_policy(ROLE, f"{ROLE}2")}),
    Example("Collection", {"Description": "new"}, ("Id", "Arn", "CollectionEndpoint", "DashboardEndpoint")),
    Example("SearchIndex", {"Settings": {"Index": {"Knn": True, "RefreshInterval": "5s"}}}, ("Uuid",)),
    Example(
        "KnowledgeBase",
        {"Description": "new", **_TAG_MAP},
        ("KnowledgeBaseId", "KnowledgeBaseArn", "Status", "FailureReasons"),
    ),
    Example("DataSource", {"Description": "new"}, ("DataSourceId", "DataSourceStatus")),
    Example("VectorBucket", _TAGS, ("VectorBucketArn", "CreationTime")),
    Example("VectorIndex", _TAGS, ("IndexArn", "CreationTime")),
    Example("Domain", {"TagPropagation": "ENABLED"}, ("DomainId", "DomainArn", "Url", "HomeEfsFileSystemId")),
    Example("UserProfile", {"UserSettings": {"ExecutionRole": ROLE}}, ("UserProfileArn",)),
    Example("Space", {"SpaceDisplayName": "Lab"}, ("SpaceArn", "Url")),
    Example("LifecycleConfig", {}, ("StudioLifecycleConfigArn",)),
    Example("ModelPackageGroup", _TAGS, ("ModelPackageGroupArn", "ModelPackageGroupStatus")),
    Example("Pipeline", {"PipelineDescription": "new"}),
    Example("Budget", {"Budget": {"BudgetType": "COST", "TimeUnit": "ANNUALLY"}}, ("Id",)),
)
