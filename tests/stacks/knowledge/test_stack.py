"""The knowledge base and its store: what they are told, and who may do what with them."""

import json
from typing import Any

import pytest

from tests.policy import rules
from tests.stacks.knowledge import variants
from tests.stacks.knowledge.variants import VARIANTS, allowed, flat, properties, the, variant

BASE = "AWS::Bedrock::KnowledgeBase"
SOURCE = "AWS::Bedrock::DataSource"
AOSS = "AWS::OpenSearchServerless"


@pytest.mark.parametrize("name", VARIANTS)
def test_the_policies_hold_for_every_variant(name: str) -> None:
    found = {rule.__name__: rule(variant(name)) for rule in rules.ALL}

    assert {rule: offences for rule, offences in found.items() if offences} == {}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_index_has_the_length_of_the_vectors(name: str) -> None:
    template = variant(name)
    vectors = properties(template, BASE)["KnowledgeBaseConfiguration"]["VectorKnowledgeBaseConfiguration"]
    embedding = vectors["EmbeddingModelConfiguration"]["BedrockEmbeddingModelConfiguration"]
    if "binary" in name:
        schema = json.loads(properties(template, f"{AOSS}::CollectionIndex")["IndexSchema"])
        field = schema["mappings"]["properties"]["bedrock-knowledge-base-default-vector"]
        length, kind = field["dimension"], (field["data_type"], field["method"]["space_type"])
        assert kind == ("binary", "hamming")
        assert schema["settings"]["index"]["knn"] is True
    elif name.startswith("OpenSearch"):
        index = properties(template, f"{AOSS}::Index")
        field = index["Mappings"]["Properties"]["bedrock-knowledge-base-default-vector"]
        length = field["Dimension"]
        assert (field["Method"]["Engine"], field["Method"]["SpaceType"]) == ("faiss", "l2")
        assert index["Settings"]["Index"]["Knn"] is True
    else:
        length = properties(template, "AWS::S3Vectors::Index")["Dimension"]

    assert length == embedding["Dimensions"]
    assert embedding["EmbeddingDataType"] == ("BINARY" if "binary" in name else "FLOAT32")
    assert length == {"OpenSearch-binary": 512, "S3-extras": 256}.get(name, 1024)


def test_the_knowledge_base_names_the_fields_that_the_index_has() -> None:
    template = variant("OpenSearch")
    storage = properties(template, BASE)["StorageConfiguration"]["OpensearchServerlessConfiguration"]
    fields = properties(template, f"{AOSS}::Index")["Mappings"]["Properties"]

    # Fields of the sidecars are not set up: Bedrock filters by a keyword subfield, which OpenSearch adds by itself.
    assert set(storage["FieldMapping"].values()) == set(fields)
    assert storage["VectorIndexName"] == properties(template, f"{AOSS}::Index")["IndexName"]


def test_in_s3_vectors_text_does_not_count_as_something_to_filter_by() -> None:
    index = properties(variant("S3"), "AWS::S3Vectors::Index")

    assert index["MetadataConfiguration"]["NonFilterableMetadataKeys"] == [
        "AMAZON_BEDROCK_TEXT",
        "AMAZON_BEDROCK_METADATA",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "OpenSearch",
            {
                "ChunkingStrategy": "FIXED_SIZE",
                "FixedSizeChunkingConfiguration": {"MaxTokens": 300, "OverlapPercentage": 20},
            },
        ),
        ("S3-none", {"ChunkingStrategy": "NONE"}),
        (
            "S3-hierarchical",
            {
                "ChunkingStrategy": "HIERARCHICAL",
                "HierarchicalChunkingConfiguration": {
                    "LevelConfigurations": [{"MaxTokens": 1200}, {"MaxTokens": 250}],
                    "OverlapTokens": 50,
                },
            },
        ),
        (
            "S3-extras",
            {
                "ChunkingStrategy": "SEMANTIC",
                "SemanticChunkingConfiguration": {
                    "MaxTokens": 250,
                    "BufferSize": 1,
                    "BreakpointPercentileThreshold": 90,
                },
            },
        ),
    ],
)
def test_documents_are_cut_as_the_environment_says(name: str, expected: dict[str, Any]) -> None:
    assert properties(variant(name), SOURCE)["VectorIngestionConfiguration"]["ChunkingConfiguration"] == expected


def test_a_model_looks_at_documents_where_the_environment_says_so() -> None:
    parsing = properties(variant("S3-extras"), SOURCE)["VectorIngestionConfiguration"]["ParsingConfiguration"]
    model = parsing["BedrockFoundationModelConfiguration"]

    assert parsing["ParsingStrategy"] == "BEDROCK_FOUNDATION_MODEL"
    assert flat(model["ModelArn"]).endswith(":inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0")
    assert model["ParsingPrompt"] == {"ParsingPromptText": "Read tables row by row."}
    assert "ParsingConfiguration" not in properties(variant("S3"), SOURCE)["VectorIngestionConfiguration"]


@pytest.mark.parametrize("name", VARIANTS)
def test_deleted_documents_and_sources_leave_no_vectors_and_only_documents_are_read(name: str) -> None:
    source = properties(variant(name), SOURCE)

    assert source["DataDeletionPolicy"] == "DELETE"
    assert source["DataSourceConfiguration"]["S3Configuration"]["InclusionPrefixes"] == ["documents/"]


def test_only_knowledge_bases_of_this_account_and_region_may_take_the_role() -> None:
    (statement,) = properties(variant("OpenSearch"), "AWS::IAM::Role", "Role")["AssumeRolePolicyDocument"]["Statement"]

    assert statement["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert flat(statement["Condition"]["ArnLike"]["aws:SourceArn"]).endswith(":<AWS::AccountId>:knowledge-base/*")


def test_the_knowledge_bases_role_may_do_exactly_this() -> None:
    template = variant("OpenSearch")
    bucket, collection = the(template, "AWS::S3::Bucket"), the(template, f"{AOSS}::Collection")

    assert allowed(template, "Knowledge") == {
        "bedrock:InvokeModel": "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0",
        "aoss:APIAccessAll": f"<{collection}>",
        "s3:ListBucket": f"<{bucket}>",
        "s3:GetObject": f"<{bucket}>/documents/*",
    }
    assert set(allowed(variant("S3"), "Knowledge")) == {
        "bedrock:InvokeModel",
        "s3:GetObject",
        "s3:ListBucket",
        "s3vectors:DeleteVectors",
        "s3vectors:GetIndex",
        "s3vectors:GetVectors",
        "s3vectors:PutVectors",
        "s3vectors:QueryVectors",
    }


def test_reading_is_for_buckets_of_this_account_only() -> None:
    (policy,) = (
        policy
        for id_, policy in rules.of_type(variant("OpenSearch"), "AWS::IAM::Policy")
        if id_.startswith("KnowledgeRights")
    )

    for statement in policy["PolicyDocument"]["Statement"]:
        if "s3:" in statement["Action"]:
            assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}


def test_parsing_and_reranking_have_rights_of_their_own() -> None:
    more = allowed(variant("S3-extras"), "KnowledgeMoreRights")

    assert set(more) == {"bedrock:GetInferenceProfile", "bedrock:InvokeModel", "bedrock:Rerank"}
    assert more["bedrock:Rerank"] == "*"


def test_only_the_knowledge_base_and_cloudformation_are_let_into_the_index_with_exact_verbs() -> None:
    template = variant("OpenSearch")

    bedrock, cloudformation = json.loads(flat(properties(template, f"{AOSS}::AccessPolicy")["Policy"]))

    assert bedrock["Principal"] == [f"<{the(template, 'AWS::IAM::Role', 'Role')}>"]
    assert bedrock["Rules"][1]["Permission"] == [
        "aoss:DescribeIndex",
        "aoss:ReadDocument",
        "aoss:UpdateIndex",
        "aoss:WriteDocument",
    ]
    (role,) = cloudformation["Principal"]
    assert role.endswith("role/cdk-hnb659fds-cfn-exec-role-${AWS::AccountId}-us-east-1")
    assert "aoss:ReadDocument" not in str(cloudformation)
    for statement in (bedrock, cloudformation):
        for rule in statement["Rules"]:
            assert "*" not in str(rule)


def test_a_private_collection_is_reached_from_its_endpoints_and_by_bedrock_and_opened_for_the_index_only() -> None:
    template = variant("OpenSearch-private")
    network = properties(template, f"{AOSS}::SecurityPolicy", "OpenSearchNetwork")
    gates = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "Custom::QuarryPublicAccess"]

    (policy,) = json.loads(network["Policy"])

    assert policy["AllowFromPublic"] is False
    assert policy["SourceVPCEs"] == [variants.ENDPOINT]
    assert policy["SourceServices"] == ["bedrock.amazonaws.com"]
    assert {gate["Action"] for gate in gates} == {"open_network", "close_network"}
    assert len({(gate["Policy"], gate["Collection"]) for gate in gates}) == 1
    assert gates[0]["Policy"] != network["Name"]
    assert set(allowed(template, "OpenSearchMayOpen")) == {"aoss:CreateSecurityPolicy", "aoss:DeleteSecurityPolicy"}
    (right,) = properties(template, "AWS::IAM::Policy", "OpenSearchMayOpen")["PolicyDocument"]["Statement"]
    assert right["Condition"] == {"StringEquals": {"aoss:collection": gates[0]["Collection"]}}
    assert not allowed(variant("OpenSearch"), "OpenSearchMayOpen")


@pytest.mark.parametrize(("name", "standby"), [("OpenSearch", "DISABLED"), ("OpenSearch-private", "ENABLED")])
def test_replicas_are_there_only_where_they_are_paid_for(name: str, standby: str) -> None:
    collection = properties(variant(name), f"{AOSS}::Collection")

    assert collection["StandbyReplicas"] == standby
    # A collection cannot change its tags, so what may change is not among them.
    assert collection["Tags"] == [{"Key": "quarry:environment", "Value": "dev"}]
