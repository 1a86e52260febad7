"""Templates of a knowledge base on either kind of store, with its bucket, its role and its data source."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.resources.examples import TITAN, Properties, Template, get, search_storage, vectors_storage

BUCKET = "library"
PREFIX = "documents/"
ROLE = "arn:aws:iam::000000000000:role/librarian"

TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "bedrock.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "000000000000"},
                "ArnLike": {"aws:SourceArn": "arn:aws:bedrock:us-east-1:000000000000:knowledge-base/*"},
            },
        }
    ]
}
RIGHTS: dict[str, Any] = {
    "bedrock:InvokeModel": "arn:aws:bedrock:us-east-1::foundation-model/*",
    "bedrock:Rerank": "*",
    "s3:ListBucket": f"arn:aws:s3:::{BUCKET}",
    "s3:GetObject": f"arn:aws:s3:::{BUCKET}/*",
    "s3vectors:GetIndex": "arn:aws:s3vectors:us-east-1:000000000000:bucket/*",
    "s3vectors:PutVectors": "arn:aws:s3vectors:us-east-1:000000000000:bucket/*",
    "s3vectors:DeleteVectors": "arn:aws:s3vectors:us-east-1:000000000000:bucket/*",
    "s3vectors:QueryVectors": "arn:aws:s3vectors:us-east-1:000000000000:bucket/*",
    "s3vectors:GetVectors": "arn:aws:s3vectors:us-east-1:000000000000:bucket/*",
    "aoss:APIAccessAll": "arn:aws:aoss:us-east-1:000000000000:collection/*",
}
"""What a service role needs, each action with its resource."""


def policy(*without: str) -> Properties:
    """The role's policy document, without some actions."""
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resource}
        for action, resource in RIGHTS.items()
        if action not in without
    ]
    # The account of the bucket, as the guide asks for it: a condition that must be understood.
    for statement in statements:
        if statement["Action"].startswith("s3:"):
            statement["Condition"] = {"StringEquals": {"aws:ResourceAccount": "000000000000"}}
    return {"Version": "2012-10-17", "Statement": statements}


def on_vectors(**ingestion: Any) -> Template:
    """A knowledge base on an S3 vector index; ``ingestion`` is the data source's VectorIngestionConfiguration."""
    hidden = ["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"]
    store = {
        "VectorBucket": _resource("S3Vectors::VectorBucket", {"VectorBucketName": "vectors"}),
        "VectorIndex": _resource(
            "S3Vectors::Index",
            {
                "VectorBucketArn": get("VectorBucket", "VectorBucketArn"),
                "IndexName": "documents",
                "DataType": "float32",
                "Dimension": 1024,
                "DistanceMetric": "cosine",
                "MetadataConfiguration": {"NonFilterableMetadataKeys": hidden},
            },
        ),
    }
    return {**store, **_base(vectors_storage(get("VectorIndex", "IndexArn")), "VectorIndex", ingestion)}


def on_search(
    *, mapped: dict[str, str] | None = None, network: Properties | None = None, space: str = "l2", **ingestion: Any
) -> Template:
    """The same on an OpenSearch Serverless index that maps some metadata fields explicitly: name -> type."""
    covered = [{"ResourceType": "collection", "Resource": ["collection/docs"]}]
    index = {"ResourceType": "index", "Resource": ["index/docs/*"], "Permission": ["aoss:*"]}
    method = {"Name": "hnsw", "Engine": "faiss", "SpaceType": space}
    fields: Properties = {
        "vector": {"Type": "knn_vector", "Dimension": 1024, "Method": method},
        "text": {"Type": "text", "Index": True},
        "metadata": {"Type": "text", "Index": False},
        **{name: {"Type": kind} for name, kind in (mapped or {}).items()},
    }
    access = network or {"AllowFromPublic": True}
    store = {
        "Encryption": _policy("encryption", {"Rules": covered, "AWSOwnedKey": True}),
        "Network": _policy("network", [{"Rules": covered, **access}]),
        "Access": _policy("data", [{"Rules": [index], "Principal": [ROLE]}]),
        "Collection": _resource(
            "OpenSearchServerless::Collection", {"Name": "docs", "Type": "VECTORSEARCH"}, "Encryption", "Network"
        ),
        "SearchIndex": _resource(
            "OpenSearchServerless::Index",
            {
                "CollectionEndpoint": get("Collection", "CollectionEndpoint"),
                "IndexName": "documents",
                "Mappings": {"Properties": fields},
                "Settings": {"Index": {"Knn": True}},
            },
            "Access",
        ),
    }
    return {**store, **_base(search_storage(get("Collection", "Arn")), "SearchIndex", ingestion)}


def _policy(kind: str, document: Any) -> Properties:
    name = "AccessPolicy" if kind == "data" else "SecurityPolicy"
    return _resource(
        f"OpenSearchServerless::{name}", {"Name": f"docs-{kind}", "Type": kind, "Policy": json.dumps(document)}
    )


def _base(storage: Properties, index: str, ingestion: dict[str, Any]) -> Template:
    source: Properties = {
        "KnowledgeBaseId": get("Base", "KnowledgeBaseId"),
        "Name": "files",
        "DataSourceConfiguration": {
            "Type": "S3",
            "S3Configuration": {"BucketArn": f"arn:aws:s3:::{BUCKET}", "InclusionPrefixes": [PREFIX]},
        },
    }
    if ingestion:
        source["VectorIngestionConfiguration"] = ingestion
    vectors = {"Type": "VECTOR", "VectorKnowledgeBaseConfiguration": {"EmbeddingModelArn": TITAN}}
    return {
        "Bucket": _resource("S3::Bucket", {"BucketName": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}}),
        "Role": _resource(
            "IAM::Role",
            {
                "RoleName": "librarian",
                "AssumeRolePolicyDocument": TRUST,
                "Policies": [{"PolicyName": "reading", "PolicyDocument": policy()}],
            },
        ),
        "Base": _resource(
            "Bedrock::KnowledgeBase",
            {
                "Name": "base",
                "RoleArn": ROLE,
                "KnowledgeBaseConfiguration": vectors,
                "StorageConfiguration": storage,
            },
            index,
            "Role",
        ),
        "Source": _resource("Bedrock::DataSource", source),
    }


def _resource(type_name: str, properties: Properties, *after: str) -> Properties:
    return {"Type": f"AWS::{type_name}", "Properties": properties, **({"DependsOn": list(after)} if after else {})}
